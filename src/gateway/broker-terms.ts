import type { Context } from "./context.ts";
import type { BrokerLimits } from "./contract.ts";
import { Mountpoint } from "./mountpoint.ts";
import type { MqttQoS, PacketToBroker, PublishPacket, Will } from "./packet.ts";

/** Octets of a PUBLISH beside topic and payload, at most: header, length of the topic, packet identifier, no properties. */
const PUBLISH_HEAD_OCTETS = 10;

/** The same of a SUBSCRIBE, and of each filter in it: its length, its options. */
const SUBSCRIBE_HEAD_OCTETS = 8;
const FILTER_HEAD_OCTETS = 3;

/** Reason codes of MQTT 5 that refuse a CONNECT for its will. */
const RETAIN_NOT_SUPPORTED = 0x9a;
const QOS_NOT_SUPPORTED = 0x9b;

/** What MQTT has room for. */
const NO_LIMITS: BrokerLimits = { receiveMax: 65_535, maxQos: 2, retains: true, packetOctetsMax: 268_435_460 };

/** On which terms the broker takes what one client has to say: below which mountpoint, up to which QoS, how much, retained or not. */
export class BrokerTerms {
  readonly #context: Context;
  readonly #mountpoint: Mountpoint | undefined;
  /** What the broker has said on the connection in use, or on the last one. */
  #limits: BrokerLimits | undefined;
  /** The will of the last CONNECT, as it went to the broker. */
  #sentWill: Will | undefined;

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

  /** The broker has refused CONNECT. True where that is for what nobody had told us of yet: the next CONNECT goes without it. */
  refused(reasonCode: number): boolean {
    const will = this.#sentWill;
    const limits = this.#known ?? NO_LIMITS;
    if (reasonCode === QOS_NOT_SUPPORTED && will !== undefined && will.qos > 0) {
      this.#limits = { ...limits, maxQos: will.qos === 2 ? 1 : 0 };
    } else if (reasonCode === RETAIN_NOT_SUPPORTED && will?.retain === true) {
      this.#limits = { ...limits, retains: false };
    } else {
      return false;
    }
    this.#context.brokerLimits ??= this.#limits;
    return true;
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

  /** Whether a SUBSCRIBE with these filters, or an UNSUBSCRIBE, is small enough. */
  fitsFilters(filters: readonly string[]): boolean {
    const limits = this.#known;
    if (limits === undefined) return true;
    let octets = SUBSCRIBE_HEAD_OCTETS;
    for (const filter of filters) octets += FILTER_HEAD_OCTETS + Buffer.byteLength(this.#filter(filter));
    return octets <= limits.packetOctetsMax;
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
    this.#sentWill = will && {
      topic: this.#mountpoint?.topic(will.topic) ?? will.topic,
      payload: will.payload,
      qos: this.#atMost(will.qos),
      retain: will.retain && this.#retains,
    };
    return this.#sentWill;
  }

  /** What stands before every topic of the client. */
  get prefix(): string {
    return this.#mountpoint?.prefix ?? "";
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
