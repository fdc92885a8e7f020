import type { Message } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import type { ClientRecord } from "./client-record.ts";
import type { Instant } from "./contract.ts";
import { type HeldMessage, HeldMessages } from "./held-messages.ts";
import type { Will } from "./packet.ts";
import type { Reaction } from "./transitions.ts";

/**
 * none: the connection in use is there to stay · settling: what the client has asked over it is answered first · closing: its end is
 * awaited · opening: the broker is asked for the new one · restoring: what the broker has forgotten is subscribed to again.
 */
type Phase = "none" | "settling" | "closing" | "opening" | "restoring";

/** What the client says that needs the broker, or that only makes sense in the order of what does. */
const POSTPONED: ReadonlySet<Reaction> = new Set<Reaction>([
  "publish",
  "release",
  "subscribe",
  "unsubscribe",
  "answer",
  "willUpdate",
  "wake",
]);

const NEVER: Instant = Number.POSITIVE_INFINITY;

/**
 * A client's connection to the broker is made anew, and the client does not notice: what the gateway holds for it stays, topic ids and
 * all, what was subscribed to is subscribed to again where the broker has forgotten it, and what the client says meanwhile waits.
 */
export class LinkRenewal {
  readonly #client: ClientRecord;
  #phase: Phase = "none";
  #will: Will | undefined;
  #due: Instant = NEVER;
  /**
   * What the broker was asked to keep back has to be here before a clean session ends with its connection: "kept back" while reading is
   * paused, then "probing" until the broker's sign of life, before which all of that comes.
   */
  #backlog: "none" | "kept back" | "probing" = "none";
  readonly #held: HeldMessages;

  constructor(client: ClientRecord) {
    this.#client = client;
    this.#held = new HeldMessages(client.settings.inFlightMax);
  }

  get underWay(): boolean {
    return this.#phase !== "none";
  }

  /** The old connection is still in use. */
  get settling(): boolean {
    return this.#phase === "settling";
  }

  /** The old connection has ended, and the new one is not there yet. */
  get betweenConnections(): boolean {
    return this.#phase === "closing" || this.#phase === "opening";
  }

  /** When the present step has taken too long. */
  get due(): Instant {
    return this.#due;
  }

  /** The client is to have a connection with this will. It is made when nothing is asked over the one in use any more. */
  begin(will: Will | undefined, now: Instant): void {
    this.#will = will;
    this.#backlog = "none";
    this.#enter("settling", now);
  }

  /** The connection is gone without our asking, or there is none after a restart: it is made anew, after a wait. */
  lost(_now: Instant): void {}

  /** Whether a message has to wait until the new connection is there. What an open request needs to be answered does not. */
  postpones(message: Message, reaction: Reaction): boolean {
    if (!POSTPONED.has(reaction)) return false;
    // The client knows the id from now on, whatever the broker does: to be asked again would be a second registration to it.
    if (message.type === "REGACK" && message.returnCode === RETURN_CODE.accepted) return false;
    // And what it did not know when it had a message of QoS 0 (G4) it may have been told since.
    if (message.type === "PUBACK" && message.msgId === 0) return false;
    if (this.#phase !== "settling") return true;
    if (reaction === "answer" || this.#client.requests.concerns(message)) return false;
    return message.type !== "PUBLISH" || message.qos !== 0 || !this.#held.empty;
  }

  /** Keeps a message until it is over. The client repeats whatever has an answer. */
  hold(message: Message): void {
    const client = this.#client;
    if (this.#held.add(message, client.sleeps)) return;
    const reason = "too much waits for the broker connection";
    client.note("message.ignored", { message: message.type, reason, limit: "clients.max_in_flight" });
  }

  /** Whether a message of this type is held. */
  holds(type: Message["type"]): boolean {
    return this.#held.has(type);
  }

  /** The oldest message that was held; undefined while they have to wait, and when there are no more. */
  takeHeld(): HeldMessage | undefined {
    while (!this.underWay) {
      const held = this.#held.take();
      // A client that has gone to sleep since its PINGREQ is not awake now.
      if (held?.message.type !== "PINGREQ" || held.askedIn === this.#client.sleeps) return held;
    }
    return undefined;
  }

  /** Takes the next step where there is nothing left to wait for; true when the new connection is ready. */
  advance(now: Instant): boolean {
    const { link, requests, deliveries } = this.#client;
    if (!requests.empty) return false;
    if (this.#phase === "restoring") {
      this.end();
      return true;
    }
    if (this.#phase !== "settling" || this.#awaitsBacklog()) return false;
    this.#enter("closing", now);
    deliveries.suspend();
    // With DISCONNECT, or the old will would fire.
    link.close(true);
    return false;
  }

  /** The broker has answered every probe. */
  linkProbed(): void {
    if (this.#backlog === "probing") this.#backlog = "none";
  }

  /** The old connection is gone. */
  oldLinkGone(now: Instant): void {
    const { clientId, durable, link } = this.#client;
    this.#enter("opening", now);
    link.open({ clientId, cleanSession: !durable, will: this.#will });
  }

  /** The broker has accepted the new connection; `advance` tells when it is ready. */
  linkOpened(sessionPresent: boolean): void {
    const { durable, link, requests, deliveries, subscriptions } = this.#client;
    const isKept = sessionPresent && durable;
    this.#phase = "restoring";
    link.opened();
    deliveries.renewed(isKept);
    if (!isKept && subscriptions.size > 0) requests.restoreSubscriptions();
  }

  /** It is over; what is held is still to be looked at. */
  end(): void {
    this.#phase = "none";
    this.#due = NEVER;
    this.#will = undefined;
  }

  /** The client has begun anew or is gone: what it said before means nothing any more, nor does a connection made for that. */
  cancel(): void {
    if (this.#phase === "opening" || this.#phase === "restoring") this.#client.link.close(true);
    this.end();
    this.#held.clear();
  }

  #awaitsBacklog(): boolean {
    const { durable, link } = this.#client;
    if (durable) return false;
    if (link.isPaused) {
      this.#backlog = "kept back";
    } else if (this.#backlog === "kept back") {
      this.#backlog = "probing";
      link.probe();
    }
    return this.#backlog !== "none";
  }

  #enter(phase: Phase, now: Instant): void {
    this.#phase = phase;
    this.#due = now + this.#client.settings.connectTimeoutMs;
  }
}
