import { writeFileSync } from "node:fs";
import { DeviceHost } from "../../src/app/device/device-host.ts";
import type { Radio } from "../../src/app/device/radio.ts";
import { UdpRadio } from "../../src/app/device/udp-radio.ts";
import { Random } from "../../src/device/random.ts";
import { decode } from "../../src/sn/decode.ts";
import { describe } from "../../src/sn/describe.ts";
import type { Mosquitto } from "../interop/mosquitto.ts";
import type { AtEnd } from "../process/gateway-process.ts";
import { brokerFaults } from "./broker-faults.ts";
import type { DevicePlan } from "./device-plan.ts";
import { FaultyNetwork } from "./faulty-network.ts";
import { FaultyRadio } from "./faulty-radio.ts";
import { KillDevice } from "./kill-device.ts";
import { KillFarEnd } from "./kill-far-end.ts";
import { KillGateway } from "./kill-gateway.ts";
import { killGroups } from "./kill-group.ts";
import { drawMoment, type KillMoment, LIFE_MS_MAX } from "./kill-moment.ts";
import type { KillReport } from "./kill-report.ts";
import { downTopic, subscriptionsOf } from "./kill-topics.ts";
import { LongLine } from "./long-line.ts";
import { RunLog } from "./run-log.ts";
import { Traffic } from "./traffic.ts";

export interface KillOptions {
  seed: number;
  /** How often the gateway is killed. */
  kills: number;
  /** After so many kills of the gateway the broker is started again. */
  killsPerBrokerRestart: number;
  /** Groups of eight devices. */
  groups: number;
  /** Whether the gateway has a state that outlasts it. */
  keepsState: boolean;
  /** Where everything that happens is written down, and with `.broker` the broker's log; undefined for nowhere. */
  logFile: string | undefined;
}

const FAULTS = { loss: 0.05, duplicates: 0.03, delayMsMax: 15 };

/** The longest way from the gateway to the broker. */
const LINE_MS_MAX = 20;

/** About how often the far end publishes to the devices of one group. */
const PAUSE_MS = 15;

/** How long everything may take to settle. */
const SETTLE_MS_MAX = 30_000;

/** How long the first life lasts at least: what devices did by then was written down. */
const FIRST_LIFE_MS = 2000;

/** How long after it the gateway may take to be connected to the broker again. */
const BROKER_BACK_MS = 1500;

/** What was accepted so long ago is at the gateway, if that was there: longer than the line, and than a busy machine takes. */
const UNDER_WAY_MS = 250;

/** How often it is looked whether something has come about. */
const POLL_MS = 5;

/** A gateway that is killed again and again, with a real broker, devices over UDP and a far end, all at work. */
export class KillWorld {
  readonly #options: KillOptions;
  readonly #plans: readonly DevicePlan[];
  readonly #mosquitto: Mosquitto;
  readonly #line: LongLine;
  readonly #gateway: KillGateway;
  readonly #log: RunLog;
  readonly #random: Random;
  readonly #network: FaultyNetwork;
  readonly #traffic: Traffic;
  readonly #devices: KillDevice[] = [];
  #brokerRestarts = 0;
  /** Whether sleeping devices may have to do without the broker. */
  #isBrokerAway = false;
  #brokerTimer: NodeJS.Timeout | undefined;
  /** What is waited for before the next kill. */
  #awaited: KillMoment | undefined;

