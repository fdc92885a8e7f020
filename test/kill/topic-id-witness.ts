import type { Message } from "../../src/sn/message.ts";
import { RETURN_CODE } from "../../src/sn/return-code.ts";

/** A restart leaves a quarter of all ids out: after so many the numbering comes round (T12). */
const ROUND = 4;

/** Normal topic ids of one device, as it was told of them: an id that had a name keeps it until the numbering has come round (T9, T12). */
export class TopicIdWitness {
  /** Ids that got another name after that. */
  reused = 0;
  /** The gateway's life in which the device was told last. */
  readonly #names = new Map<number, { name: string; life: number }>();
  /** Names that the device has asked an id for, by the MsgId of its REGISTER or SUBSCRIBE. */
  readonly #asked = new Map<number, string>();

  /** The device sends this. */
  sent(message: Message): void {
    if (message.type === "REGISTER") this.#asked.set(message.msgId, message.topicName ?? "");
    else if (message.type === "SUBSCRIBE") {
      if (message.topicIdType === "normal") this.#asked.set(message.msgId, message.topicName ?? "");
      else this.#asked.delete(message.msgId);
    } else if (message.type === "CONNECT" && message.cleanSession) this.#names.clear();
  }

  /** The device has received this. Where an id stands for something else than before: what is to be said of the device. `life` counts the gateway's. */
  received(message: Message, life: number): string | undefined {
    switch (message.type) {
      case "REGISTER":
        return this.#bind(message.topicId, message.topicName ?? "", life);
      case "REGACK":
      case "SUBACK": {
        const name = this.#asked.get(message.msgId);
        if (message.returnCode !== RETURN_CODE.accepted || message.topicId === 0 || name === undefined)
          return undefined;
        return this.#bind(message.topicId, name, life);
      }
      default:
        return undefined;
    }
  }

  #bind(topicId: number, name: string, life: number): string | undefined {
    const before = this.#names.get(topicId);
    this.#names.set(topicId, { name, life });
    if (before === undefined || before.name === name) return undefined;
    if (life - before.life < ROUND) return `was told that topic id ${topicId} is ${name}, which was ${before.name}`;
    this.reused += 1;
    return undefined;
  }
}
