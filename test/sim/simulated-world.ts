import type { DeviceEffect, DeviceQoS, Outcome } from "../../src/device/contract.ts";
import { Random } from "../../src/device/random.ts";
import type { Effect, GatewayEvent, Instant } from "../../src/gateway/contract.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import type { MqttQoS } from "../../src/gateway/packet.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../src/gateway/settings.ts";
import { decode } from "../../src/sn/decode.ts";
import { describe } from "../../src/sn/describe.ts";
import { DatagramChecker } from "./datagram-checker.ts";
import { DeliveryChecker } from "./delivery-checker.ts";
import { EventQueue } from "./event-queue.ts";
import type { SimOptions } from "./sim-options.ts";
import { SimulatedBroker } from "./simulated-broker.ts";
import { predefinedTopicsOf, SimulatedClient } from "./simulated-client.ts";
import { SimulatedLinks } from "./simulated-links.ts";
import { SimulatedNetwork } from "./simulated-network.ts";

/** How many arrows a failure shows. */
const ARROWS_KEPT = 50;
/** More events than this at one instant are a loop. */
const EVENTS_AT_ONCE_MAX = 100_000;

export interface SimResult {
  /** What must not happen, and did; undefined when all went well. */
  violation: string | undefined;
  /** The last arrows before it. */
  arrows: string[];
  counts: { upstream: number; accepted: number; downstream: number; arrived: number };
  /** How often each note was made. */
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
  readonly #clients: SimulatedClient[];
  readonly #checkers: DatagramChecker[];
  readonly #deliveries: DeliveryChecker;
  readonly #settings: Settings;
  readonly #onArrow: ((arrow: string) => void) | undefined;
  readonly #arrows: string[] = [];
  readonly #notes = new Map<string, number>();
  #gateway: Gateway;
  #now: Instant = 0;
  #payloads = 0;

