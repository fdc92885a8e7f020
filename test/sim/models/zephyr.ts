import type { Message } from "../../../src/sn/message.ts";
import { RETURN_CODE } from "../../../src/sn/return-code.ts";
import type { Hearing, Quirks } from "./quirks.ts";

/** Zephyr's client: takes every PUBACK for an acceptance, and hears no PUBLISH without data. */
export class Zephyr implements Quirks {
  hears(message: Message): Hearing {
    if (message.type === "PUBLISH" && message.data.length === 0) return "ignored";
    if (message.type === "PUBACK") return { heardAs: { ...message, returnCode: RETURN_CODE.accepted } };
    return "heard";
  }

  says(): void {}
}
