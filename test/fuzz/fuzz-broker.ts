import type { BrokerLimits, Effect, GatewayEvent, LinkId } from "../../src/gateway/contract.ts";
import type { AckPacket, PacketFromBroker, PacketToBroker } from "../../src/gateway/packet.ts";
import { invariant } from "./invariant.ts";

/** What a request of the gateway waits for. */
type Awaited = "puback" | "pubrec" | "pubcomp" | "suback" | "unsuback";
/** What a message to the gateway waits for, or `pubrel`: it is the broker's turn. */
type Delivered = "puback" | "pubrec" | "pubrel" | "pubcomp";

/** The broker's end of a connection, with what MQTT says about packet identifiers. */
export interface BrokerEnd {
  readonly id: LinkId;
  state: "opening" | "open" | "closing";
  paused: boolean;
  stalled: boolean;
  /** Packets of the gateway, and `probe`s among them, that have not been answered. */
  readonly unanswered: (PacketToBroker | "probe")[];
  readonly requests: Map<number, Awaited>;
  readonly deliveries: Map<number, Delivered>;
  readonly filters: Set<string>;
  /** What it has said that it cannot do. */
  limits: BrokerLimits | undefined;
  /** Packet identifiers of PUBLISHes that are not finished. */
  readonly unfinished: Set<number>;
}

const ANSWERED_BY = { subscribe: "suback", unsubscribe: "unsuback", pubrel: "pubcomp" } as const;

/** The broker as a fuzz run plays it. It holds the gateway to the rules of MQTT and of the contract's links. */
export class FuzzBroker {
  readonly #ends = new Map<LinkId, BrokerEnd>();
  #lastLink: LinkId = 0;

