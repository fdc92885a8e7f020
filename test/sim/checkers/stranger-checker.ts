import type { Effect, Instant } from "../../../src/gateway/contract.ts";
import { decode } from "../../../src/sn/decode.ts";
import type { Message, Publish } from "../../../src/sn/message.ts";
import { decodeShortName } from "../../../src/sn/short-name.ts";
import type { Place } from "../place.ts";
import type { Fail } from "./fail.ts";

/** Answers to one stranger at once, and then one a second (X7). */
const STRANGER_BURST = 3;

/** What a gateway says to those who are no clients of it, to all, and in nobody's name. */
export class StrangerChecker {
  /** Whether nobody knows where below the mountpoint a stranger is. */
  readonly #isNowhere: boolean;
  readonly #fail: Fail;
  isReachable = false;
  /** For each place how many answers a stranger there could still get, and when that was counted. */
  readonly #strangers = new Map<Place, { allowance: number; at: Instant }>();
  /** Who has searched for a gateway: the first time is always answered. */
  readonly #searched = new Set<Place>();

  constructor(mountpoint: string, fail: Fail) {
    this.#isNowhere = mountpoint.includes(`\${clientId}`);
    this.#fail = fail;
  }

  /** `heard` is what the sender at the place has said; undefined where the message answers nothing. */
  toStranger(place: Place, message: Message, heard: Message | undefined, now: Instant): void {
    if (heard === undefined) this.#fail(`${message.type} to ${place.name}, where nobody is`);
    if (message.type === "GWINFO") {
      if (heard.type !== "SEARCHGW") this.#fail("GWINFO to one who did not search");
      return;
    }
    if (message.type === "CONNACK" && message.returnCode !== 0) return;
    if (message.type !== "DISCONNECT") this.#fail(`${message.type} to a stranger at ${place.name}`);
    const before = this.#strangers.get(place) ?? { allowance: STRANGER_BURST, at: now };
    const allowance = Math.min(STRANGER_BURST, before.allowance + (now - before.at) / 1000);
    if (allowance < 1) this.#fail(`X7: more than ${STRANGER_BURST} answers and one a second to ${place.name}`);
    this.#strangers.set(place, { allowance: allowance - 1, at: now });
  }

  /** A datagram to all. */
  broadcasts({ data, radius, near }: Extract<Effect, { type: "broadcast" }>, heard: Message | undefined): void {
    const message = decode(data);
    if (message.type === "ADVERTISE") {
      if (!this.isReachable) this.#fail("D1: ADVERTISE while the broker cannot be reached");
      if (near !== undefined) this.#fail("D12: ADVERTISE of one listener only");
    } else if (message.type === "GWINFO") {
      if (heard?.type !== "SEARCHGW") this.#fail("D8: GWINFO to all, and nobody searched");
      else if (heard.radius !== radius) this.#fail(`D10: GWINFO with radius ${radius}`);
    } else {
      this.#fail(`${message.type} to all`);
    }
  }

  /** The gateway's own client publishes. */
  publishes(topic: string, payload: Uint8Array, heard: Message | undefined): void {
    if (heard?.type !== "PUBLISH" || heard.qos !== -1) this.#fail(`N5: ${topic} is published for nobody`);
    if (!this.isReachable) this.#fail("N5: something is published while the broker cannot be reached");
    const { topicIdType, topicId, data }: Publish = heard;
    if (topicIdType === "normal" || topicIdType === "reserved") this.#fail(`N2: QoS −1 with a ${topicIdType} topic id`);
    if (Buffer.compare(payload, data) !== 0) this.#fail("N5: another payload than that of the PUBLISH");
    if (topicIdType === "short" && decodeShortName(topicId) !== topic)
      this.#fail(`N2: short name ${topicId} is ${topic}`);
  }

  /** A message has been handled that came from this place. */
  handled(from: Place, heard: Message, isAnswered: boolean, published: number): void {
    if (published > 1) this.#fail("N5: one message is published twice");
    if (!this.isReachable) return;
    if (heard.type === "SEARCHGW" && !this.#searched.has(from)) {
      if (!isAnswered) this.#fail(`D8: ${from.name} searches for a gateway and is not answered`);
      this.#searched.add(from);
    }
    if (this.#isNowhere) return;
    if (heard.type === "PUBLISH" && heard.qos === -1 && heard.topicIdType === "short" && published === 0) {
      this.#fail("N5: a PUBLISH with QoS −1 does not reach the broker");
    }
  }
}
