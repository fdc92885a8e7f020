import type { DeviceEffect, DeviceQoS } from "../../src/device/contract.ts";
import { Random } from "../../src/device/random.ts";
import type { Instant } from "../../src/gateway/contract.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../src/gateway/settings.ts";
import { ArrowLog } from "./arrow-log.ts";
import { BrokerFaults } from "./broker-faults.ts";
import { type Counts, DeliveryChecker } from "./checkers/delivery-checker.ts";
import { SubscriptionChecker } from "./checkers/subscription-checker.ts";
import { predefinedTopicsOf } from "./client-topics.ts";
import { DeviceEnds } from "./device-ends.ts";
import { EventQueue } from "./event-queue.ts";
import { FarEnd } from "./far-end.ts";
import { GatewayEnd } from "./gateway-end.ts";
import { type Mishap, Mishaps } from "./mishaps.ts";
import { Places } from "./place.ts";
import type { SimOptions } from "./sim-options.ts";
import { SimulatedBroker } from "./simulated-broker.ts";
import { LONGEST_SLEEP_MS, SimulatedClient } from "./simulated-client.ts";
import { SimulatedNetwork } from "./simulated-network.ts";
import { MINUS_ONE_NAMES, MINUS_ONE_TOPIC, Strangers } from "./strangers.ts";

/** More events than this at one instant are a loop. */
const EVENTS_AT_ONCE_MAX = 100_000;
/** Where the broker bears few PUBLISHes at once, the mean time between clients that send too many; and how long they take to connect. */
const HASTE_MS = 20_000;
const HASTY_AFTER_MS = 5000;
/** How long a device is without power: for longer than any keep alive or sleep. */
const OFF_MS_MAX = 400_000;

export interface SimResult {
  /** What must not happen, and did; undefined when all went well. */
  violation: string | undefined;
  /** The last arrows before it. */
  arrows: string[];
  counts: Counts;
  /** How often each note was made, and each mishap happened. */
  notes: Map<string, number>;
}

class Violation extends Error {}

/** Devices, a bad network, the real gateway, or two, and a broker in one virtual time; first with faults, then without. */
export class SimulatedWorld {
  readonly #options: SimOptions;
  readonly #random: Random;
  readonly #queue = new EventQueue();
  readonly #network: SimulatedNetwork;
  readonly #broker: SimulatedBroker;
  readonly #brokerFaults: BrokerFaults;
  readonly #clients: SimulatedClient[] = [];
  readonly #devices: DeviceEnds;
  readonly #strangers: Strangers;
  readonly #mishaps: Mishaps;
  readonly #deliveries: DeliveryChecker;
  readonly #subscriptions: SubscriptionChecker;
  readonly #gateways: GatewayEnd[] = [];
  readonly #farEnd: FarEnd;
  readonly #notes = new Map<string, number>();
  readonly #log: ArrowLog;
  #now: Instant = 0;
  #payloads = 0;

