import { createWriteStream, type WriteStream } from "node:fs";
import { vi } from "vitest";
import { DeviceHost } from "../../src/app/device-host.ts";
import type { Radio } from "../../src/app/radio.ts";
import { UdpRadio } from "../../src/app/udp-radio.ts";
import { Random } from "../../src/device/random.ts";
import { decode } from "../../src/sn/decode.ts";
import { describe } from "../../src/sn/describe.ts";
import type { Mosquitto } from "../interop/mosquitto.ts";
import type { AtEnd } from "../process/gateway-process.ts";
import type { DevicePlan } from "./device-plan.ts";
import { FaultyNetwork } from "./faulty-network.ts";
import { FaultyRadio } from "./faulty-radio.ts";
import { KillDevice, type KillDeviceEvents } from "./kill-device.ts";
import { KillFarEnd } from "./kill-far-end.ts";
import { KillGateway } from "./kill-gateway.ts";
import { drawMoment, type Happening, LIFE_MS_MAX } from "./kill-moment.ts";
import type { KillReport } from "./kill-report.ts";
import { downTopic, grantedQos, SHARED_DOWN, subscriptionsOf, upTopic } from "./kill-topics.ts";
import { LongLine } from "./long-line.ts";
import { type AnsweredQoS, MessageLedger } from "./message-ledger.ts";

export interface KillOptions {
  seed: number;
  /** How often the gateway is killed. */
  kills: number;
  /** After so many kills of the gateway the broker is started again; Infinity for never. */
  killsPerBrokerRestart: number;
  /** Groups of eight devices. */
  groups: number;
  /** Whether the gateway has a state that outlasts it. */
  keepsState: boolean;
  /** A file for every message of every device; undefined for none. */
  arrowFile: string | undefined;
}

const FAULTS = { loss: 0.05, duplicates: 0.03, delayMsMax: 15 };

/** The longest way from the gateway to the broker. */
const LINE_MS_MAX = 20;

/** How long everything may take to settle, in milliseconds. */
const BOUND = { timeout: 30_000, interval: 20 };

/** How long the first life lasts at least: what devices did by then was written down. */
const FIRST_LIFE_MS = 2000;

/** How long after it the gateway may take to be connected again. */
const BROKER_BACK_MS = 1500;

/** Messages on their way to one device. */
const OPEN_MAX = 30;

/** Topics of one device and direction: new ones come as long as it goes on. */
const TOPICS_MAX = 300;

/** The id under which the far end receives. */
const FAR_END = "far end";

/** A group. Of those behind a forwarder, it is the same one for all. */
const GROUP: readonly DevicePlan[] = [
  { clientId: "active", cleanSession: false, wakeEveryMs: undefined, isReporter: true, isBehindForwarder: false },
  { clientId: "forwarded", cleanSession: false, wakeEveryMs: undefined, isReporter: true, isBehindForwarder: true },
  { clientId: "sleeper", cleanSession: false, wakeEveryMs: 450, isReporter: false, isBehindForwarder: false },
  { clientId: "long-sleeper", cleanSession: false, wakeEveryMs: 2100, isReporter: false, isBehindForwarder: false },
  { clientId: "reporter", cleanSession: false, wakeEveryMs: 700, isReporter: true, isBehindForwarder: false },
  { clientId: "far-sleeper", cleanSession: false, wakeEveryMs: 600, isReporter: true, isBehindForwarder: true },
  { clientId: "clean", cleanSession: true, wakeEveryMs: undefined, isReporter: true, isBehindForwarder: false },
  { clientId: "clean-sleeper", cleanSession: true, wakeEveryMs: 500, isReporter: false, isBehindForwarder: false },
];

/** A gateway that is killed again and again, with a real broker, devices over UDP and a far end, all at work. */
export class KillWorld {
  readonly #options: KillOptions;
  readonly #plans: readonly DevicePlan[];
  readonly #mosquitto: Mosquitto;
  readonly #gateway: KillGateway;
  readonly #line: LongLine;
  readonly #random: Random;
  readonly #network: FaultyNetwork;
  readonly #ledger = new MessageLedger();
  readonly #devices: KillDevice[] = [];
  readonly #violations: string[] = [];
  readonly #wakeUps = { answered: 0, unanswered: 0 };
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #startedAt = performance.now();
  readonly #arrows: WriteStream | undefined;
  #farEnd: KillFarEnd | undefined;
  #noticed = 0;
  #brokerRestarts = 0;
  /** When the broker was last there again; Infinity while it is not. */
  #brokerBackAt = Number.NEGATIVE_INFINITY;
  #sequence = 0;
  #isAtWork = true;
  /** What is waited for before the next kill. */
  #awaited: { happening: Happening; left: number } | undefined;

