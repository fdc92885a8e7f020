import type { Message } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import type { ClientRecord } from "./client-record.ts";
import type { Instant } from "./contract.ts";
import { HeldMessages } from "./held-messages.ts";
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
  /** What has to wait until it is over. */
  readonly held: HeldMessages;

  constructor(client: ClientRecord) {
    this.#client = client;
    this.held = new HeldMessages(client.settings.inFlightMax);
  }

  get underWay(): boolean {
    return this.#phase !== "none";
  }

  /** The old connection is still in use. */
  get settling(): boolean {
    return this.#phase === "settling";
  }

  /** When the present step has taken too long. */
  get due(): Instant {
    return this.#due;
  }

  /** The client is to have a connection with this will. It is made when nothing is asked over the one in use any more. */
  begin(will: Will | undefined, now: Instant): void {
    this.#will = will;
    this.#enter("settling", now);
  }

  /** Whether a message has to wait until the new connection is there. What an open request needs to be answered does not. */
  postpones(message: Message, reaction: Reaction): boolean {
    if (!POSTPONED.has(reaction)) return false;
    // The client knows the id from now on, whatever the broker does: to be asked again would be a second registration to it.
    if (message.type === "REGACK" && message.returnCode === RETURN_CODE.accepted) return false;
    if (this.#phase !== "settling") return true;
    if (reaction === "answer" || this.#client.requests.concerns(message)) return false;
    return message.type !== "PUBLISH" || message.qos !== 0 || !this.held.empty;
  }

  /** Takes the next step where there is nothing left to wait for; true when the new connection is ready. */
  advance(now: Instant): boolean {
    const { durable, link, requests, deliveries } = this.#client;
    if (!requests.empty) return false;
    if (this.#phase === "restoring") {
      this.end();
      return true;
    }
    // With a clean session the broker would drop what it was asked to keep back.
    if (this.#phase !== "settling" || (link.isPaused && !durable)) return false;
    this.#enter("closing", now);
    deliveries.suspend();
    // With DISCONNECT, or the old will would fire.
    link.close(true);
    return false;
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

  /** The client has begun anew or is gone: what it said before means nothing any more. */
  cancel(): void {
    this.end();
    this.held.clear();
  }

  #enter(phase: Phase, now: Instant): void {
    this.#phase = phase;
    this.#due = now + this.#client.settings.connectTimeoutMs;
  }
}
