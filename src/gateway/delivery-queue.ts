import type { Buffered } from "./buffered.ts";
import { InterruptedDelivery } from "./interrupted-delivery.ts";
import type { OutboundTopic } from "./outbound-topic.ts";
import type { PublishPacket } from "./packet.ts";
import type { Settings } from "./settings.ts";

/** A message of the broker that waits for its client, or is on its way to it. */
export interface Delivery {
  /** Undefined for a PUBREL without its PUBLISH: the client has had that, from a gateway or a connection of before. */
  readonly packet: PublishPacket | undefined;
  /** The broker's packet identifier, 0 at QoS 0; towards the client it is the MsgId. */
  readonly packetId: number;
  /** How the PUBLISH names its topic, from the first time it is sent: a repetition is the same message (R5). */
  topic: OutboundTopic | undefined;
  /** The PUBLISH has been sent to the client. */
  sent: boolean;
  /** The broker knows nothing of it any more: its session ended with an earlier connection. The client gets it all the same. */
  orphaned: boolean;
  /** The PUBLISH has been sent with DUP. */
  repeated: boolean;
  /** The client refused a repetition, and was sent the message once more as if for the first time. */
  sentAnew: boolean;
  /** Its REGISTER is repeated as any other: the id alone has been tried, or the client does answer REGISTER. */
  needsRegister: boolean;
  /** The client said that it did not know the topic id; it gets no third chance (G4). */
  registeredAgain: boolean;
  /** How often the client was silent when asked to register the name, all repetitions included. */
  postponed: number;
}

/** What others may know of what waits. */
export type Waiting = Pick<DeliveryQueue, "length" | "octets" | "keepsAny" | "hasRoom" | "exceeds">;

/** Octets that a message counts for beside topic and payload. */
const OVERHEAD_OCTETS = 32;

/** What waits for one client, in the order in which the broker sent it, within two limits of its own and one of all clients. */
export class DeliveryQueue {
  #items: Delivery[] = [];
  #octets = 0;
  readonly #settings: Pick<Settings, "queuedMax" | "queuedOctetsMax">;
  readonly #buffered: Buffered;
  /** What of it was there when the limits were lowered: it stays, even where it is more than they allow. */
  #inherited = 0;
  #inheritedOctets = 0;
  /** What the client was sent over a connection of before; undefined as long as nothing ever was. */
  #interrupted: InterruptedDelivery | undefined;

  constructor(settings: Pick<Settings, "queuedMax" | "queuedOctetsMax">, buffered: Buffered) {
    this.#settings = settings;
    this.#buffered = buffered;
  }

  /** The limits are smaller from now on. */
  limitLowered(): void {
    this.#inherited = this.#items.length;
    this.#inheritedOctets = this.#octets;
  }

  get head(): Delivery | undefined {
    return this.#items[0];
  }

  get length(): number {
    return this.#items.length;
  }

  get octets(): number {
    return this.#octets;
  }

  /** Whether it holds more than this many times what a limit allows. */
  exceeds(factor: number): boolean {
    const { queuedMax, queuedOctetsMax } = this.#settings;
    return (
      this.#items.length > factor * Math.max(queuedMax, this.#inherited) ||
      this.#octets > factor * Math.max(queuedOctetsMax, this.#inheritedOctets)
    );
  }

  /** The limit that it exceeds, by its key. That of all clients leaves each of them one message. */
  get exceededLimit(): string | undefined {
    if (this.exceeds(1)) return "clients.max_queued";
    return this.#buffered.isFull && this.#items.length > 1 ? "clients.max_buffered_bytes" : undefined;
  }

  /** Whether something in it may not be dropped: QoS 1, QoS 2. */
  get keepsAny(): boolean {
    return this.#items.some((item) => item.packetId !== 0);
  }

  /** There is room again, by a margin, so that reading from the broker does not stop and go with every message. */
  get hasRoom(): boolean {
    const { queuedMax, queuedOctetsMax } = this.#settings;
    return this.#items.length * 2 <= queuedMax && this.#octets * 2 <= queuedOctetsMax;
  }

  /** The packet identifier of the message that the client was sent and has not acknowledged; 0 for none. */
  get sentPacketId(): number {
    const { head } = this;
    if (head?.packet !== undefined && head.sent && !head.orphaned) return head.packetId;
    return this.#interrupted?.packetId ?? 0;
  }

  /** What `sentPacketId` was before a restart. */
  restore(sentPacketId: number): void {
    if (sentPacketId !== 0) this.#interruption.restore(sentPacketId);
  }

  /** PUBACK of the client for a message that is not here. */
  acknowledgeInterrupted(msgId: number): void {
    this.#interrupted?.acknowledge(msgId);
  }

  /** Whether the client has acknowledged this message since it was sent it over the connection of before. */
  isAcknowledged(item: Delivery): boolean {
    return this.#interrupted?.isAcknowledged(item) === true;
  }

