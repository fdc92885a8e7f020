import type { Message } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import type { Instant, Result, WillRequest } from "./contract.ts";
import { octetsOf } from "./octets-of.ts";
import type { Outbox } from "./outbox.ts";
import type { Retry } from "./retry.ts";
import type { DeviceSettings, DeviceWill } from "./settings.ts";

const NO_OCTETS = new Uint8Array(0);

interface Outstanding {
  readonly request: WillRequest;
  readonly retry: Retry;
}

/**
 * A device's will: what it answers when it connects and is prompted (§6.3), and its changes while it is connected (§6.4), one at a time,
 * for their answers have no MsgId to tell them apart.
 */
export class Will {
  readonly #settings: DeviceSettings;
  readonly #outbox: Outbox;
  /** What the gateway has, or is to have with the next CONNECT. */
  #will: DeviceWill | "delete" | undefined;
  #waiting: WillRequest[] = [];
  #outstanding: Outstanding | undefined;

  constructor(settings: DeviceSettings, outbox: Outbox) {
    this.#settings = settings;
    this.#outbox = outbox;
    this.#will = settings.will;
  }

  /** Whether the next CONNECT has the Will flag. */
  get isPrompted(): boolean {
    return this.#will !== undefined;
  }

  /** Whether nothing is outstanding, and nothing waits. */
  get isIdle(): boolean {
    return this.#outstanding === undefined && this.#waiting.length === 0;
  }

  get deadline(): Instant {
    return this.#outstanding?.retry.due ?? Number.POSITIVE_INFINITY;
  }

  /**
   * The answer to the gateway's prompt. undefined where the device did not ask for one: an empty WILLTOPIC would delete a will
   * that is to stay (C1, W2).
   */
  promptAnswer(prompt: "WILLTOPICREQ" | "WILLMSGREQ"): Message | undefined {
    const will = this.#will;
    if (will === undefined) return undefined;
    if (prompt === "WILLMSGREQ") return { type: "WILLMSG", willMsg: will === "delete" ? NO_OCTETS : will.willMsg };
    if (will === "delete") return { type: "WILLTOPIC", empty: true };
    return { type: "WILLTOPIC", empty: false, qos: will.qos, retain: will.retain, willTopic: will.willTopic };
  }

  /** Takes a request, or tells at once why not. */
  add(request: WillRequest): void {
    const { queuedMax, datagramOctetsMax } = this.#settings;
    if (this.#waiting.length >= queuedMax) this.#tell(request, "queue full");
    else if (octetsOf(request) > datagramOctetsMax) this.#tell(request, "too long");
    // W5: without a topic it would be neither the full form nor the empty one.
    else if (isWithoutTopic(request)) this.#tell(request, "refused", RETURN_CODE.notSupported);
    else this.#waiting.push(request);
  }

  /** Sends what can be sent; the device is active. */
  advance(now: Instant): void {
    if (this.#outstanding !== undefined) return;
    const request = this.#waiting.shift();
    if (request === undefined) return;
    this.#outstanding = { request, retry: this.#outbox.request(messageOf(request), now) };
  }

  /** Sends again what is due. False: Nretry are used up, and the gateway is not there any more (R1). */
  repeat(now: Instant): boolean {
    const retry = this.#outstanding?.retry;
    return retry === undefined || retry.due > now || this.#outbox.repeat(retry, now);
  }

  /** Whether this was the answer to what is outstanding (W8). */
  onAnswer(type: "WILLTOPICRESP" | "WILLMSGRESP", returnCode: number, now: Instant): boolean {
    const request = this.#outstanding?.request;
    const awaited = request?.type === "update-will-message" ? "WILLMSGRESP" : "WILLTOPICRESP";
    if (request === undefined || type !== awaited) return false;
    this.#outstanding = undefined;
    if (returnCode === RETURN_CODE.accepted) {
      this.#will = changedBy(request, this.#will);
      this.#tell(request, "accepted");
    } else {
      this.#tell(request, "refused", returnCode);
    }
    this.advance(now);
    return true;
  }

  /** The connection is lost and the device will connect again: what is outstanding waits. */
  suspend(): void {
    if (this.#outstanding !== undefined) this.#waiting.unshift(this.#outstanding.request);
    this.#outstanding = undefined;
  }

  /** Everything fails: the connection has ended and will not be made again. */
  abandon(): void {
    const outstanding = this.#outstanding;
    const waiting = this.#waiting;
    this.#outstanding = undefined;
    this.#waiting = [];
    if (outstanding !== undefined) this.#tell(outstanding.request, "no answer");
    for (const request of waiting) this.#tell(request, "not connected");
  }

  #tell({ token }: WillRequest, result: Result, returnCode: number = RETURN_CODE.accepted): void {
    this.#outbox.tell({ type: "will-updated", token, result, returnCode });
  }
}

function messageOf(request: WillRequest): Message {
  if (request.type === "update-will-message") return { type: "WILLMSGUPD", willMsg: request.willMsg };
  if (request.topic === undefined) return { type: "WILLTOPICUPD", empty: true };
  return { type: "WILLTOPICUPD", empty: false, ...request.topic };
}

/** The will after the gateway has accepted. */
function changedBy(request: WillRequest, before: DeviceWill | "delete" | undefined): DeviceWill | undefined {
  const will = before === "delete" ? undefined : before;
  if (request.type === "update-will-message") return will && { ...will, willMsg: request.willMsg };
  // W7: deletes the message too. W9: a topic without a message has an empty one.
  return request.topic && { willMsg: will?.willMsg ?? NO_OCTETS, ...request.topic };
}

function isWithoutTopic(request: WillRequest): boolean {
  return request.type === "update-will-topic" && request.topic?.willTopic === "";
}
