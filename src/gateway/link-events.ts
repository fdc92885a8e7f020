import type { Message } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { refusalText, returnCodeOf } from "./broker-refusal.ts";
import type { ClientRecord } from "./client-record.ts";
import type { Connecting } from "./connecting.ts";
import type { GatewayEvent, Instant } from "./contract.ts";
import { FIXED } from "./fixed-messages.ts";
import type { HeldMessage } from "./held-messages.ts";
import type { Sleeping } from "./sleeping.ts";
import type { WillUpdates } from "./will-updates.ts";

export type LinkOpened = Extract<GatewayEvent, { type: "link-opened" }>;

export type LinkRefused = Extract<GatewayEvent, { type: "link-refused" }>;

export type LinkClosed = Extract<GatewayEvent, { type: "link-closed" }>;

/** Who looks at a message that has waited for the connection. */
export interface TakesHeld {
  takeHeld(held: HeldMessage, now: Instant): void;
}

/**
 * What becomes of a client's broker connection, and what that means for the client. One that is lost is made anew, and the client does
 * not notice; where that fails for too long, or something of the client's is lost with it, the client is told.
 */
export class LinkEvents {
  readonly #client: ClientRecord;
  readonly #connecting: Connecting;
  readonly #sleeping: Sleeping;
  readonly #willUpdates: WillUpdates;
  readonly #taker: TakesHeld;

  constructor(
    client: ClientRecord,
    connecting: Connecting,
    sleeping: Sleeping,
    willUpdates: WillUpdates,
    taker: TakesHeld,
  ) {
    this.#client = client;
    this.#connecting = connecting;
    this.#sleeping = sleeping;
    this.#willUpdates = willUpdates;
    this.#taker = taker;
  }

  /** The broker accepted the connection. */
  opened({ sessionPresent, limits }: LinkOpened, now: Instant): void {
    const { renewal, deliveries, link } = this.#client;
    const { isDoubtful } = link;
    link.opened(limits);
    if (renewal.underWay) {
      renewal.linkOpened(sessionPresent, isDoubtful, now);
      return;
    }
    this.#connecting.linkOpened(sessionPresent, isDoubtful, now);
    deliveries.advance(now);
  }

  /** The broker refused the connection. */
  refused({ returnCode: brokerReturnCode, reason: said }: LinkRefused, now: Instant): void {
    const client = this.#client;
    client.link.gone(client.link.id, true);
    client.note("link.refused", { brokerReturnCode, reason: said });
    const reason = refusalText(brokerReturnCode, said);
    const isLearned = client.link.terms.refused(brokerReturnCode);
    const returnCode = isLearned ? RETURN_CODE.congestion : returnCodeOf(brokerReturnCode);
    if (!client.renewal.underWay) {
      this.#connecting.linkFailed(reason, returnCode);
      return;
    }
    // What the broker will not have is not worth another attempt, but to a sleeping client that can only be told when it wakes up.
    if (client.listening && returnCode !== RETURN_CODE.congestion) this.#giveUp(reason, returnCode);
    else this.#lost(reason, false, now, returnCode);
  }

  /** A connection is gone: the one in use, or one that we closed. */
  closed({ link, reason, byBroker, unasked, takenOver }: LinkClosed, now: Instant): void {
    const client = this.#client;
    const { renewal, state } = client;
    if (!client.link.gone(link, unasked)) {
      if (state === "awaiting broker") this.#connecting.oldLinkGone(now);
      else if (renewal.underWay) renewal.oldLinkGone(now);
      return;
    }
    if (!renewal.recovers) this.#noteClosed(reason, byBroker === true);
    if (state === "awaiting broker") this.#connecting.linkFailed(reason);
    else if (takenOver === true && (client.listening || state === "asleep")) this.#takenOver();
    // Otherwise the will is being asked for; the new connection is made when it is known.
    else if (client.listening || state === "asleep") this.#lost(reason, byBroker === true, now);
  }