  /** Takes a message in; its payload is copied, for what it is a part of is written over. */
  push({ topic, payload, qos, retain, dup, messageId }: PublishPacket): void {
    const packet = { cmd: "publish" as const, topic, payload: new Uint8Array(payload), qos, retain, dup, messageId };
    const packetId = messageId;
    // Without DUP it is another message under that identifier, and the broker has forgotten the one of before.
    if (!packet.dup) this.#interrupted?.endOf(packetId);
    const sent = packet.dup && packetId !== 0 && this.#interrupted?.comesAgain(packet) === true;
    const delivery: Delivery = {
      packet,
      packetId,
      topic: undefined,
      sent,
      orphaned: false,
      repeated: false,
      sentAnew: false,
      needsRegister: false,
      registeredAgain: false,
      postponed: 0,
    };
    // Nearly always it is the only one, and a list that has become empty makes room for 17 when it is given one more.
    if (this.#items.length === 0) this.#items = [delivery];
    else this.#items.push(delivery);
    this.#count(1, octetsOf(packet));
  }

  /**
   * A PUBREL goes behind those that wait already, and before every PUBLISH that has not been sent: its message is older. `behindHead`
   * when the head is in flight.
   */
  pushRelease(packetId: number, behindHead: boolean): void {
    const release: Delivery = {
      packet: undefined,
      packetId,
      topic: undefined,
      sent: true,
      orphaned: false,
      repeated: false,
      sentAnew: false,
      needsRegister: false,
      registeredAgain: false,
      postponed: 0,
    };
    let index = behindHead ? 1 : 0;
    while (index < this.#items.length && this.#items[index]!.packet === undefined) index += 1;
    this.#items.splice(index, 0, release);
  }

  /** Whether a PUBREL that the broker has sent waits here. */
  hasRelease(packetId: number): boolean {
    return this.#items.some((item) => item.packet === undefined && item.packetId === packetId && !item.orphaned);
  }

  /** Whether the broker waits for word of a message under this identifier that is here. */
  awaitsAcknowledgement(packetId: number): boolean {
    return this.#items.some((item) => item.packetId === packetId && !item.orphaned);
  }

  /** The same message, which the broker was taken to have forgotten, for it said that it had no session. */
  orphanLike(packet: PublishPacket): Delivery | undefined {
    return this.#items.find((item) => item.orphaned && item.packet !== undefined && isSameMessage(item.packet, packet));
  }

  /** A MsgId for REGISTER: one that no message in it has (M4). The broker numbers from the bottom, so we begin at the top. */
  get freeMsgId(): number {
    let msgId = 0xffff;
    while (this.#items.some((item) => item.packetId === msgId)) msgId -= 1;
    return msgId;
  }

  /** The exchange of the head is over. */
  shift(): void {
    const item = this.#items.shift();
    if (item === undefined) return;
    if (item.packet !== undefined) this.#count(-1, -octetsOf(item.packet));
    this.#interrupted?.endOf(item.packetId);
  }

  /** Drops the oldest QoS 0 message, except the head where that is in flight; undefined when there is none. */
  dropOldestQos0(headInFlight: boolean): PublishPacket | undefined {
    for (let index = headInFlight ? 1 : 0; index < this.#items.length; index += 1) {
      const packet = this.#items[index]!.packet;
      if (packet?.qos !== 0) continue;
      this.#items.splice(index, 1);
      this.#count(-1, -octetsOf(packet));
      return packet;
    }
    return undefined;
  }

  /** The broker has forgotten all of it. */
  orphan(): void {
    this.#interrupted?.end();
    for (const item of this.#items) if (item.packetId !== 0) item.orphaned = true;
  }

  /**
   * Drops what the broker sends again to a new connection: all that it knows of and that was not acknowledged. The message among it
   * that the client has been sent is remembered: the first, where others were sent over a connection before this one, for it is the
   * one that the client is at.
   */
  dropUnacknowledged(): void {
    let sent: PublishPacket | undefined;
    const kept: Delivery[] = [];
    for (const item of this.#items) {
      if (item.packetId === 0 || item.orphaned) {
        kept.push(item);
        continue;
      }
      if (item.packet === undefined) continue;
      this.#count(-1, -octetsOf(item.packet));
      if (item.sent) sent ??= item.packet;
    }
    this.#items = kept;
    // Where the connection of before broke in its turn the broker may not have come to send it again.
    if (sent !== undefined) this.#interruption.begin(sent);
  }

  clear(): void {
    for (const { packet } of this.#items) if (packet !== undefined) this.#count(-1, -octetsOf(packet));
    this.#items = [];
    this.#interrupted?.end();
  }

  get #interruption(): InterruptedDelivery {
    this.#interrupted ??= new InterruptedDelivery();
    return this.#interrupted;
  }

  #count(messages: number, octets: number): void {
    this.#octets += octets;
    this.#buffered.add(messages, octets);
    if (this.#inherited > 0 && messages < 0) this.#inherit();
  }

  /** Something has left: of what was there when the limits were lowered there is at most what there is now. */
  #inherit(): void {
    this.#inherited = Math.min(this.#inherited, this.#items.length);
    this.#inheritedOctets = Math.min(this.#inheritedOctets, this.#octets);
  }
}

function isSameMessage(one: PublishPacket, other: PublishPacket): boolean {
  if (one.messageId !== other.messageId || one.qos !== other.qos || one.topic !== other.topic) return false;
  return Buffer.compare(one.payload, other.payload) === 0;
}

function octetsOf(packet: PublishPacket): number {
  return packet.topic.length + packet.payload.length + OVERHEAD_OCTETS;
}
