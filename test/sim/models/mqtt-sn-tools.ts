import { encode } from "../../../src/sn/encode.ts";
import type { Message } from "../../../src/sn/message.ts";
import type { MessageName } from "../../../src/sn/msg-type.ts";
import type { Fail } from "../checkers/fail.ts";
import type { Hearing, Quirks } from "./quirks.ts";

/** Octets of the largest message that it can hold. */
const OCTETS_MAX = 255;

const ANSWERS: Partial<Record<MessageName, MessageName>> = {
  CONNECT: "CONNACK",
  REGISTER: "REGACK",
  SUBSCRIBE: "SUBACK",
  UNSUBSCRIBE: "UNSUBACK",
};

/** mqtt-sn-tools: one thing at a time. While it waits for an answer it takes in no PUBLISH. */
export class MqttSnTools implements Quirks {
  readonly #fail: Fail;
  readonly #awaited = new Set<MessageName>();

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  hears(message: Message): Hearing {
    if (encode(message).length > OCTETS_MAX)
      this.#fail(`mqtt-sn-tools: ${message.type} is longer than ${OCTETS_MAX} octets`);
    this.#awaited.delete(message.type);
    if (message.type === "DISCONNECT") this.#awaited.clear();
    return message.type === "PUBLISH" && this.#awaited.size > 0 ? "ignored" : "heard";
  }

  says(message: Message): void {
    if (message.type === "CONNECT") this.#awaited.clear();
    const answer = ANSWERS[message.type];
    if (answer !== undefined) this.#awaited.add(answer);
    if (message.type === "PUBLISH" && message.qos === 1) this.#awaited.add("PUBACK");
  }
}
