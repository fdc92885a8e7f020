import type { Instant } from "../../../src/gateway/contract.ts";
import type { SavedTopic } from "../../../src/gateway/saved-session.ts";
import type { Message, SubscriptionTopic } from "../../../src/sn/message.ts";
import { RETURN_CODE } from "../../../src/sn/return-code.ts";
import { decodeShortName } from "../../../src/sn/short-name.ts";
import { hasWildcard } from "../../../src/sn/topic-name.ts";
import type { BoundName } from "./client-memory.ts";
import type { Fail } from "./fail.ts";

/**
 * Starts of a gateway after which a number may stand for another name: each leaves out a quarter of all numbers (T12), and one that has
 * a number of five starts ago cannot tell.
 */
const RUNS_APART = 4;

/**
 * What the topic ids between the gateway and one client mean, from what both say. What the gateway said in a life of before holds, where it
 * keeps it.
 */
export class TopicIdChecker {
  readonly #fail: Fail;
  readonly #run: number;
  /** Names of the ids that the gateway has given to this client, in whatever connection. */
  readonly #names: Map<number, BoundName>;
  readonly #lifetimeMs: number;
  /** Ids that the client was told, and accepted, in its present connection, with when. */
  readonly #known = new Map<number, Instant>();
  /** Ids that the client may know or not: its word that it does not may be older than its word that it does. */
  readonly #doubtful = new Set<number>();
  /** Messages that the client refused once for their id, by MsgId. */
  readonly #refused = new Map<number, number>();
  /** Ids that the client has asked for itself in its present connection, and was told. */
  readonly #asked = new Set<number>();
  /** REGISTERs and SUBSCRIBEs of the client, by their type and MsgId. */
  readonly #registers = new Map<number, string>();
  readonly #subscribes = new Map<number, SubscriptionTopic>();
  /** Ids that may be registered once more, though the client has accepted them. */
  readonly #interrupted = new Set<number>();
  /** An answer to a REGISTER of before the gateway's start, which may be one to the same REGISTER that follows at once. */
  #early: { msgId: number; topicId: number } | undefined;
  /** The REGISTERs of the gateway that the client has not accepted, by MsgId. */
  readonly #offered = new Map<number, number>();

  /** `names` are those of before, and `run` counts the lives of the gateway; `lifetimeMs` is how long a datagram may be under way. */
  constructor(names: Map<number, BoundName>, run: number, lifetimeMs: number, fail: Fail) {
    this.#names = names;
    this.#run = run;
    this.#lifetimeMs = lifetimeMs;
    this.#fail = fail;
  }

  /** What this id means to the gateway. */
  nameOf(topicId: number): string | undefined {
    return this.#names.get(topicId)?.name;
  }

  /** The gateway has started, and knows these ids of the client from before, or says so. */
  restored(topics: readonly SavedTopic[]): void {
    for (const { id, name, announced } of topics) {
      // One that the client was not told of yet is new here.
      this.#bind(id, name);
      if (announced) this.#known.set(id, Number.NEGATIVE_INFINITY);
    }
  }

  /** Whether the client may be taken to know this id. */
  mayKnow(topicId: number): boolean {
    return this.#known.has(topicId) || this.#doubtful.has(topicId);
  }

  /** A new connection: the client may have forgotten what it knew (T11). */
  connected(): void {
    this.#known.clear();
    this.#doubtful.clear();
    this.#asked.clear();
    this.#interrupted.clear();
    this.#refused.clear();
    this.#offered.clear();
  }

