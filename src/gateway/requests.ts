import type { Message, MsgIdOnly, Publish, Subscribe, Unsubscribe } from "../sn/message.ts";
import type { Client } from "./client.ts";
import type { Instant } from "./contract.ts";
import type { OpenExchange } from "./open-exchange.ts";
import { OpenExchanges } from "./open-exchanges.ts";
import type { AckPacket, SubackPacket, UnsubackPacket } from "./packet.ts";
import { PublishRequests } from "./publish-requests.ts";
import type { SavedPublish } from "./saved-session.ts";
import { SubscribeRequests } from "./subscribe-requests.ts";

/**
 * What a client asks of the broker: PUBLISH, SUBSCRIBE, UNSUBSCRIBE. Each is answered when the broker has answered, and each may come
 * more than once (R7). `askedIn` is the period of the client in which a request came, which is not the present one where it had to wait
 * for a connection.
 */
export class Requests {
  readonly #client: Client;
  readonly #open: OpenExchanges;
  readonly #publishes: PublishRequests;
  readonly #subscribes: SubscribeRequests;
  #lost: string | undefined;

  constructor(client: Client) {
    this.#client = client;
    this.#open = new OpenExchanges(client.settings);
    this.#publishes = new PublishRequests(client, this.#open);
    this.#subscribes = new SubscribeRequests(client, this.#open);
  }

  /** Whether a SUBSCRIBE waits for the broker. Messages with a name the client does not know may belong to it (S10). */
  get subscribing(): boolean {
    return this.#subscribes.waiting;
  }

  /** How many wait for the broker. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Whether nothing waits for the broker. */
  get empty(): boolean {
    return this.#open.empty;
  }

  /** Whether what the broker had forgotten is being subscribed to again. */
  get restoring(): boolean {
    return this.#subscribes.restoring;
  }

  /**
   * What the broker has forgotten and the client will not ask for again, for people; undefined where there is nothing of that. The client
   * has to begin anew.
   */
  get lost(): string | undefined {
    if (this.#subscribes.refused) return "the broker has forgotten the session, and refused a subscription of it";
    return this.#lost;
  }

  /** QoS 2 messages that the broker has, or may have, and whose exchange is not over. */
  get openPublishes(): SavedPublish[] {
    return this.#publishes.openPublishes;
  }

  /** What `openPublishes` was before a restart. */
  restore(publishes: readonly SavedPublish[], now: Instant): void {
    this.#publishes.restore(publishes, now);
  }

  /** What the broker has of the session is under other topics than those of now: it is subscribed again to all of it. */
  isElsewhere(): void {
    this.#subscribes.unrestored = true;
  }

  /** The broker has forgotten all that it had before a restart. */
  forgetEarlier(): void {
    this.#publishes.forgetEarlier();
  }

  /**
   * The connection is over: nothing that was asked will be answered. What was completed a moment ago is remembered even into a clean
   * session, for a copy of it may come there.
   */
  reset(): void {
    this.#publishes.reset();
    this.#subscribes.reset();
    this.#open.clear();
    this.#lost = undefined;
  }

  /**
   * The connection is over, and another one follows, of which the client is not to know. It repeats what it has no answer to, except a
   * message of QoS 2 that the broker has: of that it repeats PUBREL.
   */
  suspend(): void {
    for (const exchange of this.#open.values()) {
      if (exchange.type === "publish" && exchange.phase !== "sent") exchange.unsure = true;
      else this.#open.delete(exchange);
    }
    this.#subscribes.suspend();
  }

  /**
   * The new connection is there. Where the broker has forgotten the session, or may not have heard what was to be in it, it is subscribed
   * again to what the client has subscribed to. `isDoubtful`: the session may be a new one although the broker has it.
   */
  renewed(isKept: boolean, isDoubtful: boolean): void {
    if (!isKept) {
      if (this.#publishes.holdsAny || this.#publishes.holdsEarlier) {
        this.#lost = "the broker has forgotten the session, and a message of QoS 2 with it";
      }
      this.#publishes.forgetEarlier();
    }
    if ((!isKept || isDoubtful || this.#subscribes.unrestored) && this.#client.subscriptions.size > 0)
      this.#subscribes.restore();
  }

  /** The client has made a request of this type under this number. */
  sawMsgId(type: "register" | Exclude<OpenExchange["type"], "own">, msgId: number): void {
    this.#open.sawMsgId(type, msgId);
  }

  /** Whether the message is about a request that is open, not a new one. */
  concerns(message: Message): boolean {
    switch (message.type) {
      case "PUBLISH":
        return (message.msgId !== 0 || message.dup) && this.#open.find(message.msgId, "publish") !== undefined;
      case "PUBREL":
        return this.#open.find(message.msgId, "publish") !== undefined;
      case "SUBSCRIBE":
        return this.#open.find(message.msgId, "subscribe") !== undefined;
      case "UNSUBSCRIBE":
        return this.#open.find(message.msgId, "unsubscribe") !== undefined;
      default:
        return false;
    }
  }

  /** Whether a message that has to wait for the connection is a copy of one of QoS 2 that was completed a moment ago. */
  isLateCopy(message: Message, now: Instant): boolean {
    return this.#publishes.isLateCopy(message, now);
  }

  publish(message: Publish, askedIn: number, now: Instant): void {
    this.#publishes.publish(message, askedIn, now);
  }

  /** PUBREL of the client. */
  release(message: MsgIdOnly, askedIn: number, now: Instant): void {
    this.#publishes.release(message, askedIn, now);
  }

  subscribe(message: Subscribe, askedIn: number): void {
    this.#subscribes.subscribe(message, askedIn);
  }

  unsubscribe(message: Unsubscribe, askedIn: number): void {
    this.#subscribes.unsubscribe(message, askedIn);
  }

  /** Topic ids that the client was given are not known any more. */
  idsDropped(): void {
    this.#subscribes.idsDropped();
  }

  /** The client wants nothing of a name any more (G3). */
  dropSubscription(filter: string): void {
    this.#subscribes.dropSubscription(filter);
  }

  /** PUBACK, PUBREC or PUBCOMP of the broker. */
  acknowledged(packet: AckPacket, now: Instant): void {
    this.#publishes.acknowledged(packet, now);
  }

  subscribed(packet: SubackPacket): void {
    this.#subscribes.subscribed(packet);
  }

  unsubscribed(packet: UnsubackPacket): void {
    this.#subscribes.unsubscribed(packet);
  }
}
