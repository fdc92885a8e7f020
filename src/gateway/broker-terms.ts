import type { Context } from "./context.ts";
import type { BrokerLimits } from "./contract.ts";
import { Mountpoint } from "./mountpoint.ts";
import type { MqttQoS, PacketToBroker, PublishPacket, Will } from "./packet.ts";

/** Octets of a PUBLISH beside topic and payload, at most: header, length of the topic, packet identifier, no properties. */
const PUBLISH_HEAD_OCTETS = 10;

/** On which terms the broker takes what one client has to say: below which mountpoint, up to which QoS, how much, retained or not. */
export class BrokerTerms {
  readonly #context: Context;
  readonly #mountpoint: Mountpoint | undefined;
  /** What the broker has said on the connection in use, or on the last one. */
  #limits: BrokerLimits | undefined;

  constructor(context: Context, clientId: string) {
    const { mountpoint } = context.settings;
    this.#context = context;
    this.#mountpoint = mountpoint === "" ? undefined : new Mountpoint(mountpoint, clientId);
  }

  /** A connection has been accepted with these limits. Where nothing else is known they hold for the wills of others too. */
  opened(limits: BrokerLimits | undefined): void {
    this.#limits = limits;
    this.#context.brokerLimits ??= limits;
  }

  /** The highest QoS that may be used. */
  get maxQos(): MqttQoS {
    const { brokerMaxQos } = this.#context.settings;
    const limits = this.#known;
    return limits !== undefined && limits.maxQos < brokerMaxQos ? limits.maxQos : brokerMaxQos;
  }

  /** PUBLISHes of QoS 1 and 2 that may be unfinished at once. */
  get receiveMax(): number {
    return this.#limits?.receiveMax ?? Number.POSITIVE_INFINITY;
  }

  /** Whether a PUBLISH is small enough. */
  fits(topic: string, payload: Uint8Array): boolean {
    const limits = this.#known;
    if (limits === undefined) return true;
    const topicOctets = Buffer.byteLength(this.#mountpoint?.topic(topic) ?? topic);
    return PUBLISH_HEAD_OCTETS + topicOctets + payload.length <= limits.packetOctetsMax;
  }

  /** The packet as it goes to the broker. */
  packet(packet: PacketToBroker): PacketToBroker {
    switch (packet.cmd) {
      case "publish":
        return this.#publish(packet);
      case "subscribe": {
        const subscriptions = packet.subscriptions.map(({ topic, qos }) => ({
          topic: this.#filter(topic),
          qos: this.#atMost(qos),
        }));
        return { ...packet, subscriptions };
      }
      case "unsubscribe":
        return { ...packet, unsubscriptions: packet.unsubscriptions.map((topic) => this.#filter(topic)) };
      default:
        return packet;
    }
  }

  /** The will as it goes to the broker. */
  will(will: Will | undefined): Will | undefined {
    if (will === undefined) return undefined;
    const { topic, payload, qos, retain } = will;
    return {
      topic: this.#mountpoint?.topic(topic) ?? topic,
      payload,
      qos: this.#atMost(qos),
      retain: retain && this.#retains,
    };
  }

  /** What the client calls a topic of the broker; undefined where the client has nothing to do with it. */
  name(topic: string): string | undefined {
    return this.#mountpoint === undefined ? topic : this.#mountpoint.name(topic);
  }

  /** Where this client has no connection what is known is what the gateway's own was told. */
  get #known(): BrokerLimits | undefined {
    return this.#limits ?? this.#context.brokerLimits;
  }

  get #retains(): boolean {
    return this.#context.settings.brokerRetains && this.#known?.retains !== false;
  }

  #publish(packet: PublishPacket): PublishPacket {
    const strips = packet.retain && !this.#retains;
    if (this.#mountpoint === undefined && !strips) return packet;
    const topic = this.#mountpoint?.topic(packet.topic) ?? packet.topic;
    return { ...packet, topic, retain: packet.retain && !strips };
  }

  #filter(filter: string): string {
    return this.#mountpoint?.filter(filter) ?? filter;
  }

  #atMost(qos: MqttQoS): MqttQoS {
    const { maxQos } = this;
    return qos < maxQos ? qos : maxQos;
  }
}
