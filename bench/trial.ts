import { fork } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { encode } from "../src/sn/encode.ts";
import { Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import type { Job, Mode, Outcome, Result } from "./job.ts";
import { startMosquitto } from "./start-mosquitto.ts";

const GATEWAY = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const GENERATOR = fileURLToPath(new URL("generator.js", import.meta.url));

const START_MS_MAX = 10_000;

/** On top of warm-up and measured time: connecting 10,000 nodes, with retries. */
const SET_UP_MS_MAX = 120_000;

/** The gateway has to have its port before the nodes take theirs, of which one could be the same. */
async function startGateway(port: number, brokerPort: number, clientsMax: number): Promise<Child> {
  const broker = ["-b", `mqtt://127.0.0.1:${brokerPort}`];
  const listen = ["-l", `udp://127.0.0.1:${port}`, "--clients-max", String(clientsMax)];
  const log = ["--log-level", "warn", "--log-format", "json", "--http-listen", ""];
  const state = ["--state-path", "memory:"];
  const gateway = await Child.start(process.execPath, [GATEWAY, "run", ...broker, ...listen, ...log, ...state]);
  const socket = createSocket("udp4");
  // Nobody is there yet.
  socket.on("error", () => undefined);
  socket.connect(port, "127.0.0.1");
  let listens = false;
  socket.once("message", () => {
    listens = true;
  });
  await once(socket, "connect");
  try {
    const giveUpAt = Date.now() + START_MS_MAX;
    for (;;) {
      // A stranger's ping is answered with DISCONNECT.
      socket.send(encode({ type: "PINGREQ", clientId: "" }));
      await delay(50);
      if (listens) return gateway;
      gateway.assertRunning("the gateway");
      if (Date.now() > giveUpAt) throw new Error(`the gateway does not answer on port ${port}`);
    }
  } finally {
    socket.close();
  }
}

async function generate(job: Job): Promise<Result> {
  const timeoutMs = SET_UP_MS_MAX + job.warmUpMs + job.measureMs;
  const generator = fork(GENERATOR, { timeout: timeoutMs, killSignal: "SIGKILL" });
  const ended = once(generator, "exit");
  const answered = once(generator, "message") as Promise<[Outcome]>;
  generator.send(job);
  const [first] = await Promise.race([answered, ended]);
  await ended;
  if (first === null || typeof first !== "object") throw new Error(`the load generator ended: ${first ?? "too slow"}`);
  const outcome = first as Outcome;
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.result;
}

/** One measurement, with a broker, a gateway and a load generator of its own. */
export async function runTrial(mode: Mode, nodes: number, warmUpMs: number, measureMs: number): Promise<Result> {
  let broker: Child | undefined;
  let gateway: Child | undefined;
  try {
    const brokerPort = await freePort("tcp");
    const gatewayPort = await freePort("udp");
    broker = await startMosquitto(brokerPort);
    gateway = await startGateway(gatewayPort, brokerPort, Math.max(10_000, 2 * nodes));
    return await generate({
      mode,
      nodes,
      warmUpMs,
      measureMs,
      gatewayPort,
      gatewayPid: gateway.pid,
      brokerPort,
      brokerPid: broker.pid,
    });
  } catch (error) {
    // The cause, where the load failed because of it.
    broker?.assertRunning("mosquitto");
    gateway?.assertRunning("the gateway");
    throw error;
  } finally {
    await gateway?.stop();
    await broker?.stop();
  }
}