  /** `onArrow` is called with every arrow. */
  constructor(options: SimOptions, onArrow?: (arrow: string) => void) {
    this.#options = options;
    this.#onArrow = onArrow;
    this.#random = new Random(options.seed ^ 0x5eed);
    this.#network = new SimulatedNetwork(options, this.#queue, this.#random);
    this.#links = new SimulatedLinks(
      options,
      this.#queue,
      this.#random,
      this.#broker,
      () => this.#now,
      (event) => this.#toGateway(event),
    );
    this.#clients = Array.from(
      { length: options.devices },
      (_, index) => new SimulatedClient(index, options, this.#random),
    );
    this.#checkers = this.#clients.map(
      ({ clientId }) => new DatagramChecker((violation) => this.#fail(`${clientId}: ${violation}`)),
    );
    this.#deliveries = new DeliveryChecker((violation) => this.#fail(violation));
    this.#broker.onAcknowledged = (clientId, packet) => this.#deliveries.acknowledgedToBroker(clientId, packet);
    this.#settings = {
      ...DEFAULT_SETTINGS,
      tRetryMs: options.tRetryMs,
      nRetry: options.nRetry,
      predefinedTopics: this.#clients.flatMap(({ clientId }) => predefinedTopicsOf(clientId)),
    };
    this.#gateway = new Gateway(this.#settings, options.seed);
  }

  run(): SimResult {
    let violation: string | undefined;
    try {
      this.#start();
      this.#runUntil(() => this.#options.faultsMs);
      this.#endFaults();
      // Sleepers wake, messages that are held are tried again, what was given up is connected again: each at most a few times.
      const { tRetryMs, nRetry } = this.#options;
      const boundMs = 20 * tRetryMs * (nRetry + 2) + 20 * 60_000;
      const end = this.#now + boundMs;
      this.#runUntil(() => (this.#isSettled() ? this.#now : end));
      if (!this.#isSettled()) this.#fail(`not settled ${boundMs / 1000} s after the last fault: ${this.#unsettled()}`);
      this.#deliveries.finish(this.#broker.routed);
    } catch (error) {
      violation = error instanceof Violation ? error.message : String((error as Error).stack);
    }
    return { violation, arrows: this.#arrows, counts: this.#deliveries.counts, notes: this.#notes };
  }

  #start(): void {
    const { messageMs, crashMs } = this.#options;
    for (const [index, client] of this.#clients.entries()) {
      this.#queue.add(this.#random.next() * 1000, () => this.#perform(index, client.start(this.#now)));
      this.#repeatedly(messageMs, () => this.#publishUp(index));
      this.#repeatedly(messageMs, () => this.#publishDown(index));
    }
    if (crashMs < Number.POSITIVE_INFINITY) this.#repeatedly(crashMs, () => this.#crash());
  }

  /** Again and again while there are faults, at random times with this mean. */
  #repeatedly(meanMs: number, run: () => void): void {
    this.#queue.add(this.#now + this.#random.next() * 2 * meanMs, () => {
      if (this.#now >= this.#options.faultsMs) return;
      run();
      this.#repeatedly(meanMs, run);
    });
  }

  #endFaults(): void {
    this.#arrow("--- no more faults");
    this.#network.isFaulty = false;
    this.#links.isFaulty = false;
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
      else if (this.#gateway.deadline <= this.#now) this.#toGateway({ type: "deadline" });
      else this.#deadlineOfDevice();
    }
  }

  #deadlineOfDevice(): void {
    for (const [index, { device }] of this.#clients.entries()) {
      if (device.deadline > this.#now) continue;
      this.#perform(index, device.handle({ type: "deadline" }, this.#now));
      return;
    }
  }

  #publishUp(index: number): void {
    const client = this.#clients[index]!;
    const { topic, name } = client.publishTopics[this.#random.integer(0, client.publishTopics.length - 1)]!;
    const qos = this.#random.integer(0, 2) as DeviceQoS;
    this.#payloads += 1;
    const payload = `${client.clientId}-up-${this.#payloads}`;
    this.#deliveries.published(payload, name, qos);
    this.#perform(index, client.publish(payload, topic, qos, this.#now));
  }

  #publishDown(index: number): void {
    const client = this.#clients[index]!;
    const { clientId } = client;
    const topic = client.downNames[this.#random.integer(0, client.downNames.length - 1)]!;
    const qos = this.#random.integer(0, 2) as MqttQoS;
    this.#payloads += 1;
    const payload = `${clientId}-down-${this.#payloads}`;
    const grantedQos = this.#broker.grantedQos(clientId, topic);
    // Only a session that stays keeps what comes while the connection is away.
    const isPromised = client.isDurable && grantedQos !== undefined;
    const promisedQos = isPromised ? (Math.min(qos, grantedQos) as MqttQoS) : undefined;
    this.#deliveries.sentDown(payload, { clientId, topic, qos, grantedQos, promisedQos });
    this.#arrow(`far end → broker ${topic} QoS ${qos} ${payload}`);
    this.#broker.publish(undefined, { topic, payload: Buffer.from(payload), qos, retain: false });
  }

  /** The process dies and is started again; nothing of it is left but the broker's sessions. */
  #crash(): void {
    this.#arrow("--- the gateway crashes");
    this.#links.breakAll();
    for (const checker of this.#checkers) checker.crashed();
    this.#gateway = new Gateway(this.#settings, this.#random.integer(0, 0xffff));
  }

  #perform(index: number, effects: readonly DeviceEffect[]): void {
    for (const effect of effects) {
      if (effect.type === "send") this.#toNetwork(index, effect.data);
      else this.#onOutcome(index, effect);
    }
  }

  #toNetwork(index: number, data: Uint8Array): void {
    const { clientId } = this.#clients[index]!;
    this.#arrow(() => `${clientId} → ${describe(decode(data))}`);
    this.#network.carry(this.#now, () => {
      this.#checkers[index]!.toGateway(data);
      this.#noteOldConnect(index, data);
      this.#arrow(() => `${clientId} ⇒ gateway ${describe(decode(data))}`);
      this.#toGateway({ type: "datagram", from: clientId, data });
    });
  }

  #noteOldConnect(index: number, data: Uint8Array): void {
    const { isDurable, device, open } = this.#clients[index]!;
    if (isDurable || device.state === "connecting" || decode(data).type !== "CONNECT") return;
    for (const payload of open.values()) this.#deliveries.disturbed(payload);
  }

  #onOutcome(index: number, outcome: Outcome): void {
    const client = this.#clients[index]!;
    this.#arrow(() => `${client.clientId} ! ${outcome.type}${"result" in outcome ? ` ${outcome.result}` : ""}`);
    if (outcome.type === "message") {
      this.#deliveries.arrived(client.clientId, Buffer.from(outcome.data).toString(), outcome.topicName);
    } else if (outcome.type === "published") {
      const payload = client.take(outcome);
      if (payload === undefined) this.#fail(`${client.clientId}: two outcomes of one request`);
      else if (outcome.result === "accepted") this.#deliveries.accepted(payload, this.#broker.routed);
      else if (outcome.result === "no answer") this.#deliveries.disturbed(payload);
      else if (!this.#deliveries.isDisturbed(payload)) this.#fail(`${payload} was not published: ${outcome.result}`);
    } else if (outcome.type === "subscribed" && outcome.result !== "accepted") {
      this.#fail(`${client.clientId} could not subscribe: ${outcome.result}`);
    }
  }

  #toGateway(event: GatewayEvent): void {
    if (event.type !== "datagram") this.#arrow(() => `gateway ⇐ ${eventText(event)}`);
    for (const effect of this.#gateway.handle(event, this.#now)) this.#performGateway(effect);
  }

  #performGateway(effect: Effect): void {
    if (effect.type === "note") {
      this.#onNote(effect.name, effect.fields);
    } else if (effect.type === "send") {
      const { to, data } = effect;
      const index = this.#clients.findIndex(({ clientId }) => clientId === to);
      this.#arrow(() => `gateway → ${to} ${describe(decode(data))}`);
      this.#checkers[index]!.toClient(data);
      const { device } = this.#clients[index]!;
      this.#network.carry(this.#now, () => {
        this.#arrow(() => `gateway ⇒ ${to} ${describe(decode(data))}`);
        this.#perform(index, device.handle({ type: "datagram", data }, this.#now));
      });
    } else if ("link" in effect) {
      this.#arrow(() => `gateway → link ${effect.link} ${effectText(effect)}`);
      this.#links.perform(effect);
    }
  }

  #onNote(name: string, fields: Readonly<Record<string, unknown>>): void {
    this.#notes.set(name, (this.#notes.get(name) ?? 0) + 1);
    this.#arrow(() => `gateway ! ${name} ${JSON.stringify(fields)}`);
    if (name === "session.failed") this.#fail(`session.failed: ${fields.error}`);
    if (name !== "delivery.dropped") return;
    const clientId = String(fields.clientId);
    this.#deliveries.gaveUp(clientId, String(fields.topic));
    this.#checkers[this.#clients.findIndex((client) => client.clientId === clientId)]?.gaveUp();
  }

  #isSettled(): boolean {
    return this.#clients.every(
      (client) =>
        client.open.size === 0 &&
        this.#broker.pendingFor(client.clientId) === 0 &&
        (client.device.state === "active" || client.device.state === "asleep"),
    );
  }

  #unsettled(): string {
    return this.#clients
      .map((client) => {
        const { clientId, device, open } = client;
        return `${clientId} ${device.state}, ${open.size} open, ${this.#broker.pendingFor(clientId)} at the broker`;
      })
      .join("; ");
  }

  #arrow(text: string | (() => string)): void {
    const at = (this.#now / 1000).toFixed(3).padStart(9);
    const arrow = `${at} ${typeof text === "string" ? text : text()}`;
    this.#onArrow?.(arrow);
    this.#arrows.push(arrow);
    if (this.#arrows.length > ARROWS_KEPT) this.#arrows.shift();
  }

  #fail(violation: string): never {
    throw new Violation(violation);
  }
}

function eventText(event: GatewayEvent): string {
  if (event.type !== "packet") return "link" in event ? `link ${event.link} ${event.type}` : event.type;
  const { packet, link } = event;
  return `link ${link} ${packetText(packet)}`;
}

function effectText(effect: Effect): string {
  if (effect.type === "write") return packetText(effect.packet);
  if (effect.type === "close") return `close${effect.disconnect ? " with DISCONNECT" : ""}`;
  return effect.type;
}

function packetText(packet: { cmd: string; messageId: number; topic?: string; qos?: number; dup?: boolean }): string {
  const { cmd, messageId, topic, qos, dup } = packet;
  return `${cmd} ${messageId}${topic === undefined ? "" : ` ${topic} QoS ${qos}${dup === true ? " dup" : ""}`}`;
}