  /** `onArrow` is called with every arrow. */
  constructor(options: SimOptions, onArrow?: (arrow: string) => void) {
    this.#options = options;
    this.#log = new ArrowLog(onArrow);
    this.#random = new Random(options.seed ^ 0x5eed);
    this.#broker = new SimulatedBroker(options.habits, new Random(options.seed ^ 0xb20));
    this.#deliveries = new DeliveryChecker(options.habits, (violation) => this.#fail(violation));
    this.#subscriptions = new SubscriptionChecker(this.#broker);
    this.#network = new SimulatedNetwork(options, this.#queue, this.#random);
    const places = new Places(options.forwarders);
    const now = () => this.#now;
    const fail = (violation: string) => this.#fail(violation);
    this.#strangers = new Strangers(options, this.#random, places, (from, data) =>
      this.#network.carry(this.#now, () => this.#gateways[0]!.receive(from, data)),
    );
    this.#mishaps = new Mishaps(options, this.#random, places, this.#clients, now);
    for (let index = 0; index < options.devices; index += 1) {
      const home = gatewayName(this.#random.integer(0, options.gateways - 1));
      this.#clients.push(new SimulatedClient(index, this.#mishaps.newPlace(), home, options, this.#random, fail));
    }
    this.#farEnd = new FarEnd(this.#random, this.#broker, this.#deliveries, options.retained);
    const common = {
      broker: this.#broker,
      deliveries: this.#deliveries,
      connections: new Map<string, number>(),
      fail,
      now,
      arrow: (text: () => string) => this.#arrow(text),
    };
    const surroundings = {
      ...common,
      options,
      settings: this.#settings(),
      queue: this.#queue,
      random: this.#random,
      places,
      subscriptions: this.#subscriptions,
      notes: this.#notes,
      carry: (...[gateway, place, data]: Parameters<DeviceEnds["carry"]>) => this.#devices.carry(gateway, place, data),
      publish: (topic: string, payload: Uint8Array, retain: boolean) =>
        this.#broker.publish(undefined, { topic, payload: Buffer.from(payload), qos: 0, retain }),
    };
    for (let index = 0; index < options.gateways; index += 1) {
      this.#gateways.push(new GatewayEnd(gatewayName(index), surroundings, options.seed + index));
    }
    this.#devices = new DeviceEnds({
      ...common,
      clients: this.#clients,
      gateways: this.#gateways,
      network: this.#network,
      strangers: this.#strangers,
    });
    this.#brokerFaults = new BrokerFaults(options, this.#queue, this.#random, this.#broker, this.#gateways, now);
    this.#listenToBroker();
  }

  run(): SimResult {
    let violation: string | undefined;
    try {
      this.#start();
      this.#runUntil(() => this.#options.faultsMs);
      this.#endFaults();
      // Sleepers wake, messages that are held are tried again, what was given up is connected again: each at most a few times.
      const { tRetryMs, nRetry, awakeMessagesMax, queuedMax } = this.#options;
      const waiting = Math.max(...this.#clients.map(({ clientId }) => this.#broker.pendingFor(clientId)));
      const periods = 20 + Math.ceil((waiting + queuedMax) / awakeMessagesMax);
      const boundMs = 20 * tRetryMs * (nRetry + 2) + periods * LONGEST_SLEEP_MS;
      this.#settleWithin(boundMs, "after the last fault", () => this.#isSettled());
      this.#checkSubscriptions(boundMs);
      for (const { clientId, gateway } of this.#clients) {
        for (const { name, witness } of this.#gateways) if (name !== gateway) witness.isLeftBy(clientId);
      }
      this.#deliveries.finish(this.#broker.routed);
      this.#checkQosMinusOne();
    } catch (error) {
      violation = error instanceof Violation ? error.message : String((error as Error).stack);
    }
    const notes = new Map<string, number>([...this.#notes, ...this.#mishaps.counts]);
    return { violation, arrows: this.#log.last, counts: this.#deliveries.counts, notes };
  }

  #settings(): Settings {
    const { tRetryMs, nRetry, migrateOnWake, wakeByConnect, clientsMax, queuedMax, awakeMessagesMax } = this.#options;
    const { reconnectMinMs, reconnectMaxMs, reconnectsPerSecond, outageLimitMs, saves } = this.#options;
    const { habits } = this.#options;
    const predefined = this.#clients.flatMap(({ clientId }) => predefinedTopicsOf(clientId));
    return {
      ...DEFAULT_SETTINGS,
      ...{ tRetryMs, nRetry, migrateOnWake, wakeByConnect, clientsMax, queuedMax, awakeMessagesMax },
      ...{ reconnectMinMs, reconnectMaxMs, reconnectsPerSecond, outageLimitMs, savesSessions: saves },
      bufferedOctetsMax: this.#options.bufferedOctetsMax,
      mountpoint: habits.mountpoint,
      // Over MQTT 5 the broker says it.
      brokerMaxQos: habits.speaksMqtt5 ? 2 : habits.maxQos,
      brokerRetains: habits.speaksMqtt5 || habits.retains,
      predefinedTopics: [...predefined, MINUS_ONE_TOPIC],
    };
  }

  /** Such that can be told from the first by nothing but how much waits where. */
  #otherSettings(): Settings {
    const queuedMax = this.#random.integer(3, 200);
    const bufferedOctetsMax = this.#random.integer(400, 100_000);
    const queuedOctetsMax = this.#random.integer(100, 65_536);
    return { ...this.#settings(), queuedMax, bufferedOctetsMax, queuedOctetsMax };
  }

  #listenToBroker(): void {
    this.#broker.onAcknowledged = (clientId, packet) => this.#deliveries.acknowledgedToBroker(clientId, packet);
    this.#broker.onQueued = (payload, qos, isCopy) => this.#deliveries.sentByBroker(payload, qos, isCopy);
    this.#broker.onRefused = (payload) => this.#deliveries.refused(payload);
    this.#broker.onDenied = (unreleased) => {
      for (const payload of unreleased) this.#deliveries.forgotten(payload);
    };
    // Who is told that there is no session begins with any number.
    this.#broker.onSwallowed = (payload) => {
      if (this.#options.habits.deniesSessions) this.#deliveries.exempt(payload);
    };
    this.#broker.onForgotten = (clientId, pending, unreleased) => {
      const client = this.#clients.find((one) => one.clientId === clientId);
      if (client === undefined) return;
      for (const payload of unreleased) this.#deliveries.forgotten(payload);
      const gateway = this.#gateways.find(({ name }) => name === client.gateway)!;
      for (const payload of pending) {
        if (gateway.holds(clientId, payload)) this.#deliveries.entrusted(payload);
        else this.#deliveries.missed(payload);
      }
      this.#subscriptions.brokerForgot(clientId, client.gateway);
    };
  }

  #start(): void {
    const { options: o, now } = { options: this.#options, now: () => this.#now };
    for (const gateway of this.#gateways) gateway.reaches(true);
    for (const client of this.#clients) {
      this.#queue.add(this.#random.next() * 1000, () => this.#devices.perform(client, client.start(now())));
      const happens = (meanMs: number, what: Mishap, run: () => DeviceEffect[]) =>
        this.#repeatedly(meanMs, what, () => {
          this.#arrow(() => `--- ${client.clientId}: ${what}`);
          this.#devices.perform(client, run());
        });
      this.#repeatedly(o.messageMs, undefined, () => this.#publishUp(client));
      this.#repeatedly(o.messageMs, undefined, () => this.#publishDown(client));
      this.#repeatedly(o.burstMs, "burst", () => this.#burst(client));
      happens(o.rebootMs, "reboot", () => client.reboot(now()));
      happens(o.offMs, "switched off", () => {
        client.switchOff();
        // Its address may be another's before its session is gone.
        this.#mishaps.move(client);
        this.#queue.add(now() + this.#random.next() * OFF_MS_MAX, () => this.#comeBack(client));
        return [];
      });
      happens(o.resubscribeMs, "subscription anew", () => (client.isAway ? [] : client.resubscribe(now())));
      happens(o.willUpdateMs, "will update", () => (client.isAway ? [] : client.updateWill(now())));
      happens(o.moveMs, "other address", () => this.#mishaps.move(client));
      happens(o.reuseMs, "address of another", () => (this.#mishaps.takeFreed(client) ? client.reboot(now()) : []));
      happens(o.leaveMs, "leaves", () => {
        this.#queue.add(now() + this.#random.next() * 60_000, () => this.#comeBack(client));
        return client.isAway ? [] : client.leave(now());
      });
      happens(o.roamMs, "other gateway", () => this.#roam(client));
    }
    for (const gateway of this.#gateways) {
      this.#repeatedly(o.dismissMs, "sent away", () => {
        const { clientId } = this.#clients[this.#random.integer(0, this.#clients.length - 1)]!;
        gateway.handle({ type: "dismiss", clientId, forget: false });
      });
      this.#repeatedly(o.crashMs, "crash", () => this.#endGateway(gateway, "crash"));
      this.#repeatedly(o.stopMs, "stop", () => this.#endGateway(gateway, "stop"));
      this.#repeatedly(o.reloadMs, "reload", () => gateway.handle({ type: "reload", settings: this.#otherSettings() }));
    }
    this.#repeatedly(o.outageMs, "outage", () => this.#brokerFaults.outage());
    this.#repeatedly(o.brokerRestartMs, "broker restarts", () => this.#brokerFaults.restart());
    const places = () => this.#clients.map(({ place }) => place);
    this.#repeatedly(o.junkMs, "junk", () => this.#strangers.junk(places()));
    this.#repeatedly(o.ghostMs, "ghost", () => this.#strangers.ghost());
    this.#repeatedly(Number.isFinite(o.habits.receiveMax) ? HASTE_MS : o.habits.receiveMax, undefined, () =>
      this.#queue.add(now() + HASTY_AFTER_MS, this.#strangers.hasty()),
    );
    this.#repeatedly(o.searchMs, "search", () => this.#strangers.search());
    this.#repeatedly(o.qosMinusOneMs, "QoS −1", () => this.#strangers.qosMinusOne(places()));
  }

  /** Again and again while there are faults, at random times with this mean. */
  #repeatedly(meanMs: number, what: Mishap | undefined, run: () => void): void {
    if (meanMs === Number.POSITIVE_INFINITY) return;
    this.#queue.add(this.#now + this.#random.next() * 2 * meanMs, () => {
      if (this.#now >= this.#options.faultsMs) return;
      if (what !== undefined) this.#mishaps.count(what);
      run();
      this.#repeatedly(meanMs, what, run);
    });
  }

  #endFaults(): void {
    this.#arrow(() => "--- no more faults");
    this.#network.isFaulty = false;
    this.#broker.isFaulty = false;
    for (const { links } of this.#gateways) links.isFaulty = false;
    for (const [index, client] of this.#clients.entries()) {
      // For some there is no room: they leave, and the others have it.
      if (index >= this.#options.clientsMax) this.#devices.perform(client, client.leave(this.#now));
      else this.#comeBack(client);
    }
  }

  #runUntil(end: () => Instant): void {
    let atOnce = 0;
    for (;;) {
      const [gateway] = this.#gateways.toSorted((one, other) => one.deadline - other.deadline);
      const next = Math.min(this.#queue.next, gateway!.deadline, this.#devices.deadline);
      if (next > end()) {
        this.#now = Math.max(this.#now, end());
        return;
      }
      atOnce = next > this.#now ? 0 : atOnce + 1;
      if (atOnce > EVENTS_AT_ONCE_MAX) this.#fail("time stands still");
      this.#now = Math.max(this.#now, next);
      if (this.#queue.next <= this.#now) this.#queue.runNext();
      else if (gateway!.deadline <= this.#now) gateway!.handle({ type: "deadline" });
      else this.#devices.onDeadline();
    }
  }

  #settleWithin(boundMs: number, since: string, isSettled: () => boolean, missing = () => this.#unsettled()): void {
    const end = this.#now + boundMs;
    this.#runUntil(() => (isSettled() ? this.#now : end));
    if (!isSettled()) this.#fail(`not settled ${boundMs / 1000} s ${since}: ${missing()}`);
  }

  // --- What happens

  #publishUp(client: SimulatedClient): void {
    if (client.isAway) return;
    const { clientId, topics, traits } = client;
    const { topic, name } = topics.publish[this.#random.integer(0, topics.publish.length - 1)]!;
    const qos = this.#random.integer(0, traits.qosMax) as DeviceQoS;
    const retain = this.#random.next() < this.#options.retained;
    this.#payloads += 1;
    const payload = `${clientId}-up-${this.#payloads}`;
    this.#deliveries.published(payload, { clientId, topic: name, qos, retain });
    this.#devices.perform(client, client.publish(payload, topic, qos, retain, this.#now));
  }

  #publishDown(client: SimulatedClient): void {
    const published = this.#farEnd.publish(client, !this.#isForNoOne(client));
    this.#arrow(() => `far end → broker ${published}`);
  }

  #burst(client: SimulatedClient): void {
    for (let count = this.#farEnd.burst(); count > 0; count -= 1) this.#publishDown(client);
  }

  #comeBack(client: SimulatedClient): void {
    if (!client.isAway || (this.#now >= this.#options.faultsMs && this.#isForNoOne(client))) return;
    // What it says about leaving has to be heard first.
    if (client.device.state === "leaving") this.#queue.add(this.#now + 1000, () => this.#comeBack(client));
    else this.#devices.perform(client, client.comeBack(this.#now));
  }

  #roam(client: SimulatedClient): DeviceEffect[] {
    if (client.isAway || client.device.state === "leaving") return [];
    const others = this.#gateways.filter(({ name }) => name !== client.home);
    const to = others[this.#random.integer(0, others.length - 1)]!.name;
    this.#deliveries.gatewayEnds(new Set([client.clientId]), this.#now - this.#options.tRetryMs, true);
    return client.roam(to, this.#random.next() < 0.7, this.#now);
  }

  #endGateway(gateway: GatewayEnd, how: "crash" | "stop"): void {
    if (!gateway.isRunning) return;
    const clientIds = new Set(this.#clients.filter((one) => one.gateway === gateway.name).map((one) => one.clientId));
    this.#deliveries.gatewayEnds(clientIds, this.#now - this.#options.tRetryMs);
    for (const client of this.#clients) {
      if (how === "crash" && client.gateway === gateway.name)
        for (const payload of client.open.values()) this.#deliveries.crossedCrash(payload);
    }
    gateway[how]();
    // A new one comes when the connections of the old one are gone.
    const { brokerDelayMsMax } = this.#options;
    const pauseMs = how === "crash" ? 0 : 2 * brokerDelayMsMax + this.#random.next() * 5000;
    this.#queue.add(this.#now + pauseMs, () => gateway.start(this.#random.integer(0, 0xffff)));
  }

  // --- The end

  /** One that is not let in at the end, for there are too many. */
  #isForNoOne(client: SimulatedClient): boolean {
    return this.#clients.indexOf(client) >= this.#options.clientsMax;
  }

  #isSettled(): boolean {
    if (this.#gateways.some(({ isRunning, links }) => !isRunning || links.hasHoles)) return false;
    if (this.#brokerFaults.isOut) return false;
    const isEach = this.#clients.every(
      (client) => client.isSettled && (this.#isForNoOne(client) || this.#isServed(client)),
    );
    return isEach && this.#connections().length === this.#connectedCount();
  }

  /** The broker has nothing more for it and knows all that it was told it has subscribed to, and its gateway knows where it is. */
  #isServed({ clientId, gateway, place, isAway }: SimulatedClient): boolean {
    const { witness } = this.#gateways.find(({ name }) => name === gateway)!;
    if (this.#broker.pendingFor(clientId) > 0) return false;
    const isSubscribed = (filter: string) => this.#broker.hasSubscription(clientId, filter);
    return isAway || (witness.isServed(clientId, place) && this.#subscriptions.of(clientId).every(isSubscribed));
  }

  #connections(): string[] {
    return this.#gateways.flatMap(({ witness }) => witness.links.clientsInUse);
  }

  #connectedCount(): number {
    return this.#clients.filter(({ device }) => device.state === "active" || device.state === "asleep").length;
  }

  #unsettled(): string {
    const clients = this.#clients.map((client) => {
      const { clientId, device, open } = client;
      const filters = this.#subscriptions
        .of(clientId)
        .filter((filter) => !this.#broker.hasSubscription(clientId, filter));
      const waiting = `${open.size} open, ${this.#broker.pendingFor(clientId)} at the broker`;
      return `${clientId} ${device.state}, ${waiting}, not subscribed to ${filters.join()}`;
    });
    return [...clients, `connections: ${this.#connections().join(" ")}`].join("; ");
  }

  /** Whatever a client was told that it has subscribed to, it gets. */
  #checkSubscriptions(boundMs: number): void {
    const probes: string[] = [];
    for (const client of this.#clients) {
      if (this.#isForNoOne(client) || client.isAway) continue;
      for (const filter of this.#subscriptions.of(client.clientId)) {
        if (client.isPlain) probes.push(...this.#farEnd.probe(client, filter));
      }
    }
    const missing = () => probes.filter((payload) => !this.#deliveries.hasArrived(payload));
    this.#settleWithin(
      boundMs,
      "after a message to every subscription",
      () => missing().length === 0,
      () => missing().join(),
    );
  }

  /** Whatever has come with QoS −1 came under its own name (N2, N6). */
  #checkQosMinusOne(): void {
    for (const { payload, topic } of this.#broker.routed) {
      if (payload.startsWith("minus-") && !MINUS_ONE_NAMES.includes(topic))
        this.#fail(`N6: ${payload} went to ${topic}`);
    }
  }

  #arrow(text: () => string): void {
    this.#log.add(this.#now, text);
  }

  #fail(violation: string): never {
    throw new Violation(violation);
  }
}

function gatewayName(index: number): string {
  return `gateway ${"AB"[index]}`;
}