  private constructor(options: KillOptions, mosquitto: Mosquitto, gateway: KillGateway, line: LongLine, atEnd: AtEnd) {
    this.#options = options;
    this.#plans = Array.from({ length: options.groups }, (_, group) =>
      GROUP.map((plan) => ({ ...plan, clientId: `${plan.clientId}-${group}` })),
    ).flat();
    this.#mosquitto = mosquitto;
    this.#gateway = gateway;
    this.#line = line;
    this.#random = new Random(options.seed);
    this.#network = new FaultyNetwork(FAULTS, new Random(options.seed + 1));
    if (options.arrowFile !== undefined) this.#arrows = createWriteStream(options.arrowFile);
    atEnd(() => {
      this.#isAtWork = false;
      for (const timer of this.#timers) clearTimeout(timer);
      this.#network.close();
      this.#farEnd?.close();
      this.#arrows?.end();
    });
  }

  /** Starts everything, kills as often as is wanted, and waits until everything has settled. `mosquitto` keeps what it has. */
  static async run(options: KillOptions, mosquitto: Mosquitto, atEnd: AtEnd): Promise<KillReport> {
    const line = await LongLine.to(mosquitto.port, LINE_MS_MAX, new Random(options.seed + 2));
    atEnd(() => line.close());
    const gateway = await KillGateway.start(`mqtt://127.0.0.1:${line.port}`, options.keepsState, atEnd);
    const world = new KillWorld(options, mosquitto, gateway, line, atEnd);
    await world.#start(atEnd);
    for (let count = 1; count <= options.kills; count += 1) await world.#oneMoreLife(count);
    await world.#settle();
    return world.#report();
  }

