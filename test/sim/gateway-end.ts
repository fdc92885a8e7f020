import type { Effect, GatewayEvent, Instant } from "../../src/gateway/contract.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import type { Settings } from "../../src/gateway/settings.ts";
import { decode } from "../../src/sn/decode.ts";
import { describe } from "../../src/sn/describe.ts";
import { eventText, linkEffectText } from "./arrow-text.ts";
import type { DeliveryChecker } from "./checkers/delivery-checker.ts";
import type { Fail } from "./checkers/fail.ts";
import { Witness } from "./checkers/witness.ts";
import type { Place, Places } from "./place.ts";
import type { SimOptions } from "./sim-options.ts";
import type { SimulatedBroker } from "./simulated-broker.ts";
import type { SimulatedLinks } from "./simulated-links.ts";

/** What the gateway needs of the world around it. */
export interface GatewaySurroundings {
  readonly options: SimOptions;
  readonly settings: Settings;
  readonly places: Places;
  readonly deliveries: DeliveryChecker;
  readonly links: SimulatedLinks;
  readonly broker: SimulatedBroker;
  readonly fail: Fail;
  readonly now: () => Instant;
  readonly arrow: (text: () => string) => void;
  /** A message of the gateway is on its way. */
  readonly carry: (place: Place, data: Uint8Array) => void;
  /** A message with QoS −1 goes to the broker. */
  readonly publish: (topic: string, payload: Uint8Array, retain: boolean) => void;
}

/** The real gateway, while there is one: it may die and end, and is started again. */
export class GatewayEnd {
  readonly #world: GatewaySurroundings;
  readonly notes = new Map<string, number>();
  /** How often it was started after the first time. */
  restarts = 0;
  #gateway: Gateway | undefined;
  #witness: Witness;
  /** For each client how many connections to the broker were made for it when it connected. */
  readonly #connections = new Map<string, number>();

  constructor(world: GatewaySurroundings, seed: number) {
    this.#world = world;
    this.#gateway = new Gateway(world.settings, seed);
    this.#witness = this.#newWitness();
  }

  get isRunning(): boolean {
    return this.#gateway !== undefined;
  }

  get deadline(): Instant {
    return this.#gateway?.deadline ?? Number.POSITIVE_INFINITY;
  }

  get witness(): Witness {
    return this.#witness;
  }

  connectionsOf(clientId: string): number {
    return this.#connections.get(clientId) ?? 0;
  }

  /** A message comes in from this place. */
  receive(from: Place, data: Uint8Array): void {
    if (this.#gateway === undefined) return;
    const { places, arrow, now } = this.#world;
    arrow(() => `${from.name} ⇒ gateway ${describe(decode(data))}`);
    this.#witness.hears(from, data, now());
    this.#perform(this.#gateway.handle({ type: "datagram", from: from.address, data: places.wrap(from, data) }, now()));
    this.#witness.handled();
  }

  handle(event: Exclude<GatewayEvent, { type: "datagram" }>): void {
    if (this.#gateway === undefined) return;
    const { arrow, now } = this.#world;
    arrow(() => `gateway ⇐ ${eventText(event)}`);
    this.#witness.told(event, now());
    this.#perform(this.#gateway.handle(event, now()));
  }

  /** The process dies: nothing of it is left but the broker's sessions. */
  crash(): void {
    this.#world.arrow(() => "--- the gateway crashes");
    this.#world.links.abandonAll();
    this.#gateway = undefined;
  }

  /** The process ends in order: its connections are closed by it, and close. */
  stop(): void {
    this.#world.arrow(() => "--- the gateway stops");
    this.handle({ type: "stop" });
    this.#witness.stopped();
    this.#gateway = undefined;
  }

  /** It runs again, and knows nothing. */
  start(seed: number): void {
    this.#world.arrow(() => "--- the gateway starts");
    this.#world.links.abandonAll();
    this.restarts += 1;
    this.#gateway = new Gateway(this.#world.settings, seed);
    this.#witness = this.#newWitness();
    this.handle({ type: "broker-reachable", reachable: !this.#world.links.isOut });
  }

  #newWitness(): Witness {
    const { options, places, deliveries, broker, fail } = this.#world;
    return new Witness(options, places, deliveries, broker, fail);
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#performOne(effect);
  }

  #performOne(effect: Effect): void {
    const { arrow, now, carry, links, publish, places } = this.#world;
    switch (effect.type) {
      case "note":
        this.#onNote(effect.name, effect.fields);
        break;
      case "send": {
        const { place, data } = places.unwrap(effect.to, effect.data);
        arrow(() => `gateway → ${place.name} ${describe(decode(data))}`);
        this.#witness.sends(place, data, effect.data, now());
        carry(place, data);
        break;
      }
      case "broadcast":
        arrow(() => `gateway → all ${describe(decode(effect.data))}`);
        this.#witness.broadcasts(effect);
        break;
      case "publish":
        arrow(() => `gateway → own client ${effect.topic} ${Buffer.from(effect.payload).toString()}`);
        this.#witness.publishes(effect.topic, effect.payload);
        publish(effect.topic, effect.payload, effect.retain);
        break;
      case "save":
        break;
      default: {
        arrow(() => `gateway → ${linkEffectText(effect)}`);
        if (effect.type === "open") {
          const { clientId } = effect.connect;
          // One that is made anew under a client that is connected continues the one of before.
          if (!this.#witness.isConnected(clientId)) this.#connections.set(clientId, this.connectionsOf(clientId) + 1);
        }
        this.#witness.performs(effect, now());
        links.perform(effect);
      }
    }
  }

  #onNote(name: string, fields: Readonly<Record<string, unknown>>): void {
    this.notes.set(name, (this.notes.get(name) ?? 0) + 1);
    this.#world.arrow(() => `gateway ! ${name} ${JSON.stringify(fields)}`);
    if (name === "session.failed") this.#world.fail(`session.failed: ${fields.error}`);
    const clientId = String(fields.clientId);
    if (name === "client.moved") this.#witness.moved(clientId);
    if (name === "client.forgotten") this.#witness.forgotten(clientId);
    if (name !== "delivery.dropped") return;
    const { topic, qos, reason } = fields;
    this.#witness.gaveUp(clientId, String(topic), Number(qos), reason === "the queue is full");
    if (Number(qos) > 0) this.#world.deliveries.gaveUp(clientId, String(topic));
  }
}
