import type { Message } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import type { ClientRecord } from "./client-record.ts";
import type { Instant } from "./contract.ts";
import { type HeldMessage, HeldMessages } from "./held-messages.ts";
import type { Will } from "./packet.ts";
import type { Losses } from "./reconnects.ts";
import type { Reaction } from "./transitions.ts";

/**
 * none: the connection in use is there to stay · settling: what the client has asked over it is answered first · closing: its end is
 * awaited · waiting: there is none, and a while passes before the next attempt · opening: the broker is asked for the new one ·
 * restoring: what the broker has forgotten is subscribed to again.
 */
type Phase = "none" | "settling" | "closing" | "waiting" | "opening" | "restoring";

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
 * A connection made anew that the broker closes within this time is closed for the same reason as the one before. Another gateway that has
 * lost the client by it waits up to twice broker.reconnect_min before it takes it back, which is to be added.
 */
const YOUNG_MS = 10_000;

/**
 * A client's connection to the broker is made anew, for another will or because it was lost, and the client does not notice: what the
 * gateway holds for it stays, topic ids and all, what was subscribed to is subscribed to again where the broker has forgotten it, and
 * what the client says meanwhile waits.
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
  /** Most connections are never made anew. */
  #held: HeldMessages | undefined;
  /** Since when there is no connection, where it was lost; NEVER where it is made anew on purpose, and while there is one. */
  #lostAt: Instant = NEVER;
  /** Others that were lost together with it. */
  #losses: Losses | undefined;
  /** The broker has closed it, for no reason that we know of. */
  #closedByBroker = false;
  /** Attempts that have failed since it was lost. */
  #failures = 0;
  /** When it was lost, or the last attempt failed. */
  #brokenAt: Instant = 0;
  /** The time of the next attempt was given to this client among all. */
  #reserved = false;
  /** When it was last made anew. */
  #openedAt: Instant = Number.NEGATIVE_INFINITY;

  constructor(client: ClientRecord) {
    this.#client = client;
  }

  get underWay(): boolean {
    return this.#phase !== "none";
  }

  /** The old connection is still in use. */
  get settling(): boolean {
    return this.#phase === "settling";
  }

  /** On purpose the old connection has ended, and the new one is not there yet. */
  get betweenConnections(): boolean {
    return (this.#phase === "closing" || this.#phase === "opening") && !this.recovers;
  }

  /** The connection was lost. */
  get recovers(): boolean {
    return this.#lostAt !== NEVER;
  }

  /** The connection was lost, and an attempt to make it anew has failed. */
  get hasFailed(): boolean {
    return this.#failures > 0;
  }

  /** The next attempt is some time ahead. */
  get waiting(): boolean {
    return this.#phase === "waiting";
  }

  /** When a client that is there has been without its connection for so long that it is told. */
  get tellAt(): Instant {
    return this.#lostAt + this.#client.settings.outageLimitMs;
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

  /**
   * The connection is gone without our asking, or an attempt to make it anew has failed: it is made anew after a wait. `byBroker` as in
   * `link-closed`.
   */
  lost(now: Instant, byBroker = false): void {
    const { context, deliveries, link, requests, will } = this.#client;
    const { reconnects } = context;
    if (this.recovers) {
      this.#failures += 1;
    } else {
      this.#lostAt = now;
      this.#losses = reconnects.lost(now);
    }
    this.#brokenAt = now;
    this.#closedByBroker = byBroker;
    this.#will = will;
    deliveries.suspend();
    requests.suspend();
    link.close(true);
    this.#await(now + reconnects.waitMs(this.#failures));
  }

  /** After a restart of the gateway there is no connection, and what was before is the same as after a loss. */
  restore(now: Instant): void {
    this.#lostAt = now;
    this.#brokenAt = Number.NEGATIVE_INFINITY;
    this.#will = this.#client.will;
    this.#client.deliveries.suspend();
    this.#await(now);
  }

  /** There is reason to try again soon. `first`: before all others that wait. */
  hurry(first: boolean, now: Instant): void {
    if (this.#phase !== "waiting" || this.#due === NEVER) return;
    // The time that is kept for it comes before any that it could get now.
    if (this.#reserved && !first) return;
    this.#await(Math.max(now, this.#brokenAt + this.#client.settings.reconnectMinMs));
    this.#reserved = first;
  }

  /**
   * The wait is over: the next attempt, or a little more patience where others go first. False where the connection is another's by
   * now: the broker closed it and hardly any other, or once more after it was made anew.
   */
  attempt(now: Instant): boolean {
    const { context, link } = this.#client;
    if (this.#isTakenOver) return false;
    if (!this.#reserved) {
      this.#reserved = true;
      this.#due = context.reconnects.reserve(now);
      if (this.#due > now) return true;
    }
    // The one before has to go first.
    if (link.isClosing) this.#due = NEVER;
    else this.#open(now);
    return true;
  }

  /** Whether a message has to wait until the new connection is there. What an open request needs to be answered does not. */
  postpones(message: Message, reaction: Reaction): boolean {
    if (!POSTPONED.has(reaction)) return false;
    // The client knows the id from now on, whatever the broker does: to be asked again would be a second registration to it.
    if (message.type === "REGACK" && message.returnCode === RETURN_CODE.accepted) return false;
    // And what it did not know when it had a message of QoS 0 (G4) it may have been told since.
    if (message.type === "PUBACK" && message.msgId === 0) return false;
    if (this.#phase !== "settling") return true;
    if (reaction === "answer" || this.#client.requests.concerns(message)) return false;
    return message.type !== "PUBLISH" || message.qos !== 0 || this.#held?.empty === false;
  }

  /** Keeps a message until it is over. The client repeats whatever has an answer. */
  hold(message: Message): void {
    const client = this.#client;
    this.#held ??= new HeldMessages(client.settings, client.buffered);
    const limit = this.#held.add(message, client.sleeps);
    if (limit === undefined) return;
    const reason = "too much waits for the broker connection";
    client.note("message.ignored", { message: message.type, reason, limit });
  }

  /** The client has no use for an answer to a message of this type any more. Whether there was one. */
  dropHeld(type: Message["type"]): boolean {
    return this.#held?.drop(type) === true;
  }

  /** Whether a message of this type is held. */
  holds(type: Message["type"]): boolean {
    return this.#held?.has(type) === true;
  }

  /** The oldest message that was held; undefined while they have to wait, and when there are no more. */
  takeHeld(): HeldMessage | undefined {
    while (!this.underWay) {
      const held = this.#held?.take();
      // A client that has gone to sleep since its PINGREQ is not awake now.
      if (held?.message.type !== "PINGREQ" || held.askedIn === this.#client.sleeps) return held;
    }
    return undefined;
  }

  /** Takes the next step where there is nothing left to wait for; true when the new connection is ready. */
  advance(now: Instant): boolean {
    const { link, requests, deliveries } = this.#client;
    if (this.#phase === "restoring" && !requests.restoring) {
      if (this.recovers) this.#client.note("link.restored", { outageMs: Math.round(now - this.#lostAt) });
      else if (this.#client.willUpdate === undefined) this.#client.note("link.renewed", {});
      this.end();
      return true;
    }
    if (this.#phase !== "settling" || !requests.empty || this.#awaitsBacklog()) return false;
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

  /** The connection that had to go first is gone. */
  oldLinkGone(now: Instant): void {
    if (this.#phase === "closing" || (this.#phase === "waiting" && this.#due === NEVER)) this.#open(now);
  }

  /** The broker has accepted the new connection; `advance` tells when it is ready. */
  linkOpened(sessionPresent: boolean, isDoubtful: boolean, now: Instant): void {
    const { durable, requests, deliveries } = this.#client;
    const isKept = sessionPresent && durable;
    this.#phase = "restoring";
    this.#openedAt = now;
    deliveries.renewed(isKept);
    requests.renewed(isKept, isDoubtful);
  }

  /** It is over; what is held is still to be looked at. */
  end(): void {
    this.#phase = "none";
    this.#due = NEVER;
    this.#will = undefined;
    this.#lostAt = NEVER;
    this.#losses = undefined;
    this.#failures = 0;
  }

  /** The client has begun anew or is gone: what it said before means nothing any more, nor does a connection made for that. */
  cancel(): void {
    if (this.#phase === "opening" || this.#phase === "restoring") this.#client.link.close(true);
    this.end();
    this.#held?.clear();
    this.#client.willUpdate = undefined;
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

  get #isTakenOver(): boolean {
    if (!this.#closedByBroker) return false;
    const { reconnects, settings } = this.#client.context;
    const isYoung = this.#brokenAt - this.#openedAt < YOUNG_MS + 2 * settings.reconnectMinMs;
    if (!reconnects.brokerStayed(this.#brokenAt)) return isYoung && reconnects.isBlind;
    return isYoung || (this.#losses !== undefined && reconnects.areFew(this.#losses));
  }

  #open(now: Instant): void {
    const { clientId, durable, link } = this.#client;
    this.#enter("opening", now);
    link.open({ clientId, cleanSession: !durable, will: this.#will });
  }

  #await(due: Instant): void {
    this.#phase = "waiting";
    this.#due = due;
    this.#reserved = false;
  }

  #enter(phase: Phase, now: Instant): void {
    this.#phase = phase;
    this.#due = now + this.#client.settings.connectTimeoutMs;
  }
}
