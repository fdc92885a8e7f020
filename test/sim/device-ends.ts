import type { DeviceEffect, Outcome } from "../../src/device/contract.ts";
import type { Instant } from "../../src/gateway/contract.ts";
import { decode } from "../../src/sn/decode.ts";
import { describe } from "../../src/sn/describe.ts";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import type { DeliveryChecker } from "./checkers/delivery-checker.ts";
import type { Fail } from "./checkers/fail.ts";
import type { GatewayEnd } from "./gateway-end.ts";
import type { Place } from "./place.ts";
import type { SimulatedBroker } from "./simulated-broker.ts";
import type { Heard, SimulatedClient } from "./simulated-client.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";
import type { Strangers } from "./strangers.ts";

/** What the devices need of the world around them. */
export interface DeviceSurroundings {
  readonly clients: readonly SimulatedClient[];
  readonly gateways: readonly GatewayEnd[];
  readonly network: SimulatedNetwork;
  readonly strangers: Strangers;
  readonly broker: SimulatedBroker;
  readonly deliveries: DeliveryChecker;
  readonly connections: ReadonlyMap<string, number>;
  readonly fail: Fail;
  readonly now: () => Instant;
  readonly arrow: (text: () => string) => void;
}

/** All devices: what they send and hear, and what becomes of what they were asked for. */
export class DeviceEnds {
  readonly #world: DeviceSurroundings;

  constructor(world: DeviceSurroundings) {
    this.#world = world;
  }

  /** The earliest time at which one of them has something to do. */
  get deadline(): Instant {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { device } of this.#world.clients) earliest = Math.min(earliest, device.deadline);
    return earliest;
  }

  /** One does what is due. */
  onDeadline(): void {
    const { clients, now } = this.#world;
    const client = clients.find(({ device }) => device.deadline <= now());
    if (client !== undefined) this.perform(client, client.device.handle({ type: "deadline" }, now()));
  }

  perform(client: SimulatedClient, effects: readonly DeviceEffect[]): void {
    for (const effect of effects) {
      if (effect.type === "send") this.#send(client, effect.data);
      else this.#onOutcome(client, effect);
    }
  }

  /** To whoever is at the place now, and still is when it arrives. */
  carry(gateway: string, place: Place, data: Uint8Array): void {
    const { clients, network, strangers, arrow, now } = this.#world;
    strangers.sees(data);
    const client = clients.find((one) => one.place === place);
    if (client === undefined) return;
    const sentAt = now();
    network.carry(sentAt, () => {
      // K2: only its gateway has anything to tell a device.
      if (client.place !== place || client.gateway !== gateway || !client.reaches(gateway)) return;
      arrow(() => `${gateway} ⇒ ${client.clientId} ${describe(decode(data))}`);
      const isStray = !client.isDurable && sentAt < client.connectedAt;
      const message = decode(data);
      if (message.type === "PUBLISH" && message.qos > 0)
        client.heard.set(message.msgId, { payload: Buffer.from(message.data).toString(), sentAt });
      for (const effect of client.device.handle({ type: "datagram", data }, now())) {
        if (effect.type === "message") this.#onMessage(client, effect, isStray);
        else this.perform(client, [effect]);
      }
    });
  }

  #send(client: SimulatedClient, data: Uint8Array): void {
    const { deliveries, strangers, network, gateways, arrow, now } = this.#world;
    const message = decode(data);
    arrow(() => `${client.clientId} → ${describe(message)}`);
    if (message.type === "PUBLISH" && message.qos === 2) {
      const payload = Buffer.from(message.data).toString();
      if (client.reusesMsgId(message.msgId, payload)) deliveries.exempt(payload);
    }
    if (message.type === "CONNECT") client.connects();
    strangers.sees(data);
    const { place } = client;
    const gateway = gateways.find(({ name }) => name === client.gateway)!;
    if (!client.reaches(gateway.name)) return;
    const sentAt = now();
    const heard = "msgId" in message ? client.heard.get(message.msgId) : undefined;
    network.carry(sentAt, () => {
      this.#noteArrival(client, gateway, data, sentAt, heard);
      gateway.receive(place, data);
    });
  }

  /** `heard` is what the device has heard last under the MsgId of the message. */
  #noteArrival(
    { clientId, isDurable }: SimulatedClient,
    gateway: GatewayEnd,
    data: Uint8Array,
    sentAt: Instant,
    heard: Heard | undefined,
  ): void {
    const { deliveries, connections } = this.#world;
    const message = decode(data);
    if (message.type === "PUBACK" || message.type === "PUBREC") {
      // A broker that begins a session anew uses the same identifiers again: an old answer may be taken for that to a new message, and so
      // may the answer to a late copy of the old message, and a repeated PUBREC that had no PUBREL. Nothing in them tells them from the
      // right one.
      const inFlight = gateway.witness.inFlight(clientId, message.msgId);
      const isToOther =
        inFlight !== undefined &&
        heard !== undefined &&
        heard.payload !== inFlight.payload &&
        heard.sentAt < inFlight.since;
      if (inFlight !== undefined && (sentAt < inFlight.since || isToOther)) deliveries.missed(inFlight.payload);
    }
    if (message.type !== "PUBLISH") return;
    const payload = Buffer.from(message.data).toString();
    deliveries.reached(payload, connections.get(clientId) ?? 0, !isDurable);
    // I2: a gateway that lost its memory may have given an id of before to another name.
    if (message.topicIdType !== "normal" || !gateway.hasForgotten) return;
    const name = gateway.witness.nameOf(clientId, message.topicId);
    if (name !== undefined && name !== deliveries.topicOf(payload)) deliveries.exempt(payload);
  }

  #onMessage({ clientId, life }: SimulatedClient, message: Extract<Outcome, { type: "message" }>, isStray: boolean) {
    const payload = Buffer.from(message.data).toString();
    this.#world.arrow(() => `${clientId} ! message ${payload}`);
    this.#world.deliveries.arrived(clientId, payload, message.topicName, life, isStray);
  }

  #onOutcome(client: SimulatedClient, outcome: Outcome): void {
    const { deliveries, broker, arrow, now } = this.#world;
    const fail: Fail = this.#world.fail;
    client.saw(outcome, now());
    arrow(() => `${client.clientId} ! ${outcome.type}${"result" in outcome ? ` ${outcome.result}` : ""}`);
    if (outcome.type === "published") {
      const payload = client.take(outcome);
      if (payload === undefined) fail(`${client.clientId}: two outcomes of one request`);
      if (outcome.result === "accepted" && !client.traits.credulous) deliveries.accepted(payload, broker.routed, now());
      // A device that leaves, or had a clean session, does not know what became of it.
      const isGone = outcome.result === "not connected" || outcome.result === "no answer";
      // It has registered the name again, and the id was lost once more.
      const isUnlucky = outcome.returnCode === RETURN_CODE.invalidTopicId && deliveries.hasCrossedCrash(payload);
      if (
        outcome.result !== "accepted" &&
        !isGone &&
        !isUnlucky &&
        !deliveries.isExempt(payload) &&
        !deliveries.isRefused(payload)
      ) {
        fail(`${payload} was not published: ${outcome.result} ${outcome.returnCode}`);
      }
    } else if (outcome.type === "will-updated" && !client.mayRefuse(outcome)) {
      fail(`${client.clientId} could not change its will: ${outcome.result} ${outcome.returnCode}`);
    } else if (outcome.type === "subscribed" && outcome.result === "refused") {
      fail(`${client.clientId} could not subscribe: ${outcome.returnCode}`);
    }
  }
}
