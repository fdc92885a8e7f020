import type { DeviceEffect, DeviceQoS, Outcome } from "../../src/device/contract.ts";
import { Random } from "../../src/device/random.ts";
import type { Instant } from "../../src/gateway/contract.ts";
import { DEFAULT_SETTINGS } from "../../src/gateway/settings.ts";
import { decode } from "../../src/sn/decode.ts";
import { describe } from "../../src/sn/describe.ts";
import { ArrowLog } from "./arrow-log.ts";
import { type Counts, DeliveryChecker } from "./checkers/delivery-checker.ts";
import { predefinedTopicsOf } from "./client-topics.ts";
import { EventQueue } from "./event-queue.ts";
import { FarEnd } from "./far-end.ts";
import { GatewayEnd } from "./gateway-end.ts";
import { type Mishap, Mishaps } from "./mishaps.ts";
import { type Place, Places } from "./place.ts";
import type { SimOptions } from "./sim-options.ts";
import { SimulatedBroker } from "./simulated-broker.ts";
import { LONGEST_SLEEP_MS, SimulatedClient } from "./simulated-client.ts";
import { SimulatedLinks } from "./simulated-links.ts";
import { SimulatedNetwork } from "./simulated-network.ts";
import { MINUS_ONE_NAMES, MINUS_ONE_TOPIC, Strangers } from "./strangers.ts";

/** More events than this at one instant are a loop. */
const EVENTS_AT_ONCE_MAX = 100_000;
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

/** Devices, a bad network, the real gateway and a broker in one virtual time; first with faults, then without. */
export class SimulatedWorld {
  readonly #options: SimOptions;
  readonly #random: Random;
  readonly #queue = new EventQueue();
  readonly #network: SimulatedNetwork;
  readonly #broker = new SimulatedBroker();
  readonly #links: SimulatedLinks;
  readonly #places: Places;
  readonly #clients: SimulatedClient[];
  readonly #strangers: Strangers;
  readonly #mishaps: Mishaps;
  readonly #deliveries = new DeliveryChecker((violation) => this.#fail(violation));
  readonly #gateway: GatewayEnd;
  readonly #farEnd: FarEnd;
  readonly #log: ArrowLog;
  #now: Instant = 0;
  #payloads = 0;

