import { Random } from "../../device/random.ts";
import { DEFAULT_DEVICE_SETTINGS, type DeviceSettings } from "../../device/settings.ts";
import { sleepDurationFor } from "../../device/sleep-duration.ts";
import type { MqttQoS } from "../../gateway/packet.ts";
import type { QoS } from "../../sn/message.ts";
import { decodeShortName } from "../../sn/short-name.ts";
import { type HostPort, hostPortText } from "../configuration/host-port.ts";
import { forgetSessions } from "../forget-sessions.ts";
import { DeliveryLedger, type DeliveryTotals } from "./delivery-ledger.ts";
import { DeviceHost, type HostedDevice } from "./device-host.ts";
import { FarEnd } from "./far-end.ts";
import { type NodeCounts, type NodePlan, SimulatedNode } from "./simulated-node.ts";
import { simulatedPayload } from "./simulated-payload.ts";

/**
 * CONNECTs that wait for their answer at once: as fast as the gateway can, and no more than a broker takes in, whose queue of new connections
 * is often 100 long.
 */
const CONNECTING_MAX = 100;
/** Sockets that are opened at once. */
const OPENING_MAX = 500;
/** How often what is due is sent. */
const TICK_MS = 5;
/** Messages of the far end that wait for the broker's acknowledgement. */
const UNACKNOWLEDGED_MAX = 10_000;
/** How long the last acknowledgements, and the last messages, may take. */
const SETTLE_MS_MAX = 30_000;
/** The same after the last one that came: then nothing more is expected. */
const SILENCE_MS_MAX = 10_000;
/** What the gateway may take to repeat a message that was lost on its way to a node, with its own Tretry, 10 s as a rule. */
const REPETITION_MS_MAX = 45_000;
const LEAVE_MS_MAX = 5000;
/** A receiver that has been given up, and did not hear so, notices while its messages are still waited for. */
const RECEIVER_KEEP_ALIVE_S = SILENCE_MS_MAX / 1000;

export interface SimulationOptions {
  gateway: HostPort;
  /** URL of the broker, for the far end; undefined: only acknowledgements are looked at. */
  broker: string | undefined;
  /** The messages go from the far end to the nodes. */
  deliver: boolean;
  nodes: number;
  /** −1: without a connection. */
  qos: QoS;
  /** The short topic name of messages of QoS −1, as its two octets. */
  shortTopicId: number;
  /** The nodes are spread behind that many forwarders; 0: each has an address of its own. */
  forwarders: number;
  /** Messages per second, of all nodes together. */
  rate: number;
  durationMs: number;
  /** undefined: the nodes stay active. */
  sleepMs: number | undefined;
  payloadOctets: number;
  loss: number;
  seed: number;
  tRetryMs: number;
  nRetry: number;
}

export interface SimulationProgress {
  phase: "connecting" | "sending" | "settling" | "disconnecting";
  done: number;
  total: number;
}

export interface SimulationReport extends NodeCounts {
  connected: number;
  /** Why the first node that could not connect did not. */
  connectFailure: string | undefined;
  /** From the first CONNECT until every node that could had its topic. */
  connectMs: number;
  sendingMs: number;
  sent: number;
  accepted: number;
  failed: number;
  unanswered: number;
  answerLatencyMs: Percentiles;
  /** undefined without a broker: nobody looked at what arrived. */
  delivery: DeliveryReport | undefined;
  /** Why the far end saw only a part. */
  farEndFailure: string | undefined;
  /** Which sessions the gateway and the broker may still keep. */
  leftBehind: string | undefined;
}

interface DeliveryReport
  extends Pick<DeliveryTotals, "delivered" | "lostAccepted" | "lostUnaccepted" | "duplicated" | "foreign"> {
  /** From the first time that a message was sent. */
  arrivalLatencyMs: Percentiles;
}

interface Percentiles {
  p50: number | undefined;
  p99: number | undefined;
}

