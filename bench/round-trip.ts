import { execFileSync, fork } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { MSG_TYPE } from "../src/sn/msg-type.ts";
import { BrokerPeer } from "./broker-peer.ts";
import type { Figures } from "./figures.ts";
import type { Job } from "./job.ts";
import { Nodes, topicOf } from "./nodes.ts";
import { DATA_OFFSET, newPublish } from "./publish-datagram.ts";

const ECHO = fileURLToPath(new URL("echo.js", import.meta.url));

/** Round trips of one sort before it is the next one's turn, so that all three see the same machine. */
const BLOCK = 20;

const BLOCKS = 100;

/** Blocks that are not counted: code is compiled in them. */
const WARM_UP_BLOCKS = 1000;

const MSG_ID_MAX = 65_535;

/** One request at a time: `send` makes it, and whoever gets the answer calls `answered`. */
class RoundTrips {
  readonly #send: () => void;
  readonly #samplesUs: number[] = [];
  #left = 0;
  #sentAt = 0;
  #done: (() => void) | undefined;

  constructor(send: () => void) {
    this.#send = send;
  }

  async block(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      this.#left = BLOCK;
      this.#next();
    });
  }

  readonly answered = (): void => {
    this.#samplesUs.push((performance.now() - this.#sentAt) * 1000);
    this.#left -= 1;
    if (this.#left > 0) this.#next();
    else this.#done?.();
  };

  clear(): void {
    this.#samplesUs.length = 0;
  }

  quantileUs(share: number): number {
    const sorted = this.#samplesUs.toSorted((a, b) => a - b);
    return sorted[Math.ceil(share * sorted.length) - 1]!;
  }

  #next(): void {
    this.#sentAt = performance.now();
    this.#send();
  }
}

/** From now on all threads of this process run on one core, and what it starts. */
function holdOnOneCore(pid: number): void {
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", "0", String(pid)], { stdio: "ignore" });
}

/**
 * PUBLISH with QoS 1 by one node until PUBACK, with nothing else to do; and beside it the two ways that it is made of. On one core: to wake up
 * another one takes the system longer than all the work, now and then, as it distributes the processes.
 */
export async function measureRoundTrip(job: Job): Promise<Figures> {
  for (const pid of [...job.brokerPids, ...job.gatewayPids, process.pid]) holdOnOneCore(pid);
  const datagram = newPublish(1);
  const topic = Buffer.from(topicOf(0));

  const nodes = await Nodes.open(1, job.gatewayPort, (_node, answer) => {
    if (answer[1] !== MSG_TYPE.PUBACK || answer[6] !== 0) throw new Error("PUBLISH was not accepted");
    throughGateway.answered();
  });
  await nodes.connect(1);
  const [topicId] = await nodes.register(1);
  datagram.writeUInt16BE(topicId!, 3);
  let msgId = 0;
  const throughGateway = new RoundTrips(() => {
    msgId = (msgId % MSG_ID_MAX) + 1;
    datagram.writeUInt16BE(msgId, 5);
    nodes.send(0, datagram);
  });

  const peer = await BrokerPeer.connect(job.brokerPort, () => undefined);
  const hop = new RoundTrips(() => peer.publish(topic, datagram.subarray(DATA_OFFSET), 1, true));
  peer.onAcknowledged = hop.answered;

  const echoProcess = fork(ECHO);
  try {
    const [echoPort] = (await once(echoProcess, "message")) as [number];
    const socket = createSocket("udp4");
    socket.connect(echoPort, "127.0.0.1");
    await once(socket, "connect");
    const echo = new RoundTrips(() => socket.send(datagram));
    socket.on("message", echo.answered);

    const kinds = [throughGateway, echo, hop];
    for (let block = 0; block < WARM_UP_BLOCKS + BLOCKS; block += 1) {
      if (block === WARM_UP_BLOCKS) for (const kind of kinds) kind.clear();
      for (const kind of kinds) await kind.block();
    }
    socket.close();
    const roundTripP50Us = throughGateway.quantileUs(0.5);
    const echoP50Us = echo.quantileUs(0.5);
    const hopP50Us = hop.quantileUs(0.5);
    const timesBare = roundTripP50Us / (echoP50Us + hopP50Us);
    return { roundTripP50Us, roundTripP99Us: throughGateway.quantileUs(0.99), echoP50Us, hopP50Us, timesBare };
  } finally {
    echoProcess.kill();
  }
}