  /** The broker has answered a probe. */
  probed(): void {
    if (!this.#client.link.probed()) return;
    this.#sleeping.probed();
    this.#client.renewal.linkProbed();
  }

  /** The new connection is ready, and the client has not noticed. */
  renewed(now: Instant): void {
    const { deliveries, requests } = this.#client;
    this.#willUpdates.accept();
    const { lost } = requests;
    if (lost !== undefined) {
      // The client is not to believe in what is not there.
      this.#giveUp(lost);
      return;
    }
    this.#sleeping.linkRenewed();
    // What the client has acknowledged meanwhile is not repeated to it.
    this.#lookAtHeld(now);
    deliveries.resume(now);
  }

  /** A step of making the connection anew is due, or has taken too long. */
  onRenewalDue(now: Instant): void {
    const client = this.#client;
    const { renewal } = client;
    if (renewal.waiting) {
      if (renewal.attempt(now)) return;
      this.#takenOver();
    } else if (renewal.settling) {
      // Nothing has changed: the old connection is still there.
      renewal.end();
      this.#willUpdates.fail(RETURN_CODE.congestion, "requests of the client are open");
      this.#lookAtHeld(now);
    } else {
      this.#lost("no answer from the broker", false, now);
    }
  }

  /** What the connection was opened with holds only a little longer: it is made anew while it is still good. */
  expires(now: Instant): void {
    const client = this.#client;
    const { renewal, link, requests, state } = client;
    if (!link.isOpen || renewal.underWay) return;
    // What a sleeping client has open may take until it wakes up, and its PINGREQ would wait for that.
    if (!client.listening && (state !== "asleep" || !requests.empty)) return;
    client.note("link.expires", { state });
    renewal.begin(client.will, now);
  }

  /** A sleeping client asks for its messages, and the connection that they come over is not there. */
  missedByWaking(now: Instant): void {
    const { renewal } = this.#client;
    renewal.hurry(true, now);
    if (renewal.hasFailed) this.#restIfAwake(now);
  }

  /** A sleeping client says something that nothing can be done about without the connection: it has to connect again. */
  missedBy(message: Message): void {
    this.#client.send(FIXED.disconnect);
    this.#client.disconnect(message.type === "DISCONNECT" ? "DISCONNECT" : "broker connection lost while asleep");
  }

  /** An active client has been without its connection for broker.outage_limit. */
  missedForTooLong(): void {
    this.#giveUp("no broker connection for broker.outage_limit");
  }

  /** The broker sends and sends and does not answer: it will deliver to the next connection what was not acknowledged. */
  overrun(): void {
    const client = this.#client;
    const reason = "the broker sends more than there is room for, and no answer";
    if (client.state === "awaiting broker") {
      this.#connecting.linkFailed(reason);
      return;
    }
    if (client.state === "asleep") client.note("link.closed", { state: client.state, reason });
    this.#giveUp(reason);
  }

  /** Without a word of the broker what it was sent last may tell why it closed the connection. */
  #noteClosed(reason: string, byBroker: boolean): void {
    const { state, link } = this.#client;
    const { text: lastSent, remedy } = link.lastSent;
    this.#client.note("link.closed", byBroker ? { state, reason, lastSent, remedy } : { state, reason });
  }

  /** The client is connected elsewhere, and is not to be disturbed there. */
  #takenOver(): void {
    const client = this.#client;
    client.end("disconnected", true);
    client.note("client.taken-over", { address: client.address });
  }

  /** The connection of a connected client was lost, or could not be made anew. `returnCode` is for the update of its will, if any. */
  #lost(reason: string, byBroker: boolean, now: Instant, returnCode: number = RETURN_CODE.congestion): void {
    const client = this.#client;
    this.#willUpdates.fail(returnCode, reason);
    client.renewal.lost(now, byBroker);
    if (!client.renewal.hasFailed) return;
    client.note("link.retried", { reason });
    this.#restIfAwake(now);
  }

  /**
   * There is no telling when the broker can be reached: a client that waits for its messages goes back to sleep. The one in flight stays
   * where it is.
   */
  #restIfAwake(now: Instant): void {
    const { state, renewal } = this.#client;
    if (renewal.dropHeld("PINGREQ") || state === "awake") this.#sleeping.rest(now);
  }

  /** What has come meanwhile is looked at, until something of it needs a new connection once more. */
  #lookAtHeld(now: Instant): void {
    const { renewal } = this.#client;
    for (let held = renewal.takeHeld(); held !== undefined; held = renewal.takeHeld()) this.#taker.takeHeld(held, now);
  }

  /** No connection is made any more for a connected client. `returnCode` is for the update of its will, if any. */
  #giveUp(reason: string, returnCode: number = RETURN_CODE.congestion): void {
    const client = this.#client;
    this.#willUpdates.fail(returnCode, reason);
    if (client.state !== "asleep") {
      client.send(FIXED.disconnect);
      client.disconnect(reason);
      return;
    }
    // Nothing is sent to it (Z3): it is told when it wakes up.
    client.link.close(true);
    client.renewal.cancel();
    client.deliveries.reset();
  }
}
