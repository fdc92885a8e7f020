import type { DeviceState } from "../../../src/device/device.ts";
import type { Message } from "../../../src/sn/message.ts";
import { RETURN_CODE } from "../../../src/sn/return-code.ts";
import type { Fail } from "../checkers/fail.ts";
import type { Hearing, Quirks } from "./quirks.ts";

/**
 * RIOT's emcute: knows no REGISTER of a gateway, refuses a PUBLISH with DUP, QoS 2 or a predefined id, and does not hear a DISCONNECT
 * that it has not asked for. A SUBACK without a topic id is a failure to it.
 */
export class Emcute implements Quirks {
  readonly #fail: Fail;

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  hears(message: Message, state: DeviceState): Hearing {
    switch (message.type) {
      case "REGISTER":
        return "ignored";
      case "DISCONNECT":
        return state === "leaving" ? "heard" : "ignored";
      case "SUBACK":
        if (message.returnCode === RETURN_CODE.accepted && message.topicId === 0) {
          this.#fail("emcute: SUBACK without a topic id");
        }
        return "heard";
      case "PUBLISH": {
        if (state !== "active") return "heard";
        if (!message.dup && message.qos !== 2 && message.topicIdType !== "predefined") return "heard";
        const { topicId, msgId } = message;
        return { answer: { type: "PUBACK", topicId, msgId, returnCode: RETURN_CODE.notSupported } };
      }
      default:
        return "heard";
    }
  }

  says(): void {}
}