/** Many nodes at one gateway: they connect, send or receive for a while, wait for what is still under way, and leave. */
export class Simulation {
  readonly #options: SimulationOptions;
  readonly #onProgress: (progress: SimulationProgress) => void;
  readonly #run: number;
  readonly #runId: string;
  readonly #ledger: DeliveryLedger;
  readonly #counts: NodeCounts = { retransmissions: 0, gaveUp: 0, connectionsLost: 0 };
  /** Nodes that are ready and have no message under way, the one that waits longest first. */
  readonly #free: SimulatedNode[] = [];
  readonly #ready: SimulatedNode[] = [];
  readonly #started: SimulatedNode[] = [];
  #failed = 0;
  #connectFailure: string | undefined;
  #left = 0;
  #unacknowledged = 0;
  #isStopped = false;

  constructor(options: SimulationOptions, onProgress: (progress: SimulationProgress) => void) {
    this.#options = options;
    this.#onProgress = onProgress;
    this.#ledger = new DeliveryLedger(options.nodes);
    // Not from the seed: two runs at one broker must not see each other's messages.
    this.#run = Math.floor(Math.random() * 2 ** 16);
    this.#runId = Math.floor(Math.random() * 2 ** 32).toString(36);
  }

  /** Ends the sending early; what was sent is still waited for. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Rejects with a sentence for people where gateway's host or broker cannot be found. */
  async run(): Promise<SimulationReport> {
    const { gateway, loss, seed } = this.#options;
    const farEnd = await this.#openFarEnd();
    const host = await DeviceHost.open({ gateway, loss, seed });
    try {
      const connectMs = await this.#connect(host);
      const sendingMs = await this.#send(farEnd);
      await this.#settle(farEnd);
      const farEndFailure = farEnd?.failure;
      await this.#leave();
      const leftBehind = await this.#forget();
      const report = this.#report(connectMs, sendingMs, farEnd !== undefined);
      return { ...report, farEndFailure, leftBehind };
    } finally {
      host.close();
      await farEnd?.close();
    }
  }

  async #openFarEnd(): Promise<FarEnd | undefined> {
    const { broker, deliver, qos, shortTopicId } = this.#options;
    if (broker === undefined) return undefined;
    const farEnd = await FarEnd.open(broker, `simulate-${this.#runId}`, (data) => {
      const said = simulatedPayload.decode(data);
      if (said?.run === this.#run) this.#ledger.arrive(said.node, said.sequence, performance.now() - said.sentAt);
    });
    if (qos === -1) await farEnd.subscribe(decodeShortName(shortTopicId) ?? "", 0);
    else if (!deliver) await farEnd.subscribe(`simulate/${this.#runId}/+`, qos);
    return farEnd;
  }

