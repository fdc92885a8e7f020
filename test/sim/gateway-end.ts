import { isDeepStrictEqual } from "node:util";
import type { Random } from "../../src/device/random.ts";
import type { Effect, GatewayEvent, Instant } from "../../src/gateway/contract.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import type { SavedSession } from "../../src/gateway/saved-session.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../src/gateway/settings.ts";
import { decode } from "../../src/sn/decode.ts";
import { describe } from "../../src/sn/describe.ts";
import { eventText, linkEffectText } from "./arrow-text.ts";
import { AcknowledgementChecker } from "./checkers/acknowledgement-checker.ts";
import type { ClientMemory } from "./checkers/client-memory.ts";
import type { DeliveryChecker } from "./checkers/delivery-checker.ts";
import type { Fail } from "./checkers/fail.ts";
import type { SubscriptionChecker } from "./checkers/subscription-checker.ts";
import { Witness } from "./checkers/witness.ts";
import type { EventQueue } from "./event-queue.ts";
import { GatewayBorder } from "./gateway-border.ts";
import type { Place, Places } from "./place.ts";
import type { SimOptions } from "./sim-options.ts";
import type { SimulatedBroker } from "./simulated-broker.ts";
import { SimulatedLinks } from "./simulated-links.ts";
import { SimulatedStore } from "./simulated-store.ts";

/** What a gateway needs of the world around it. */
export interface GatewaySurroundings {
  readonly options: SimOptions;
  readonly settings: Settings;
  readonly queue: EventQueue;
  readonly random: Random;
  readonly places: Places;
  readonly deliveries: DeliveryChecker;
  readonly subscriptions: SubscriptionChecker;
  readonly broker: SimulatedBroker;
  /** For each client how many connections to the broker were made for it when it connected, by all gateways. */
  readonly connections: Map<string, number>;
  /** How often each note was made. */
  readonly notes: Map<string, number>;
  readonly fail: Fail;
  readonly now: () => Instant;
  readonly arrow: (text: () => string) => void;
  /** A message of the gateway of this name is on its way. */
  readonly carry: (gateway: string, place: Place, data: Uint8Array) => void;
  /** A message with QoS −1 goes to the broker. */
  readonly publish: (topic: string, payload: Uint8Array, retain: boolean) => void;
}

/** A real gateway, while there is one: it may die and end, and is started again, with what it has saved or with nothing. */
export class GatewayEnd {
  readonly name: string;
  readonly links: SimulatedLinks;
  readonly #world: GatewaySurroundings;
  readonly #memories = new Map<string, ClientMemory>();
  readonly #store: SimulatedStore | undefined;
  readonly #border: GatewayBorder;
  #gateway: Gateway | undefined;
  #witness: Witness;
  /** How often it was started. */
  #run = 0;

  constructor(name: string, world: GatewaySurroundings, seed: number) {
    const { options, queue, random, broker, now } = world;
    this.name = name;
    this.#world = world;
    this.links = new SimulatedLinks(name, options, queue, random, broker, now, (event) => this.handle(event));
    this.#store = options.saves ? new SimulatedStore() : undefined;
    this.#border = new GatewayBorder(options.habits, world.deliveries, world.fail);
    this.#gateway = new Gateway(world.settings, seed);
    this.#witness = this.#newWitness();
  }

  get isRunning(): boolean {
    return this.#gateway !== undefined;
  }

  /** Whether it was started anew without anything of before. */
  get hasForgotten(): boolean {
    return this.#run > 0 && this.#store === undefined;
  }

  get deadline(): Instant {
    return this.#gateway?.deadline ?? Number.POSITIVE_INFINITY;
  }

  get witness(): Witness {
    return this.#witness;
  }

  /** Whether it has this message for a client that is connected. */
  holds(clientId: string, payload: string): boolean {
    return this.isRunning && this.#witness.holds(clientId, payload);
  }

