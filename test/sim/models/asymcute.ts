import type { Message } from "../../../src/sn/message.ts";
import type { Hearing, Quirks } from "./quirks.ts";

/** RIOT's asymcute: knows no REGISTER of a gateway, and passes a PUBLISH of QoS 2 on without ever answering it. */
export class Asymcute implements Quirks {
  hears(message: Message): Hearing {
    if (message.type === "REGISTER" || message.type === "PUBREL") return "ignored";
    // At QoS 0 nothing is answered.
    if (message.type === "PUBLISH" && message.qos === 2) return { heardAs: { ...message, qos: 0 } };
    return "heard";
  }

  says(): void {}
}