  /** Gives every node its radio: nothing is sent yet. */
  async #prepare(host: DeviceHost): Promise<[SimulatedNode, HostedDevice][]> {
    const { nodes, seed, forwarders: forwarderCount } = this.#options;
    const forwarders = await Promise.all(Array.from({ length: forwarderCount }, () => host.addForwarder()));
    const random = new Random(seed + 1);
    const plan = this.#plan();
    const prepared: [SimulatedNode, HostedDevice][] = [];
    while (prepared.length < nodes && !this.#isStopped) {
      const batch = Array.from({ length: Math.min(OPENING_MAX, nodes - prepared.length) }, async (_, offset) => {
        const index = prepared.length + offset;
        const node = new SimulatedNode(index, `simulate/${this.#runId}/${index}`, plan);
        const deviceSeed = random.integer(0, 0xffff_ffff);
        const forwarder = forwarders[index % forwarderCount];
        const hosted = await host.add(
          this.#settings(index),
          deviceSeed,
          (outcome, now) => node.onOutcome(outcome, now),
          forwarder?.node(wirelessNodeIdOf(index)),
        );
        return [node, hosted] satisfies [SimulatedNode, HostedDevice];
      });
      prepared.push(...(await Promise.all(batch)));
    }
    return prepared;
  }

  /** Connects the nodes, some at a time. Returns when each is ready or has failed once, with the time until then. */
  async #connect(host: DeviceHost): Promise<number> {
    const prepared = await this.#prepare(host);
    const start = performance.now();
    for (;;) {
      const settled = this.#ready.length + this.#failed;
      while (this.#started.length < prepared.length && this.#started.length - settled < CONNECTING_MAX) {
        const [node, hosted] = prepared[this.#started.length]!;
        this.#started.push(node);
        node.start(hosted);
      }
      this.#onProgress({ phase: "connecting", done: this.#ready.length, total: prepared.length });
      if (settled >= prepared.length || this.#isStopped) break;
      await sleepMs(1);
    }
    if (this.#connectFailure !== undefined && host.unreachable !== undefined) {
      this.#connectFailure = `${this.#connectFailure}: nothing listens there (${host.unreachable.message})`;
    }
    return performance.now() - start;
  }

  #plan(): NodePlan {
    const { qos, shortTopicId, payloadOctets, deliver, sleepMs: wakeEveryMs } = this.#options;
    return {
      qos,
      unconnectedTopic: { topicIdType: "short", topicId: shortTopicId },
      run: this.#run,
      payloadOctets,
      sleep:
        wakeEveryMs === undefined
          ? undefined
          : { duration: sleepDurationFor(wakeEveryMs, this.#settings(0)), wakeEveryMs },
      isReceiver: deliver,
      ledger: this.#ledger,
      counts: this.#counts,
      onReady: (node) => {
        this.#ready.push(node);
        this.#free.push(node);
      },
      onFailed: (_node, why) => {
        this.#failed += 1;
        this.#connectFailure ??= `${why} from udp://${hostPortText(this.#options.gateway)}`;
      },
      onFree: (node) => this.#free.push(node),
      onLeft: () => {
        this.#left += 1;
      },
    };
  }

  /** A receiver that the gateway has given up, as datagrams were lost, gets what it missed when it is back. */
  get #isDurable(): boolean {
    return this.#options.deliver && this.#options.qos > 0;
  }

  #settings(index: number): DeviceSettings {
    const { tRetryMs, nRetry } = this.#options;
    return {
      ...DEFAULT_DEVICE_SETTINGS,
      clientId: `sim-${this.#runId}-${index}`,
      cleanSession: !this.#isDurable,
      duration: this.#isDurable ? RECEIVER_KEEP_ALIVE_S : DEFAULT_DEVICE_SETTINGS.duration,
      reconnect: true,
      reconnectMinMs: Math.min(tRetryMs, DEFAULT_DEVICE_SETTINGS.reconnectMinMs),
      reconnectMaxMs: tRetryMs * 10,
      tRetryMs,
      nRetry,
      // The standard's five minutes would outlast most simulations.
      tWaitMs: tRetryMs * 10,
    };
  }

  /** Sends at the rate, as long as a node is free, until the time is over. */
  async #send(farEnd: FarEnd | undefined): Promise<number> {
    const { rate, durationMs, deliver } = this.#options;
    const start = performance.now();
    for (;;) {
      const passedMs = performance.now() - start;
      this.#onProgress({ phase: "sending", done: Math.min(passedMs, durationMs) / 1000, total: durationMs / 1000 });
      if (this.#isStopped || this.#ready.length === 0) return passedMs;
      let due = Math.floor((Math.min(passedMs, durationMs) * rate) / 1000) - this.#ledger.totals.sent;
      for (; due > 0; due -= 1) {
        if (deliver && this.#unacknowledged >= UNACKNOWLEDGED_MAX) break;
        const node = this.#free.shift();
        if (node === undefined) break;
        if (farEnd !== undefined && deliver && this.#options.qos !== -1) this.#sendTo(node, farEnd, this.#options.qos);
        else node.publish();
      }
      if (passedMs >= durationMs) return passedMs;
      await sleepMs(TICK_MS);
    }
  }

  #sendTo(node: SimulatedNode, farEnd: FarEnd, qos: MqttQoS): void {
    const { payloadOctets } = this.#options;
    const sequence = this.#ledger.send(node.index);
    const sentAt = performance.now();
    this.#unacknowledged += 1;
    farEnd.publish(
      node.topicName,
      simulatedPayload.encode(payloadOctets, { run: this.#run, node: node.index, sequence, sentAt }),
      qos,
      (isAccepted) => {
        this.#unacknowledged -= 1;
        this.#ledger.answer(node.index, sequence, isAccepted, performance.now() - sentAt);
      },
    );
    this.#free.push(node);
  }

  /** Waits until every message has its answer and, with a far end, has arrived; bounded in all, and after the last sign of life. */
  async #settle(farEnd: FarEnd | undefined): Promise<void> {
    const { sleepMs: wakeEveryMs = 0, tRetryMs, nRetry, deliver, loss } = this.#options;
    const start = performance.now();
    const repetitionMs = deliver && loss > 0 ? REPETITION_MS_MAX : 0;
    const patienceMs = SILENCE_MS_MAX + wakeEveryMs + tRetryMs * (nRetry + 1) + repetitionMs;
    let changedAt = start;
    let before = this.#ledger.totals;
    for (;;) {
      const now = performance.now();
      const totals = this.#ledger.totals;
      const missing = totals.pending + (farEnd === undefined ? 0 : totals.sent - totals.failed - totals.delivered);
      this.#onProgress({ phase: "settling", done: totals.sent - missing, total: totals.sent });
      if (missing <= 0 || now - start > SETTLE_MS_MAX + patienceMs + repetitionMs || now - changedAt > patienceMs)
        return;
      if (totals.pending !== before.pending || totals.delivered !== before.delivered) changedAt = now;
      // At QoS 0 nobody repeats: what has not come after a moment does not come.
      if (this.#options.qos <= 0 && now - changedAt > 1000 + wakeEveryMs * 2) return;
      before = totals;
      await sleepMs(20);
    }
  }

  async #leave(): Promise<void> {
    const start = performance.now();
    let asked = 0;
    for (;;) {
      this.#onProgress({ phase: "disconnecting", done: this.#left, total: this.#started.length });
      if (this.#left >= this.#started.length || performance.now() - start > LEAVE_MS_MAX) return;
      while (asked < this.#started.length && asked - this.#left < CONNECTING_MAX) {
        this.#started[asked]!.leave();
        asked += 1;
      }
      await sleepMs(2);
    }
  }

  /** Durable sessions would stay at the broker, with what is sent to them. Returns a sentence where some do. */
  async #forget(): Promise<string | undefined> {
    const { gateway, tRetryMs, nRetry } = this.#options;
    if (!this.#isDurable) return undefined;
    const clients = this.#started.map(({ index }) => this.#settings(index));
    const isDone = await forgetSessions(gateway, clients, LEAVE_MS_MAX + tRetryMs * (nRetry + 1));
    return isDone
      ? undefined
      : `the gateway's broker may keep sessions of client ids that begin with sim-${this.#runId}-`;
  }

  #report(
    connectMs: number,
    sendingMs: number,
    wasWatched: boolean,
  ): Omit<SimulationReport, "farEndFailure" | "leftBehind"> {
    const { answerLatency, arrivalLatency, totals } = this.#ledger;
    const percentiles = (of: typeof answerLatency) => ({ p50: of.percentileMs(0.5), p99: of.percentileMs(0.99) });
    const { sent, accepted, failed, pending, ...arrived } = totals;
    const delivery: DeliveryReport = { ...arrived, arrivalLatencyMs: percentiles(arrivalLatency) };
    return {
      // At QoS −1 nobody connects.
      connected: this.#options.qos === -1 ? 0 : this.#ready.length,
      connectFailure: this.#connectFailure,
      connectMs: Math.round(connectMs),
      sendingMs: Math.round(sendingMs),
      sent,
      accepted,
      failed,
      unanswered: pending,
      answerLatencyMs: percentiles(answerLatency),
      delivery: wasWatched ? delivery : undefined,
      ...this.#counts,
    };
  }
}

function wirelessNodeIdOf(index: number): Uint8Array {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(index);
  return octets;
}

function sleepMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