  /** A message comes in from this place. */
  receive(from: Place, data: Uint8Array): void {
    if (this.#gateway === undefined) return;
    const { places, arrow, now } = this.#world;
    arrow(() => `${from.name} ⇒ ${this.name} ${describe(decode(data))}`);
    this.#witness.hears(from, data, now());
    this.#perform(this.#gateway.handle({ type: "datagram", from: from.address, data: places.wrap(from, data) }, now()));
    this.#witness.handled();
  }

  handle(event: Exclude<GatewayEvent, { type: "datagram" }>): void {
    if (this.#gateway === undefined) return;
    const { arrow, now } = this.#world;
    arrow(() => `${this.name} ⇐ ${eventText(event)}`);
    this.#witness.told(event, now());
    this.#perform(this.#gateway.handle(this.#border.comes(event), now()));
    this.#witness.handled();
  }

  /** Its own connection to the broker is there, or gone. */
  reaches(reachable: boolean): void {
    this.handle({ type: "broker-reachable", reachable });
  }

  /** The process dies: nothing of it is left but what it has saved, and the broker's sessions. */
  crash(): void {
    this.#world.arrow(() => `--- ${this.name} crashes`);
    this.#checkStore();
    this.#border.over();
    this.links.abandonAll();
    this.#store?.crash();
    this.#witness.over();
    this.#gateway = undefined;
  }

  /** The process ends in order: its connections are closed by it, and close. */
  stop(): void {
    this.#world.arrow(() => `--- ${this.name} stops`);
    this.handle({ type: "stop" });
    this.#witness.stopped();
    this.#save();
    this.#border.over();
    this.#witness.over();
    this.#gateway = undefined;
  }

  /** It runs again, and knows what it has saved. */
  start(seed: number): void {
    const { arrow, settings, subscriptions, now } = this.#world;
    arrow(() => `--- ${this.name} starts`);
    this.links.abandonAll();
    this.#run += 1;
    this.#gateway = new Gateway(settings, seed);
    this.#witness = this.#newWitness();
    const saved = this.#store?.saved;
    const sessions = saved?.sessions ?? [];
    const remembered = new Map(sessions.map((one) => [one.clientId, one.subscriptions.map(({ filter }) => filter)]));
    subscriptions.restarts(this.name, remembered);
    if (saved === undefined) {
      for (const { names } of this.#memories.values()) names.clear();
    } else {
      this.#witness.restores(saved, now());
      this.handle({ type: "restore", saved });
      for (const session of saved.sessions) this.#checkRestored(session);
    }
    this.reaches(this.links.reach === "there");
  }

  /** What has come back is what was saved. Who cannot come back as what he was is disconnected. */
  #checkRestored(saved: SavedSession): void {
    const restored = this.#gateway!.savedSession(saved.clientId);
    // There may be too many.
    if (restored === undefined && (!saved.durable || this.#world.options.clientsMax < DEFAULT_SETTINGS.clientsMax))
      return;
    if (isDeepStrictEqual(structuredClone({ ...restored, state: saved.state }), saved)) return;
    this.#world.fail(`A-55: ${saved.clientId} is not what it was: ${JSON.stringify([saved, restored])}`);
  }

  #newWitness(): Witness {
    const memoryOf = (clientId: string) => this.#memoryOf(clientId);
    return new Witness({ ...this.#world, gateway: this.name, memoryOf }, this.#run);
  }

  #memoryOf(clientId: string): ClientMemory {
    let memory = this.#memories.get(clientId);
    if (memory === undefined) {
      const { subscriptions, options } = this.#world;
      const hasQos2 = options.habits.maxQos === 2;
      const fail: Fail = (violation) => this.#world.fail(`${clientId}: ${violation}`);
      const acknowledgements = new AcknowledgementChecker(clientId, this.name, subscriptions, hasQos2, fail);
      memory = { acknowledgements, names: new Map() };
      this.#memories.set(clientId, memory);
    }
    return memory;
  }

  // --- What is saved

  #change(clientId: string): void {
    const store = this.#store;
    if (store === undefined) return;
    const { queue, random, options, now } = this.#world;
    if (!store.isBehind) {
      const run = this.#run;
      queue.add(now() + random.next() * options.saveMsMax, () => {
        if (this.#gateway === undefined || this.#run !== run) return;
        this.#save();
        this.handle({ type: "saved" });
      });
    }
    store.change(clientId);
  }

  #save(): void {
    if (this.#gateway === undefined || this.#store === undefined) return;
    this.#checkStore();
    this.#store.write(this.#gateway);
    this.#world.arrow(() => `${this.name} saves ${this.#store!.clientIds.join(" ")}`);
  }

  /** Whatever is not said to have changed is the same as what is written; and all of it is what has been seen. */
  #checkStore(): void {
    const { fail } = this.#world;
    if (this.#gateway === undefined || this.#store === undefined) return;
    for (const clientId of new Set([...this.#memories.keys(), ...this.#store.clientIds])) {
      const session = this.#gateway.savedSession(clientId);
      this.#witness.keeps(clientId, session);
      if (this.#store.isChanged(clientId) || isSame(session, this.#store.recordOf(clientId))) continue;
      fail(
        `A-54: ${clientId} has changed, and no word of it: ${JSON.stringify([this.#store.recordOf(clientId), session])}`,
      );
    }
  }

  // --- Effects

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#performOne(this.#border.leaves(effect));
  }

  #performOne(effect: Effect): void {
    const { arrow, now, carry, publish, places, connections } = this.#world;
    switch (effect.type) {
      case "note":
        this.#onNote(effect.name, effect.fields);
        break;
      case "send": {
        const { place, data } = places.unwrap(effect.to, effect.data);
        arrow(() => `${this.name} → ${place.name} ${describe(decode(data))}`);
        this.#witness.sends(place, data, effect.data, now());
        carry(this.name, place, data);
        break;
      }
      case "broadcast":
        arrow(() => `${this.name} → all ${describe(decode(effect.data))}`);
        this.#witness.broadcasts(effect);
        break;
      case "publish":
        arrow(() => `${this.name} → own client ${effect.topic} ${Buffer.from(effect.payload).toString()}`);
        this.#witness.publishes(effect.topic, effect.payload);
        if (this.links.reach === "there") publish(effect.topic, effect.payload, effect.retain);
        break;
      case "save":
        this.#change(effect.clientId);
        break;
      default: {
        arrow(() => `${this.name} → ${linkEffectText(effect)}`);
        if (effect.type === "open") {
          const { clientId } = effect.connect;
          // One that is made anew under a client that is connected continues the one of before.
          if (!this.#witness.isConnected(clientId)) connections.set(clientId, (connections.get(clientId) ?? 0) + 1);
        }
        this.#witness.performs(effect, now());
        this.links.perform(effect);
      }
    }
  }

  #onNote(name: string, fields: Readonly<Record<string, unknown>>): void {
    const { notes, arrow, fail, deliveries, subscriptions } = this.#world;
    notes.set(name, (notes.get(name) ?? 0) + 1);
    arrow(() => `${this.name} ! ${name} ${JSON.stringify(fields)}`);
    if (name === "session.failed") fail(`session.failed: ${fields.error}`);
    const clientId = String(fields.clientId);
    switch (name) {
      case "client.moved":
        this.#witness.moved(clientId);
        break;
      case "client.lost":
        this.#witness.lost(clientId);
        break;
      case "link.restored":
      case "link.renewed":
      case "will.updated":
        this.#witness.linkReady(clientId);
        break;
      case "client.taken-over":
        this.#witness.takenOver(clientId);
        break;
      case "client.forgotten":
        this.#witness.forgotten(clientId);
        subscriptions.remembers(this.name, clientId, []);
        break;
      case "delivery.dropped": {
        const { topic, qos, reason } = fields;
        this.#witness.gaveUp(clientId, String(topic), Number(qos), reason === "the queue is full");
        if (Number(qos) > 0) deliveries.gaveUp(clientId, String(topic));
        break;
      }
    }
  }
}

/** Whether two records say the same, but for what is taken along only when something else is written. */
function isSame(one: SavedSession | undefined, other: SavedSession | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const left = { openPublishes: [], inFlight: 0 };
  return isDeepStrictEqual(structuredClone({ ...one, ...left }), structuredClone({ ...other, ...left }));
}
