import type { Message } from "../../src/sn/message.ts";
import { RETURN_CODE } from "../../src/sn/return-code.ts";

/** Normal topic ids of one device, as it was told of them: an id that had a name has it for ever (T9, T12). */
export class TopicIdWitness {
  readonly #names = new Map<number, string>();
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

  /** The device has received this. Where an id stands for something else than before: what is to be said of the device. */
  received(message: Message): string | undefined {
    switch (message.type) {
      case "REGISTER":
        return this.#bind(message.topicId, message.topicName ?? "");
      case "REGACK":
      case "SUBACK": {
        const name = this.#asked.get(message.msgId);
        if (message.returnCode !== RETURN_CODE.accepted || message.topicId === 0 || name === undefined)
          return undefined;
        return this.#bind(message.topicId, name);
      }
      default:
        return undefined;
    }
  }

  #bind(topicId: number, name: string): string | undefined {
    const before = this.#names.get(topicId);
    this.#names.set(topicId, name);
    return before === undefined || before === name
      ? undefined
      : `was told that topic id ${topicId} is ${name}, which was ${before}`;
  }
}