  /** The messages for whose names the gateway waits are sent once more: so may be REGISTER, where its REGACK comes in between. */
  interrupted(): void {
    for (const topicId of this.#offered.values()) this.#interrupted.add(topicId);
  }

  toGateway(message: Message, now: Instant): void {
    this.#early = undefined;
    switch (message.type) {
      case "REGISTER":
        this.#registers.set(message.msgId, message.topicName ?? "");
        break;
      case "SUBSCRIBE":
        this.#subscribes.set(message.msgId, message);
        break;
      case "REGACK": {
        const topicId = this.#offered.get(message.msgId);
        if (topicId === undefined && message.returnCode === RETURN_CODE.accepted) this.#early = message;
        if (topicId !== message.topicId || message.returnCode !== RETURN_CODE.accepted) break;
        this.#offered.delete(message.msgId);
        this.#knows(topicId, now);
        break;
      }
      case "PUBACK":
        if (message.returnCode === RETURN_CODE.invalidTopicId) this.#doesNotKnow(message.topicId, message.msgId, now);
        break;
      default:
        break;
    }
  }

  /** `topic` is that of the message in a PUBLISH, as the far end named it. */
  toClient(message: Message, topic: string | undefined, now: Instant): void {
    switch (message.type) {
      case "REGISTER":
        this.#offer(message.topicId, message.topicName ?? "", message.msgId);
        if (this.#early?.msgId === message.msgId && this.#early.topicId === message.topicId)
          this.#knows(message.topicId, now);
        break;
      case "REGACK": {
        const name = this.#registers.get(message.msgId);
        if (message.returnCode === RETURN_CODE.accepted && name !== undefined) this.#tell(message.topicId, name, now);
        break;
      }
      case "SUBACK":
        if (message.returnCode === RETURN_CODE.accepted) this.#onSubAck(message, now);
        else if (message.topicId !== 0) this.#fail(`S5: a refusing SUBACK with topic id ${message.topicId}`);
        break;
      case "PUBLISH":
        this.#onPublish(message, topic!, now);
        break;
      default:
        break;
    }
  }

  #onSubAck({ msgId, topicId }: Extract<Message, { type: "SUBACK" }>, now: Instant): void {
    const asked = this.#subscribes.get(msgId);
    if (asked === undefined || asked.topicIdType === "reserved") return;
    if (asked.topicIdType !== "normal") {
      if (topicId !== asked.topicId) this.#fail(`A-16: SUBACK with ${topicId} to SUBSCRIBE of ${asked.topicId}`);
    } else if (hasWildcard(asked.topicName ?? "")) {
      if (topicId !== 0) this.#fail(`S3: SUBACK with topic id ${topicId} to a wildcard`);
    } else {
      this.#tell(topicId, asked.topicName ?? "", now);
    }
  }

  #onPublish(publish: Extract<Message, { type: "PUBLISH" }>, topic: string, now: Instant): void {
    const { topicIdType, topicId, dup } = publish;
    if (topicIdType === "short") {
      if (decodeShortName(topicId) !== topic) this.#fail(`I2: a message to ${topic} as short name ${topicId}`);
    } else if (topicIdType === "predefined") {
      if (!topic.endsWith("/predefined")) this.#fail(`I2: a message to ${topic} as predefined id ${topicId}`);
    } else {
      const name = this.nameOf(topicId);
      if (name !== topic) this.#fail(`I2: a message to ${topic} with topic id ${topicId}, which means ${name}`);
      // Some do not do REGISTER: what such a client has asked for it has to know, also where it said once that it does not.
      if (this.#asked.has(topicId) && [...this.#offered.values()].includes(topicId)) this.#knows(topicId, now);
      // A repetition is the same message (R5), whatever the client has said meanwhile.
      if (!dup && !this.#known.has(topicId) && !this.#doubtful.has(topicId)) {
        this.#fail(`G2: topic id ${topicId} is used, and the client has not accepted it`);
      }
    }
  }

  #offer(topicId: number, name: string, msgId: number): void {
    if (hasWildcard(name)) this.#fail(`I6: REGISTER of ${name}`);
    // Zephyr would have it twice. One that is under way when the id comes with a SUBACK as well may be repeated.
    const isAgain = this.#known.has(topicId) && this.#offered.get(msgId) !== topicId;
    if (isAgain && !this.#interrupted.delete(topicId))
      this.#fail(`G2: REGISTER of topic id ${topicId}, which the client has accepted`);
    this.#bind(topicId, name);
    this.#offered.set(msgId, topicId);
  }

  #tell(topicId: number, name: string, now: Instant): void {
    this.#asked.add(topicId);
    this.#bind(topicId, name);
    this.#knows(topicId, now);
  }

  #knows(topicId: number, now: Instant): void {
    this.#known.set(topicId, now);
    this.#doubtful.delete(topicId);
  }

  #doesNotKnow(topicId: number, msgId: number, now: Instant): void {
    const since = this.#known.get(topicId);
    this.#known.delete(topicId);
    // The second time the message is given up, and the id is used for others all the same (G4).
    const isSecond = msgId !== 0 && this.#refused.get(msgId) === topicId;
    if (msgId !== 0) this.#refused.set(msgId, topicId);
    if (isSecond || (since !== undefined && now < since + this.#lifetimeMs)) this.#doubtful.add(topicId);
  }

  #bind(topicId: number, name: string): void {
    if (topicId === 0 || topicId === 0xffff) this.#fail(`I4: topic id ${topicId} for ${name}`);
    const before = this.#names.get(topicId);
    if (before !== undefined && before.name !== name && this.#run - before.run < RUNS_APART) {
      this.#fail(`T12: topic id ${topicId} means ${name}, and meant ${before.name}`);
    }
    this.#names.set(topicId, { name, run: this.#run });
  }
}
