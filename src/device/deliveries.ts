import type { MsgIdOnly, Publish, Register } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { decodeShortName } from "../sn/short-name.ts";
import type { Instant } from "./contract.ts";
import { isTopicId } from "./is-topic-id.ts";
import type { Outbox } from "./outbox.ts";
import { ReceivedMessages } from "./received-messages.ts";
import type { Retry } from "./retry.ts";
import type { DeviceSettings } from "./settings.ts";
import type { TopicTable } from "./topic-table.ts";

/** What the gateway sends a device of its own accord: topic ids, and messages with the answers that their QoS wants. */
export class Deliveries {
  readonly #outbox: Outbox;
  readonly #topics: TopicTable;
  readonly #received: ReceivedMessages;
  /** PUBREC to the gateway's PUBLISH, which PUBREL answers (R2). */
  #receipt: Retry | undefined;

  constructor(settings: DeviceSettings, outbox: Outbox, topics: TopicTable) {
    this.#outbox = outbox;
    this.#topics = topics;
    // Until then the gateway, with a Tretry like ours, has stopped to repeat.
    this.#received = new ReceivedMessages(settings.receivedMax, settings.tRetryMs * (settings.nRetry + 2));
  }

  /** Whether nothing waits for the gateway's answer. */
  get isIdle(): boolean {
    return this.#receipt === undefined;
  }

  get deadline(): Instant {
    return this.#receipt?.due ?? Number.POSITIVE_INFINITY;
  }

  /** A session begins of which the device believes that it is new. */
  startSession(): void {
    this.#received.startSession();
  }

  /** The connection is gone, or the device sleeps: what waited for PUBREL waits for the next PUBLISH. */
  suspend(): void {
    this.#receipt = undefined;
  }

  /** Sends again what is due. False: Nretry are used up, and the gateway is not there any more (R1). */
  repeat(now: Instant): boolean {
    const receipt = this.#receipt;
    return receipt === undefined || receipt.due > now || this.#outbox.repeat(receipt, now);
  }

  /** G2a: the answer repeats TopicId and MsgId. */
  onRegister({ topicId, msgId, topicName }: Register): void {
    let returnCode: number = RETURN_CODE.accepted;
    if (!isTopicId(topicId)) returnCode = RETURN_CODE.invalidTopicId;
    else if (topicName === null || !this.#topics.bind(topicName, topicId)) returnCode = RETURN_CODE.notSupported;
    this.#outbox.send({ type: "REGACK", topicId, msgId, returnCode });
  }

  /** `isActive`: not awake, where PINGREQ is what is repeated, and makes the gateway repeat (Z10). */
  onPublish(message: Publish, isActive: boolean, now: Instant): void {
    const { topicIdType, topicId, msgId, qos } = message;
    // G9: a gateway never sends it.
    if (qos === -1) return;
    const topicName = this.#topicName(message);
    if (topicIdType === "reserved" || (topicIdType === "normal" && topicName === undefined)) {
      const returnCode = topicIdType === "normal" ? RETURN_CODE.invalidTopicId : RETURN_CODE.notSupported;
      this.#outbox.send({ type: "PUBACK", topicId, msgId, returnCode });
      return;
    }
    const isNew = qos === 2 ? this.#receive(message, isActive, now) : true;
    if (qos === 1) this.#outbox.send({ type: "PUBACK", topicId, msgId, returnCode: RETURN_CODE.accepted });
    if (!isNew) return;
    const { retain, dup, data } = message;
    this.#outbox.tell({ type: "message", topicName, topicIdType, topicId, qos, retain, dup, data });
  }

  onPubRel({ msgId }: MsgIdOnly, now: Instant): void {
    this.#received.finish(msgId, now);
    if (this.#receipt?.message.type === "PUBREC" && this.#receipt.message.msgId === msgId) this.#receipt = undefined;
    this.#outbox.send({ type: "PUBCOMP", msgId });
  }

  /** Whether a QoS 2 message is for the application; answers it. */
  #receive(message: Publish, isActive: boolean, now: Instant): boolean {
    const judgement = this.#received.judge(message, now);
    if (judgement === "late" || judgement === "full") return false;
    if (judgement === "new") this.#received.open(message);
    const { msgId } = message;
    if (isActive) this.#receipt = this.#outbox.request({ type: "PUBREC", msgId }, now);
    else this.#outbox.send({ type: "PUBREC", msgId });
    return judgement === "new";
  }

  #topicName({ topicIdType, topicId }: Publish): string | undefined {
    if (topicIdType === "normal") return this.#topics.name(topicId);
    if (topicIdType === "short") return decodeShortName(topicId) ?? undefined;
    return undefined;
  }
}
