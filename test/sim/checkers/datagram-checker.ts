import { encode } from "../../../src/sn/encode.ts";
import type { Message } from "../../../src/sn/message.ts";
import { SENT_BY_GATEWAY } from "../../sn/sent-by-gateway.ts";
import type { Place, Places } from "../place.ts";
import type { Fail } from "./fail.ts";
import { FOR_CLIENTS } from "./for-clients.ts";

const RETURN_CODE_MAX = 3;

/** Every datagram of a gateway has the one form that its message has (F3, F6, E1), and says only what the standard knows. */
export class DatagramChecker {
  readonly #places: Places;
  readonly #fail: Fail;

  constructor(places: Places, fail: Fail) {
    this.#places = places;
    this.#fail = fail;
  }

  /** `message` is what `data` says; `datagram` is that with its envelope, where there is one. */
  sent(place: Place, data: Uint8Array, datagram: Uint8Array, message: Message): void {
    if (!SENT_BY_GATEWAY.has(message.type)) this.#fail(`${message.type} to ${place.name}`);
    if (Buffer.compare(encode(message), data) !== 0) {
      this.#fail(`${message.type} in another form than its own: ${Buffer.from(data).toString("hex")}`);
    }
    if (message.type !== "GWINFO" && Buffer.compare(this.#places.wrap(place, data), datagram) !== 0) {
      this.#fail(`E5: an envelope in another form: ${Buffer.from(datagram).toString("hex")}`);
    }
    if (message.type === "DISCONNECT" && data.length !== 2) this.#fail("X4: DISCONNECT with a duration to a client");
    if (message.type === "PINGREQ" && data.length !== 2) this.#fail("A-60: PINGREQ with a client id to a client");
    if (message.type === "GWINFO" && data.length !== 3) this.#fail("D8: GWINFO with an address");
    if (message.type === "PUBLISH" && (message.qos === -1 || message.topicIdType === "reserved")) {
      this.#fail(`G9: PUBLISH QoS ${message.qos}, topic id type ${message.topicIdType}`);
    }
    if ("returnCode" in message && message.returnCode > RETURN_CODE_MAX) {
      this.#fail(`A-22: return code ${message.returnCode}`);
    }
  }

  /**
   * `message` answers what the gateway `heard`; undefined where that was no message. What is no message, or not for a gateway, or PUBLISH
   * with QoS −1, is not answered (F5, F7, N3).
   */
  answers(message: Message, heard: Message | undefined): void {
    if (heard === undefined) this.#fail(`F5: ${message.type} in answer to no message`);
    else if (FOR_CLIENTS.has(heard.type)) this.#fail(`F7: ${message.type} in answer to ${heard.type}`);
    else if (heard.type === "PUBLISH" && heard.qos === -1) this.#fail(`N3: ${message.type} in answer to QoS −1`);
  }
}