  async #start(atEnd: AtEnd): Promise<void> {
    this.#farEnd = await KillFarEnd.at(this.#mosquitto.url, (topic, payload, qos) => {
      this.#arrow(`${FAR_END} <- ${payload} QoS ${qos}`);
      if (!payload.startsWith(`${topic} `)) this.#wrong(`${FAR_END} got ${payload} as of ${topic}`);
      this.#arrive(payload, FAR_END, qos);
      this.#happened("far end");
    });
    const gateway = { host: "127.0.0.1", port: this.#gateway.port };
    const host = await DeviceHost.open({ gateway, loss: 0, seed: this.#options.seed });
    atEnd(() => host.close());
    const forwarder = await host.addForwarder();
    for (const [index, plan] of this.#plans.entries()) {
      const radio: Radio = plan.isBehindForwarder
        ? forwarder.node(Uint8Array.of(index >> 8, index & 0xff))
        : // Nobody listens while the gateway is dead: the datagram is lost.
          await UdpRadio.open(await UdpRadio.locate(gateway), () => {});
      await this.#addDevice(host, plan, radio, index);
    }
    await vi.waitFor(() => {
      const missing = this.#devices.filter(({ isReady }) => !isReady).map(({ plan }) => plan.clientId);
      if (missing.length > 0) throw new Error(`not connected: ${missing.join(", ")}`);
    }, BOUND);
    for (const device of this.#devices) if (device.plan.isReporter) this.#publishUp(device);
    this.#publishDown();
    await this.#until(FIRST_LIFE_MS, () => false);
    this.#noticed = 0;
  }

  async #addDevice(host: DeviceHost, plan: DevicePlan, radio: Radio, index: number): Promise<void> {
    const faulty = new FaultyRadio(radio, this.#network);
    const { clientId } = plan;
    let device: KillDevice | undefined;
    const hosted = await host.add(
      KillDevice.settings(plan),
      this.#options.seed + index,
      (outcome) => device?.onOutcome(outcome),
      faulty,
    );
    device = new KillDevice(
      plan,
      hosted,
      faulty,
      this.#eventsOf(plan, () => device),
    );
    faulty.onSent = (data) => {
      const message = decode(data);
      this.#arrow(`${clientId} -> ${describe(message)}`);
      device?.onSent(message);
      this.#happened(`-> ${message.type}`);
    };
    faulty.onCame = (data) => {
      const message = decode(data);
      this.#arrow(`${clientId} <- ${describe(message)}`);
      this.#happened(`<- ${message.type}`);
    };
    this.#devices.push(device);
    device.start(subscriptionsOf(plan));
  }

  #eventsOf(plan: DevicePlan, device: () => KillDevice | undefined): KillDeviceEvents {
    const { clientId } = plan;
    let dueAtWake: string[] = [];
    let awokeAt = 0;
    return {
      onViolation: (sentence) => this.#wrong(sentence),
      onMessage: (payload, qos) => this.#arrive(payload, clientId, qos),
      onPublished: (payload, isAccepted) => {
        this.#arrow(`${clientId}: ${payload} ${isAccepted ? "accepted" : "not accepted"}`);
        this.#ledger.answer(payload, isAccepted);
        if (!isAccepted && !plan.cleanSession) this.#wrong(`${clientId}: ${payload} was not accepted`);
        this.#later(this.#random.integer(0, 40), () => this.#publishUp(device()!));
      },
      onAwake: () => {
        dueAtWake = this.#ledger.dueAt(clientId);
        awokeAt = performance.now();
      },
      onAsleep: (isAnswered) => {
        this.#wakeUps[isAnswered ? "answered" : "unanswered"] += 1;
        // While the broker was away nobody had to stay awake for it.
        if (!isAnswered || awokeAt < this.#brokerBackAt + BROKER_BACK_MS) return;
        const due = new Set(this.#ledger.dueAt(clientId));
        const missing = dueAtWake.filter((payload) => due.has(payload));
        if (missing.length > 0) this.#wrong(`${clientId} got PINGRESP before ${missing.join(", ")}`);
      },
      onLost: (why) => {
        this.#arrow(`${clientId} has lost its connection: ${why}`);
        // Of a client with a clean session that is active nothing is kept.
        if (plan.cleanSession && plan.wakeEveryMs === undefined) return;
        this.#noticed += 1;
        if (this.#options.keepsState) this.#wrong(`${clientId} has lost its connection: ${why}`);
      },
    };
  }

  /** The next message of a device; each has one that is not answered. */
  #publishUp(device: KillDevice): void {
    if (!this.#isAtWork) return;
    const topic = upTopic(device.plan.clientId, this.#topicNumber());
    const qos = this.#drawQoS();
    const payload = this.#payload(topic.name);
    this.#ledger.send(payload, "up", qos, [FAR_END]);
    device.publish(topic.asDevice, qos, payload);
  }

  /** The next message to a device, or to all, and then the next one. */
  #publishDown(): void {
    if (!this.#isAtWork) return;
    this.#later(this.#random.integer(5, 25) / this.#options.groups, () => this.#publishDown());
    if (!this.#farEnd!.isConnected) return;
    const durable = this.#plans.filter(({ cleanSession }) => !cleanSession).map(({ clientId }) => clientId);
    const isShared = this.#random.next() < 0.1;
    const receivers = isShared ? durable : [durable[this.#random.integer(0, durable.length - 1)]!];
    if (receivers.some((receiver) => this.#ledger.openAt(receiver) >= OPEN_MAX)) return;
    const topic = isShared
      ? SHARED_DOWN[this.#random.integer(0, SHARED_DOWN.length - 1)]!.name
      : downTopic(receivers[0]!, this.#topicNumber());
    this.#send(topic, this.#drawQoS(), receivers);
  }

  /** The far end publishes a message that is for these devices. */
  #send(topic: string, qos: AnsweredQoS, receivers: readonly string[]): void {
    const payload = this.#payload(topic);
    this.#ledger.send(payload, "down", grantedQos(topic, qos), receivers);
    this.#farEnd!.publish(topic, payload, qos, (isAccepted) => {
      this.#arrow(`${FAR_END} -> ${payload} QoS ${qos} ${isAccepted ? "accepted" : "not accepted"}`);
      this.#ledger.answer(payload, isAccepted);
    });
  }

  async #oneMoreLife(count: number): Promise<void> {
    // Also while the gateway has connections to it.
    if (count % this.#options.killsPerBrokerRestart === 0 && this.#random.next() < 0.5) await this.#restartBroker();
    const moment = drawMoment(this.#random);
    if (moment.happening === "start") {
      await this.#until(moment.count, () => false);
      this.#kill(`${moment.count} ms after its start`);
    } else {
      const { happening } = moment;
      this.#awaited = { happening, left: moment.count };
      await this.#until(LIFE_MS_MAX, () => this.#awaited === undefined);
      if (this.#awaited !== undefined) this.#kill(`${LIFE_MS_MAX} ms after its start`);
    }
    const complaint = await this.#gateway.end();
    if (complaint !== undefined) this.#wrong(complaint);
    if (
      count % this.#options.killsPerBrokerRestart === 0 &&
      this.#brokerRestarts * this.#options.killsPerBrokerRestart < count
    ) {
      await this.#restartBroker();
    }
    this.#arrow("gateway starts");
    this.#gateway.start();
  }

  async #restartBroker(): Promise<void> {
    this.#brokerRestarts += 1;
    this.#arrow("broker stops");
    this.#brokerBackAt = Number.POSITIVE_INFINITY;
    await this.#mosquitto.stop("SIGTERM");
    await this.#mosquitto.start();
    this.#brokerBackAt = performance.now();
    this.#arrow("broker has started");
  }

  #kill(why: string): void {
    this.#awaited = undefined;
    this.#gateway.kill();
    this.#line.cut();
    this.#arrow(`gateway is killed, ${why}`);
  }

  #happened(what: string): void {
    if (this.#awaited?.happening !== what) return;
    this.#awaited.left -= 1;
    if (this.#awaited.left <= 0) this.#kill(`at ${what}`);
  }

  /** No more messages and no more faults: everything arrives, and every sleeper wakes up again. */
  async #settle(): Promise<void> {
    this.#isAtWork = false;
    this.#network.isFaulty = false;
    this.#arrow("settling");
    await this.#settled();
    const sleepers = this.#plans.filter(({ wakeEveryMs }) => wakeEveryMs !== undefined);
    const enough = this.#wakeUps.answered + 2 * sleepers.length;
    await this.#until(BOUND.timeout, () => this.#wakeUps.answered >= enough);
    if (this.#wakeUps.answered < enough) this.#wrong("sleeping devices are not answered any more");
    // Of a clean session what came in between is gone, but not the subscription.
    for (const { clientId, cleanSession } of sleepers)
      if (cleanSession) this.#send(downTopic(clientId, 1), 1, [clientId]);
    await this.#settled();
    if (this.#gateway.complaint !== undefined) this.#wrong(this.#gateway.complaint);
  }

  async #settled(): Promise<void> {
    await this.#until(BOUND.timeout, () => this.#ledger.isSettled);
    for (const lost of this.#ledger.lost) this.#wrong(lost);
    if (!this.#ledger.isSettled) this.#wrong(`not everything has its answer. The gateway's log:\n${this.#gateway.log}`);
  }

  #report(): KillReport {
    const messages = (["up", "down"] as const).flatMap((direction) =>
      ([1, 2] as const).map((qos) => ({ direction, qos, tally: this.#ledger.tally(direction, qos) })),
    );
    return {
      seed: this.#options.seed,
      kills: this.#gateway.kills,
      brokerRestarts: this.#brokerRestarts,
      messages,
      wakeUps: this.#wakeUps,
      noticed: this.#noticed,
      violations: this.#violations,
    };
  }

  #arrive(payload: string, receiver: string, qos: number): void {
    const wrong = this.#ledger.arrive(payload, receiver, qos);
    if (wrong !== undefined) this.#wrong(wrong);
  }

  /** New topics come up all the time, and old ones again. */
  #topicNumber(): number {
    return this.#random.integer(0, Math.min(TOPICS_MAX, 5 + Math.floor(this.#sequence / 50)));
  }

  #drawQoS(): AnsweredQoS {
    return this.#random.next() < 0.5 ? 1 : 2;
  }

  #payload(topic: string): string {
    this.#sequence += 1;
    return `${topic} ${this.#sequence}`;
  }

  #wrong(sentence: string): void {
    const line = `${this.#seconds} s: ${sentence}`;
    this.#violations.push(line);
    this.#arrow(`WRONG ${sentence}`);
  }

  #arrow(text: string): void {
    this.#arrows?.write(`${this.#seconds} ${text}\n`);
  }

  get #seconds(): string {
    return ((performance.now() - this.#startedAt) / 1000).toFixed(3);
  }

  #later(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
  }

  /** Resolves when `isOver`, and after `boundMs` at the latest. */
  async #until(boundMs: number, isOver: () => boolean): Promise<void> {
    const end = performance.now() + boundMs;
    while (!isOver() && performance.now() < end)
      await new Promise((resolve) => this.#later(5, () => resolve(undefined)));
  }
}