  private constructor(options: KillOptions, mosquitto: Mosquitto, line: LongLine, gateway: KillGateway, atEnd: AtEnd) {
    const { seed, groups, logFile } = options;
    this.#options = options;
    this.#plans = killGroups(groups);
    this.#mosquitto = mosquitto;
    this.#line = line;
    this.#gateway = gateway;
    this.#log = new RunLog(logFile);
    this.#random = new Random(seed);
    this.#network = new FaultyNetwork(FAULTS, new Random(seed + 1));
    this.#traffic = new Traffic(this.#plans, PAUSE_MS / groups, new Random(seed + 2), this.#log);
    atEnd(() => {
      clearTimeout(this.#brokerTimer);
      this.#traffic.stop();
      this.#network.close();
      this.#log.close();
      if (logFile !== undefined) writeFileSync(`${logFile}.broker`, mosquitto.log);
    });
  }

  /** Starts everything, kills as often as is wanted, and waits until everything has settled. `mosquitto` is one that keeps what it has. */
  static async run(options: KillOptions, mosquitto: Mosquitto, atEnd: AtEnd): Promise<KillReport> {
    const line = await LongLine.to(mosquitto.port, LINE_MS_MAX, new Random(options.seed + 3));
    atEnd(() => line.close());
    const url = `mqtt://127.0.0.1:${line.port}`;
    const gateway = await KillGateway.start(url, options.keepsState, options.logFile !== undefined, atEnd);
    const world = new KillWorld(options, mosquitto, line, gateway, atEnd);
    await world.#start(atEnd);
    for (let count = 1; count <= options.kills; count += 1) await world.#oneMoreLife(count);
    await world.#settle();
    return world.#report();
  }

  async #start(atEnd: AtEnd): Promise<void> {
    const farEnd = await KillFarEnd.at(this.#mosquitto.url, (topic, payload, qos) => {
      this.#traffic.arriveUp(topic, payload, qos);
      this.#happened("far end");
    });
    atEnd(() => farEnd.close());
    const gateway = { host: "127.0.0.1", port: this.#gateway.port };
    const host = await DeviceHost.open({ gateway, loss: 0, seed: this.#options.seed });
    atEnd(() => host.close());
    const place = await UdpRadio.locate(gateway);
    const forwarder = await host.addForwarder();
    for (const [index, plan] of this.#plans.entries()) {
      // Nobody listens while the gateway is dead: the datagram is lost.
      const ignore = () => {};
      const radio: Radio = plan.isBehindForwarder
        ? forwarder.node(Uint8Array.of(index >> 8, index & 0xff))
        : await UdpRadio.open(place, ignore);
      await this.#addDevice(host, plan, radio, this.#options.seed + index);
    }
    await this.#until(SETTLE_MS_MAX, () => this.#devices.every(({ isReady }) => isReady));
    for (const { isReady, plan } of this.#devices) if (!isReady) this.#log.wrong(`${plan.clientId} does not connect`);
    this.#traffic.start(farEnd, this.#devices);
    await this.#until(FIRST_LIFE_MS, () => false);
  }

  async #addDevice(host: DeviceHost, plan: DevicePlan, inner: Radio, seed: number): Promise<void> {
    const { clientId } = plan;
    const radio = new FaultyRadio(inner, this.#network);
    let device: KillDevice | undefined;
    const hosted = await host.add(KillDevice.settings(plan), seed, (outcome) => device?.onOutcome(outcome), radio);
    const created = new KillDevice(plan, hosted, radio, {
      onMessage: (topic, payload, qos) => this.#traffic.arriveDown(topic, payload, qos, clientId),
      onPublished: (payload, result) => this.#traffic.published(created, payload, result),
      onAwake: () => created.wakeUps.begin(this.#traffic.ledger.dueAt(clientId, UNDER_WAY_MS), this.#isBrokerAway),
      onAsleep: (isAnswered) => {
        const missing = created.wakeUps.end(this.#traffic.ledger.dueAt(clientId), isAnswered);
        if (missing.length > 0) this.#log.wrong(`${clientId} got PINGRESP before ${missing.join(", ")}`);
      },
      life: () => this.#gateway.kills,
      onWrong: (sentence) => {
        // Where nothing is kept, all that can be promised is that nothing acknowledged is lost.
        if (this.#options.keepsState) this.#log.wrong(`${clientId} ${sentence}`);
      },
    });
    device = created;
    radio.onSent = (data) => {
      const message = decode(data);
      this.#log.says(`${clientId} -> ${describe(message)}`);
      created.onSent(message);
      this.#happened(`-> ${message.type}`);
    };
    radio.onCame = (data) => {
      const message = decode(data);
      this.#log.says(`${clientId} <- ${describe(message)}`);
      this.#happened(`<- ${message.type}`);
    };
    this.#devices.push(created);
    created.start(subscriptionsOf(plan));
  }

  async #oneMoreLife(count: number): Promise<void> {
    const isBrokersTurn = count % this.#options.killsPerBrokerRestart === 0;
    // Now and then while the gateway is connected to it.
    const isBrokerFirst = this.#random.next() < 0.5;
    if (isBrokersTurn && isBrokerFirst) await this.#restartBroker();
    const { happening, count: left } = drawMoment(this.#random);
    this.#awaited = { happening, count: left };
    await this.#until(happening === "start" ? left : LIFE_MS_MAX, () => this.#awaited === undefined);
    if (this.#awaited !== undefined) this.#kill("its time is up");
    const complaint = await this.#gateway.end();
    if (complaint !== undefined) this.#log.wrong(complaint);
    this.#log.says(`what the gateway has said:\n${this.#gateway.log}`);
    if (isBrokersTurn && !isBrokerFirst) await this.#restartBroker();
    this.#log.says("the gateway starts");
    this.#gateway.start();
  }

  #kill(why: string): void {
    this.#awaited = undefined;
    this.#gateway.kill();
    this.#line.cut();
    this.#log.says(`the gateway is killed: ${why}`);
  }

  #happened(what: string): void {
    if (this.#awaited?.happening !== what) return;
    this.#awaited.count -= 1;
    if (this.#awaited.count <= 0) this.#kill(what);
  }

  async #restartBroker(): Promise<void> {
    this.#brokerRestarts += 1;
    clearTimeout(this.#brokerTimer);
    this.#isBrokerAway = true;
    for (const { wakeUps } of this.#devices) wakeUps.excuse();
    this.#log.says("the broker stops");
    await this.#mosquitto.stop("SIGTERM");
    await this.#mosquitto.start();
    this.#log.says("the broker has started");
    this.#brokerTimer = setTimeout(() => {
      this.#isBrokerAway = false;
    }, BROKER_BACK_MS);
  }

  /** No more messages and no more faults: everything arrives, and every sleeper wakes up again. */
  async #settle(): Promise<void> {
    this.#log.says("the end begins");
    this.#traffic.stop();
    this.#network.isFaulty = false;
    await this.#untilSettled();
    const sleepers = this.#devices.filter(({ plan }) => plan.wakeEveryMs !== undefined);
    const before = new Map(sleepers.map(({ plan, wakeUps }) => [plan.clientId, wakeUps.answered]));
    const hasWokenUp = ({ plan, wakeUps }: KillDevice) => wakeUps.answered > before.get(plan.clientId)! + 1;
    await this.#until(SETTLE_MS_MAX, () => sleepers.every(hasWokenUp));
    for (const device of sleepers) {
      if (!hasWokenUp(device)) this.#log.wrong(`${device.plan.clientId} is not answered any more`);
    }
    // What was for a clean session meanwhile is gone, but its subscription is not.
    for (const { plan } of sleepers) {
      if (plan.cleanSession) this.#traffic.send(downTopic(plan.clientId, 1), 1, [plan.clientId]);
    }
    await this.#untilSettled();
    if (this.#gateway.complaint !== undefined) this.#log.wrong(this.#gateway.complaint);
    this.#log.says(`what the gateway has said:\n${this.#gateway.log}`);
  }

  async #untilSettled(): Promise<void> {
    const { ledger } = this.#traffic;
    await this.#until(SETTLE_MS_MAX, () => ledger.isSettled);
    for (const lost of ledger.lost) this.#log.wrong(lost);
    for (const unanswered of ledger.unanswered) this.#log.wrong(`${unanswered} has no answer`);
  }

  #report(): KillReport {
    const { ledger } = this.#traffic;
    const faults = brokerFaults(this.#mosquitto.log);
    const ofBroker = ({ payload, receiver }: { payload: string; receiver: string }) =>
      faults.has(`${receiver} ${payload.slice(0, payload.lastIndexOf(" "))}`);
    for (const repeated of ledger.repeated) {
      if (!ofBroker(repeated)) this.#log.wrong(`${repeated.receiver} got ${repeated.payload} of QoS 2 again`);
    }
    const messages = (["up", "down"] as const).flatMap((direction) =>
      ([1, 2] as const).map((qos) => ({ direction, qos, tally: ledger.tally(direction, qos) })),
    );
    const sum = (count: (device: KillDevice) => number) => this.#devices.reduce((all, each) => all + count(each), 0);
    return {
      seed: this.#options.seed,
      kills: this.#gateway.kills,
      brokerRestarts: this.#brokerRestarts,
      messages,
      wakeUps: {
        answered: sum(({ wakeUps }) => wakeUps.answered),
        unanswered: sum(({ wakeUps }) => wakeUps.unanswered),
      },
      repeatedByBroker: ledger.repeated.filter(ofBroker).length,
      topicIdsReused: sum(({ topicIdsReused }) => topicIdsReused),
      connectionsLost: sum(({ connectionsLost }) => connectionsLost),
      violations: this.#log.violations,
    };
  }

  /** Resolves when `isOver`, and after `boundMs` at the latest. */
  async #until(boundMs: number, isOver: () => boolean): Promise<void> {
    const end = performance.now() + boundMs;
    while (!isOver() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
