import { encode } from "../sn/encode.ts";
import type { Message, WillMsg, WillTopic } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import type { ClientRecord } from "./client-record.ts";
import type { Instant } from "./contract.ts";
import type { Will } from "./packet.ts";
import type { Settings } from "./settings.ts";
import { isSameWill, willOf, willPayloadOf } from "./will.ts";

/** WILLTOPICUPD or WILLMSGUPD. */
type UpdateMessage = WillTopic | WillMsg;

/** An update for which the connection is made anew. */
export interface WillUpdate {
  readonly message: UpdateMessage;
  readonly will: Will | undefined;
  /** The period of the client in which it asked; see `Client.sleeps`. */
  askedIn: number;
}

const EMPTY = new Uint8Array(0);

/**
 * Updates of a client's will during its connection (§6.4). MQTT cannot change a will within a connection (W10): each is checked, has the
 * broker connection made anew, and is accepted when the broker has it. Only then is it the stored one.
 */
export class WillUpdates {
  readonly #client: ClientRecord;

  constructor(client: ClientRecord) {
    this.#client = client;
  }

  /** `askedIn` is the period of the client in which the message came. */
  take(message: UpdateMessage, askedIn: number, now: Instant): void {
    const client = this.#client;
    const will = updatedWill(client.will, message, client.settings);
    if (typeof will === "string") {
      this.#refuse(message, RETURN_CODE.notSupported, will, askedIn);
    } else if (isSameWill(client.will, will)) {
      this.#answer(message, RETURN_CODE.accepted, askedIn);
    } else {
      client.willUpdate = { message, will, askedIn };
      client.renewal.begin(will, now);
    }
  }

  /** Whether a message is a repetition of the update that is under way (R7): that has one answer. */
  repeats(message: Message): boolean {
    const update = this.#client.willUpdate;
    if (update === undefined || (message.type !== "WILLTOPICUPD" && message.type !== "WILLMSGUPD")) return false;
    if (message.type !== update.message.type || this.#client.renewal.holds(message.type)) return false;
    const will = updatedWill(this.#client.will, message, this.#client.settings);
    if (typeof will === "string" || !isSameWill(will, update.will)) return false;
    update.askedIn = this.#client.sleeps;
    return true;
  }

  /** The connection has been made anew: the broker has the new will, if it was for one. */
  accept(): void {
    if (this.#client.willUpdate === undefined) return;
    const { message, will, askedIn } = this.#client.willUpdate;
    this.#client.willUpdate = undefined;
    this.#client.will = will;
    this.#client.changed();
    this.#client.note("will.updated", { topic: will?.topic, qos: will?.qos, retain: will?.retain });
    this.#answer(message, RETURN_CODE.accepted, askedIn);
  }

  /** The broker does not get the new will, if there is one; the old one stays the stored one. */
  fail(returnCode: number, reason: string): void {
    if (this.#client.willUpdate === undefined) return;
    const { message, askedIn } = this.#client.willUpdate;
    this.#client.willUpdate = undefined;
    this.#refuse(message, returnCode, reason, askedIn);
  }

  #refuse(message: UpdateMessage, returnCode: number, reason: string, askedIn: number): void {
    this.#client.note("will.refused", { message: message.type, returnCode, reason });
    this.#answer(message, returnCode, askedIn);
  }

  #answer({ type }: UpdateMessage, returnCode: number, askedIn: number): void {
    const answer = type === "WILLTOPICUPD" ? "WILLTOPICRESP" : "WILLMSGRESP";
    this.#client.answer(askedIn, encode({ type: answer, returnCode }));
  }
}

/** What an update makes of a will, which may be none; or why it cannot be. */
function updatedWill(will: Will | undefined, message: UpdateMessage, settings: Settings): Will | undefined | string {
  if ("willMsg" in message) {
    // W9
    if (will === undefined) return "there is no will topic";
    const payload = willPayloadOf(message.willMsg, settings);
    return typeof payload === "string" ? payload : { ...will, payload };
  }
  // W7
  if (message.empty) return undefined;
  return willOf(message, will?.payload ?? EMPTY, settings);
}