  /** `onArrow` is called with every arrow. */
  constructor(options: SimOptions, onArrow?: (arrow: string) => void) {
    this.#options = options;
    this.#log = new ArrowLog(onArrow);
    this.#random = new Random(options.seed ^ 0x5eed);
    this.#network = new SimulatedNetwork(options, this.#queue, this.#random);
    this.#places = new Places(options.forwarders);
    const now = () => this.#now;
    this.#links = new SimulatedLinks(options, this.#queue, this.#random, this.#broker, now, (event) =>
      this.#gateway.handle(event),
    );
    const fail = (violation: string) => this.#fail(violation);
    this.#strangers = new Strangers(options, this.#random, this.#places, (from, data) => this.#toGateway(from, data));
    this.#clients = [];
    this.#mishaps = new Mishaps(options, this.#random, this.#places, this.#clients, now);
    for (let index = 0; index < options.devices; index += 1) {
      this.#clients.push(new SimulatedClient(index, this.#mishaps.newPlace(), options, this.#random, fail));
    }
    this.#farEnd = new FarEnd(this.#random, this.#broker, this.#deliveries, options.retained);
    this.#broker.onAcknowledged = (clientId, packet) => this.#deliveries.acknowledgedToBroker(clientId, packet);
    this.#broker.onQueued = (payload, qos, isCopy) => this.#deliveries.sentByBroker(payload, qos, isCopy);
    const { tRetryMs, nRetry, migrateOnWake, wakeByConnect } = options;
    const { clientsMax, queuedMax, awakeMessagesMax } = options;
    const predefined = this.#clients.flatMap(({ clientId }) => predefinedTopicsOf(clientId));
    const limits = { tRetryMs, nRetry, migrateOnWake, wakeByConnect, clientsMax, queuedMax, awakeMessagesMax };
    const surroundings = {
      options,
      settings: { ...DEFAULT_SETTINGS, ...limits, predefinedTopics: [...predefined, MINUS_ONE_TOPIC] },
      places: this.#places,
      deliveries: this.#deliveries,
      links: this.#links,
      broker: this.#broker,
      fail,
      now,
      arrow: (text: () => string) => this.#arrow(text),
      carry: (place: Place, data: Uint8Array) => this.#toDevice(place, data),
      publish: (topic: string, payload: Uint8Array, retain: boolean) =>
        this.#broker.publish(undefined, { topic, payload: Buffer.from(payload), qos: 0, retain }),
    };
    this.#gateway = new GatewayEnd(surroundings, options.seed);
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
      const end = this.#now + boundMs;
      this.#runUntil(() => (this.#isSettled() ? this.#now : end));
      if (!this.#isSettled()) this.#fail(`not settled ${boundMs / 1000} s after the last fault: ${this.#unsettled()}`);
      this.#deliveries.finish(this.#broker.routed);
      this.#checkQosMinusOne();
    } catch (error) {
      violation = error instanceof Violation ? error.message : String((error as Error).stack);
    }
    const notes = new Map<string, number>([...this.#gateway.notes, ...this.#mishaps.counts]);
    return { violation, arrows: this.#log.last, counts: this.#deliveries.counts, notes };
  }

  #start(): void {
    const { options: o, now } = { options: this.#options, now: () => this.#now };
    this.#gateway.handle({ type: "broker-reachable", reachable: true });
    for (const client of this.#clients) {
      this.#queue.add(this.#random.next() * 1000, () => this.#perform(client, client.start(now())));
      const happens = (meanMs: number, what: Mishap, run: () => DeviceEffect[]) =>
        this.#repeatedly(meanMs, what, () => {
          this.#arrow(() => `--- ${client.clientId}: ${what}`);
          this.#perform(client, run());
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
    }
    this.#repeatedly(o.crashMs, "crash", () => this.#endGateway("crash"));
    this.#repeatedly(o.stopMs, "stop", () => this.#endGateway("stop"));
    this.#repeatedly(o.outageMs, "outage", () => this.#outage());
    const places = () => this.#clients.map(({ place }) => place);
    this.#repeatedly(o.junkMs, "junk", () => this.#strangers.junk(places()));
    this.#repeatedly(o.ghostMs, "ghost", () => this.#strangers.ghost());
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
    this.#links.isFaulty = false;
    for (const [index, client] of this.#clients.entries()) {
      // For some there is no room: they leave, and the others have it.
      if (index >= this.#options.clientsMax) this.#perform(client, client.leave(this.#now));
      else this.#comeBack(client);
    }
  }

  #runUntil(end: () => Instant): void {
    let atOnce = 0;
    for (;;) {
      let next = Math.min(this.#queue.next, this.#gateway.deadline);
      for (const { device } of this.#clients) next = Math.min(next, device.deadline);
      if (next > end()) {
        this.#now = Math.max(this.#now, end());
        return;
      }
      atOnce = next > this.#now ? 0 : atOnce + 1;
      if (atOnce > EVENTS_AT_ONCE_MAX) this.#fail("time stands still");
      this.#now = Math.max(this.#now, next);
      if (this.#queue.next <= this.#now) this.#queue.runNext();
      else if (this.#gateway.deadline <= this.#now) this.#gateway.handle({ type: "deadline" });
      else this.#deadlineOfDevice();
    }
  }

  #deadlineOfDevice(): void {
    const client = this.#clients.find(({ device }) => device.deadline <= this.#now);
    if (client !== undefined) this.#perform(client, client.device.handle({ type: "deadline" }, this.#now));
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
    this.#perform(client, client.publish(payload, topic, qos, retain, this.#now));
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
    else this.#perform(client, client.comeBack(this.#now));
  }

  #outage(): void {
    if (this.#links.isOut) return;
    this.#links.isOut = true;
    this.#links.breakAll();
    this.#gateway.handle({ type: "broker-reachable", reachable: false });
    this.#queue.add(this.#now + this.#random.next() * 30_000, () => {
      this.#links.isOut = false;
      this.#gateway.handle({ type: "broker-reachable", reachable: true });
    });
  }

  #endGateway(how: "crash" | "stop"): void {
    if (!this.#gateway.isRunning) return;
    this.#gateway[how]();
    // A new one comes when the connections of the old one are gone.
    const { brokerDelayMsMax } = this.#options;
    const pauseMs = how === "crash" ? 0 : 2 * brokerDelayMsMax + this.#random.next() * 5000;
    this.#queue.add(this.#now + pauseMs, () => this.#gateway.start(this.#random.integer(0, 0xffff)));
  }

  // --- Datagrams

  #perform(client: SimulatedClient, effects: readonly DeviceEffect[]): void {
    for (const effect of effects) {
      if (effect.type === "send") this.#fromDevice(client, effect.data);
      else this.#onOutcome(client, effect);
    }
  }

  #fromDevice(client: SimulatedClient, data: Uint8Array): void {
    const message = decode(data);
    this.#arrow(() => `${client.clientId} → ${describe(message)}`);
    if (message.type === "PUBLISH" && message.qos === 2) {
      const payload = Buffer.from(message.data).toString();
      if (client.reusesMsgId(message.msgId, payload)) this.#deliveries.exempt(payload);
    }
    this.#strangers.sees(data);
    this.#toGateway(client.place, data, client);
  }

  #toGateway(from: Place, data: Uint8Array, client?: SimulatedClient): void {
    const sentAt = this.#now;
    this.#network.carry(this.#now, () => {
      if (client !== undefined) this.#noteArrival(client, data, sentAt);
      this.#gateway.receive(from, data);
    });
  }

  #noteArrival({ clientId, isDurable }: SimulatedClient, data: Uint8Array, sentAt: Instant): void {
    const message = decode(data);
    if (message.type === "PUBACK" || message.type === "PUBREC") {
      // A broker that begins a session anew uses the same identifiers again: an old answer may be taken for that to a new message.
      const inFlight = this.#gateway.witness.inFlight(clientId, message.msgId);
      if (inFlight !== undefined && sentAt < inFlight.since) this.#deliveries.missed(inFlight.payload);
    }
    if (message.type !== "PUBLISH") return;
    const payload = Buffer.from(message.data).toString();
    this.#deliveries.reached(payload, this.#gateway.connectionsOf(clientId), !isDurable);
    // I2: a gateway that lost its memory may have given an id of before to another name.
    if (message.topicIdType !== "normal" || this.#gateway.restarts === 0) return;
    const name = this.#gateway.witness.nameOf(clientId, message.topicId);
    if (name !== undefined && name !== this.#deliveries.topicOf(payload)) this.#deliveries.exempt(payload);
  }

  /** To whoever is at the place now, and still is when it arrives. */
  #toDevice(place: Place, data: Uint8Array): void {
    this.#strangers.sees(data);
    const client = this.#clients.find((one) => one.place === place);
    if (client === undefined) return;
    const sentAt = this.#now;
    this.#network.carry(this.#now, () => {
      if (client.place !== place) return;
      this.#arrow(() => `gateway ⇒ ${client.clientId} ${describe(decode(data))}`);
      const isStray = !client.isDurable && sentAt < client.connectedAt;
      for (const effect of client.device.handle({ type: "datagram", data }, this.#now)) {
        if (effect.type === "message") this.#onMessage(client, effect, isStray);
        else this.#perform(client, [effect]);
      }
    });
  }

  #onMessage({ clientId, life }: SimulatedClient, message: Extract<Outcome, { type: "message" }>, isStray: boolean) {
    const payload = Buffer.from(message.data).toString();
    this.#arrow(() => `${clientId} ! message ${payload}`);
    this.#deliveries.arrived(clientId, payload, message.topicName, life, isStray);
  }

  #onOutcome(client: SimulatedClient, outcome: Outcome): void {
    client.saw(outcome, this.#now);
    this.#arrow(() => `${client.clientId} ! ${outcome.type}${"result" in outcome ? ` ${outcome.result}` : ""}`);
    if (outcome.type === "published") {
      const payload = client.take(outcome);
      if (payload === undefined) this.#fail(`${client.clientId}: two outcomes of one request`);
      if (outcome.result === "accepted" && !client.traits.credulous)
        this.#deliveries.accepted(payload, this.#broker.routed);
      // A device that leaves, or had a clean session, does not know what became of it.
      const isGone = outcome.result === "not connected" || outcome.result === "no answer";
      if (outcome.result !== "accepted" && !isGone && !this.#deliveries.isExempt(payload)) {
        this.#fail(`${payload} was not published: ${outcome.result} ${outcome.returnCode}`);
      }
    } else if (outcome.type === "will-updated" && !client.mayRefuse(outcome)) {
      this.#fail(`${client.clientId} could not change its will: ${outcome.result} ${outcome.returnCode}`);
    } else if (outcome.type === "subscribed" && outcome.result === "refused") {
      this.#fail(`${client.clientId} could not subscribe: ${outcome.returnCode}`);
    }
  }

  // --- The end

  /** One that is not let in at the end, for there are too many. */
  #isForNoOne(client: SimulatedClient): boolean {
    return this.#clients.indexOf(client) >= this.#options.clientsMax;
  }

  #isSettled(): boolean {
    if (!this.#gateway.isRunning || this.#links.isOut) return false;
    const isEach = this.#clients.every(
      (client) => client.isSettled && (this.#isForNoOne(client) || this.#broker.pendingFor(client.clientId) === 0),
    );
    return isEach && this.#gateway.witness.links.clientsInUse.length === this.#connectedCount();
  }

  #connectedCount(): number {
    return this.#clients.filter(({ device }) => device.state === "active" || device.state === "asleep").length;
  }

  #unsettled(): string {
    const clients = this.#clients.map((client) => {
      const { clientId, device, open } = client;
      return `${clientId} ${device.state}, ${open.size} open, ${this.#broker.pendingFor(clientId)} at the broker`;
    });
    return [...clients, `connections: ${this.#gateway.witness.links.clientsInUse.join(" ")}`].join("; ");
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