  get ends(): BrokerEnd[] {
    return [...this.#ends.values()];
  }

  /** Connections that the gateway has opened and not closed. */
  get inUse(): number {
    return this.ends.filter(({ state }) => state !== "closing").length;
  }

  /** The gateway's process is gone, and its connections with it; the next one numbers its own. */
  forget(): void {
    this.#ends.clear();
    this.#lastLink = 0;
  }

  /** Takes in an effect of the gateway. */
  perform(effect: Extract<Effect, { link: LinkId }>): void {
    if (effect.type === "open") {
      invariant(effect.link > this.#lastLink, "a link number is never used again");
      this.#lastLink = effect.link;
      const nothing = {
        requests: new Map(),
        deliveries: new Map(),
        filters: new Set<string>(),
        unfinished: new Set<number>(),
      };
      const none = { unanswered: [], limits: undefined, ...nothing };
      this.#ends.set(effect.link, { id: effect.link, state: "opening", paused: false, stalled: false, ...none });
      return;
    }
    const end = this.#ends.get(effect.link);
    invariant(end !== undefined && end.state !== "closing", `${effect.type} is for a link in use`);
    switch (effect.type) {
      case "write":
        invariant(end.state === "open", "nothing is written before the broker has accepted");
        this.#write(end, effect.packet);
        end.unanswered.push(effect.packet);
        break;
      case "probe":
        invariant(end.state === "open", "nothing is probed before the broker has accepted");
        end.unanswered.push("probe");
        break;
      case "pause":
      case "resume":
        invariant(end.paused === (effect.type === "resume"), "pause and resume alternate");
        end.paused = effect.type === "pause";
        break;
      case "close":
        end.state = "closing";
        break;
    }
  }

  /** Takes note of an event before the gateway gets it. */
  happen(event: GatewayEvent): void {
    if (!("link" in event)) return;
    const end = this.#ends.get(event.link)!;
    if (event.type === "link-closed" || event.type === "link-refused") this.#ends.delete(event.link);
    else if (event.type === "link-opened") {
      end.state = "open";
      end.limits = event.limits;
    } else if (event.type === "link-stalled" || event.type === "link-drained")
      end.stalled = event.type === "link-stalled";
    else if (event.type === "packet") this.#send(end, event.packet);
  }

  /** The packet that answers one of the gateway's; undefined where none does. */
  answer(packet: PacketToBroker, granted: number, reasonCode?: number): PacketFromBroker | undefined {
    switch (packet.cmd) {
      case "publish": {
        if (packet.qos === 0) return undefined;
        const answer = { cmd: packet.qos === 1 ? "puback" : "pubrec", messageId: packet.messageId } as const;
        return reasonCode === undefined ? answer : { ...answer, reasonCode };
      }
      case "pubrel":
        return { cmd: "pubcomp", messageId: packet.messageId };
      case "subscribe":
        return { cmd: "suback", messageId: packet.messageId, granted: packet.subscriptions.map(() => granted) };
      case "unsubscribe":
        return { cmd: "unsuback", messageId: packet.messageId };
      case "pubrec":
        return { cmd: "pubrel", messageId: packet.messageId };
      default:
        return undefined;
    }
  }

  #write(end: BrokerEnd, packet: PacketToBroker): void {
    switch (packet.cmd) {
      case "publish":
        invariant(!end.stalled, "no message is written to a connection that takes no more");
        invariant(packet.qos <= (end.limits?.maxQos ?? 2), "no QoS that the broker has not");
        invariant(
          !packet.retain || end.limits?.retains !== false,
          "nothing is to be retained by a broker that does not",
        );
        if (packet.qos > 0) end.unfinished.add(packet.messageId);
        invariant(
          end.unfinished.size <= (end.limits?.receiveMax ?? Number.POSITIVE_INFINITY),
          "no more PUBLISHes at once than the broker takes",
        );
        if (packet.qos === 0) invariant(packet.messageId === 0, "QoS 0 has no packet identifier");
        else request(end, packet.messageId, packet.qos === 1 ? "puback" : "pubrec");
        return;
      case "subscribe":
      case "unsubscribe":
        if (packet.cmd === "unsubscribe") for (const filter of packet.unsubscriptions) end.filters.delete(filter);
        else for (const { topic } of packet.subscriptions) end.filters.add(topic);
        request(end, packet.messageId, ANSWERED_BY[packet.cmd]);
        return;
      case "pubrel": {
        invariant(isPacketId(packet.messageId), "PUBREL has a packet identifier");
        const awaited = end.requests.get(packet.messageId);
        // One of a message that an earlier connection has carried is not known here.
        invariant(awaited === undefined || awaited === "pubcomp", "PUBREL follows PUBREC");
        end.requests.set(packet.messageId, "pubcomp");
        return;
      }
      default:
        acknowledge(end, packet);
    }
  }

  #send(end: BrokerEnd, packet: PacketFromBroker): void {
    const { messageId } = packet;
    if (packet.cmd === "publish") {
      if (packet.qos > 0) end.deliveries.set(messageId, packet.qos === 1 ? "puback" : "pubrec");
    } else if (packet.cmd === "pubrel") {
      end.deliveries.set(messageId, "pubcomp");
    } else if (end.requests.get(messageId) === packet.cmd) {
      const isRefusal = packet.cmd === "pubrec" && (packet.reasonCode ?? 0) >= 0x80;
      if (packet.cmd !== "pubrec" || isRefusal) end.unfinished.delete(messageId);
      if (packet.cmd === "pubrec" && !isRefusal) end.requests.set(messageId, "pubcomp");
      else end.requests.delete(messageId);
    }
  }
}

function isPacketId(messageId: number): boolean {
  return Number.isInteger(messageId) && messageId > 0 && messageId <= 0xffff;
}

function request(end: BrokerEnd, messageId: number, awaited: Awaited): void {
  invariant(isPacketId(messageId), "a request has a packet identifier");
  invariant(!end.requests.has(messageId), "a packet identifier is in use once");
  end.requests.set(messageId, awaited);
}

function acknowledge(end: BrokerEnd, { cmd, messageId }: AckPacket): void {
  invariant(end.deliveries.get(messageId) === cmd, `${cmd} answers what the broker sent, once`);
  if (cmd === "pubrec") end.deliveries.set(messageId, "pubrel");
  else end.deliveries.delete(messageId);
}
