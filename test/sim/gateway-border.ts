import type { BrokerLimits, Effect, GatewayEvent, LinkId } from "../../src/gateway/contract.ts";
import type { Will } from "../../src/gateway/packet.ts";
import type { BrokerHabits } from "./broker-habits.ts";
import type { DeliveryChecker } from "./checkers/delivery-checker.ts";
import type { Fail } from "./checkers/fail.ts";

interface Crossing {
  readonly clientId: string;
  readonly prefix: string;
  /** The packet identifiers of PUBLISHes that the broker has not finished. */
  readonly unfinished: Set<number>;
}

/**
 * Where a gateway's packets leave for the broker and come from it: it looks that the broker gets nothing that it does not bear, and everything
 * below the mountpoint, and takes that off, so that the world inside knows of plain topics only.
 */
export class GatewayBorder {
  readonly #habits: BrokerHabits;
  readonly #deliveries: DeliveryChecker;
  readonly #fail: Fail;
  readonly #crossings = new Map<LinkId, Crossing>();
  /** The gateway has been told in its present life what the broker takes. */
  #isTold: boolean;

  constructor(habits: BrokerHabits, deliveries: DeliveryChecker, fail: Fail) {
    this.#habits = habits;
    this.#deliveries = deliveries;
    this.#fail = fail;
    this.#isTold = !habits.speaksMqtt5;
  }

  /** What the gateway does, as the world sees it. */
  leaves(effect: Effect): Effect {
    switch (effect.type) {
      case "open": {
        const prefix = this.#habits.mountpoint.replace(`\${clientId}`, effect.connect.clientId);
        this.#crossings.set(effect.link, { clientId: effect.connect.clientId, prefix, unfinished: new Set() });
        const { will } = effect.connect;
        if (will === undefined) return effect;
        return { ...effect, connect: { ...effect.connect, will: this.#plainWill(will, prefix) } };
      }
      case "write": {
        const crossing = this.#crossings.get(effect.link);
        return crossing === undefined ? effect : { ...effect, packet: this.#plainPacket(effect.packet, crossing) };
      }
      case "close":
        this.#interrupted(effect.link);
        return effect;
      case "publish":
        if (effect.retain && !this.#habits.retains) this.#fail(`Retain for ${effect.topic} with QoS −1`);
        return { ...effect, topic: this.#plainOf(effect.topic) };
      default:
        return effect;
    }
  }

  /** What happens in the world, as the gateway is to see it. */
  comes(event: GatewayEvent): GatewayEvent {
    const { speaksMqtt5 } = this.#habits;
    switch (event.type) {
      case "link-opened":
        this.#isTold = true;
        return speaksMqtt5 ? { ...event, limits: this.#limits } : event;
      case "broker-reachable":
        if (event.reachable) this.#isTold = true;
        return speaksMqtt5 && event.reachable ? { ...event, limits: this.#limits } : event;
      case "link-closed":
      case "link-refused":
        this.#interrupted(event.link);
        return event;
      case "packet": {
        const crossing = this.#crossings.get(event.link);
        const { packet } = event;
        if (crossing === undefined) return event;
        if (packet.cmd === "publish") return { ...event, packet: { ...packet, topic: crossing.prefix + packet.topic } };
        const isRefusal = packet.cmd === "pubrec" && (packet.reasonCode ?? 0) >= 0x80;
        if (packet.cmd === "puback" || packet.cmd === "pubcomp" || isRefusal)
          crossing.unfinished.delete(packet.messageId);
        return event;
      }
      default:
        return event;
    }
  }

  /** The gateway is gone, and its connections with it. */
  over(): void {
    for (const link of this.#crossings.keys()) this.#interrupted(link);
    this.#crossings.clear();
    this.#isTold = !this.#habits.speaksMqtt5;
  }

  get #limits(): BrokerLimits {
    const { maxQos, retains, receiveMax } = this.#habits;
    const packetOctetsMax = Number.POSITIVE_INFINITY;
    return { maxQos, retains, receiveMax, packetOctetsMax };
  }

  /** Of what is carried with less than its QoS a broker cannot tell a copy, and the gateway only as long as the connection lasts. */
  #interrupted(link: LinkId): void {
    const crossing = this.#crossings.get(link);
    if (crossing !== undefined && this.#habits.maxQos < 2) this.#deliveries.connectionEnds(crossing.clientId);
  }

  #plainPacket<T extends Extract<Effect, { type: "write" }>["packet"]>(packet: T, crossing: Crossing): T {
    const { prefix } = crossing;
    switch (packet.cmd) {
      case "publish":
        this.#mustBear(packet, packet.topic);
        if (packet.qos > 0) crossing.unfinished.add(packet.messageId);
        if (crossing.unfinished.size > this.#habits.receiveMax)
          this.#fail(
            `${crossing.unfinished.size} PUBLISHes at once, and Receive Maximum is ${this.#habits.receiveMax}`,
          );
        return { ...packet, topic: this.#plain(packet.topic, prefix) };
      case "pubrel":
        if (this.#habits.maxQos < 2) this.#fail("PUBREL to a broker without QoS 2");
        return packet;
      case "subscribe": {
        for (const { qos, topic } of packet.subscriptions) this.#mustBear({ qos, retain: false }, topic);
        const subscriptions = packet.subscriptions.map((each) => ({ ...each, topic: this.#plain(each.topic, prefix) }));
        return { ...packet, subscriptions };
      }
      case "unsubscribe":
        return { ...packet, unsubscriptions: packet.unsubscriptions.map((topic) => this.#plain(topic, prefix)) };
      default:
        return packet;
    }
  }

  #plainWill(will: Will, prefix: string): Will {
    // Before any connection nobody knows what the broker bears: it refuses what it does not.
    if (this.#isTold) this.#mustBear(will, will.topic);
    return { ...will, topic: this.#plain(will.topic, prefix) };
  }

  #mustBear({ qos, retain }: Pick<Will, "qos" | "retain">, topic: string): void {
    if (qos > this.#habits.maxQos)
      this.#fail(`QoS ${qos} for ${topic}, and the broker has none above ${this.#habits.maxQos}`);
    if (retain && !this.#habits.retains) this.#fail(`Retain for ${topic}, and the broker keeps nothing`);
  }

  #plain(topic: string, prefix: string): string {
    if (!topic.startsWith(prefix)) this.#fail(`${topic} is not below the mountpoint ${prefix}`);
    return topic.slice(prefix.length);
  }

  /** The same where it is not known whose it is. */
  #plainOf(topic: string): string {
    const prefix = new RegExp(`^${this.#habits.mountpoint.replace(`\${clientId}`, "[^/]+")}`).exec(topic)?.[0];
    if (prefix === undefined) this.#fail(`${topic} is not below the mountpoint`);
    return topic.slice(prefix.length);
  }
}
