import { decode } from "../../src/sn/decode.ts";
import type { Message } from "../../src/sn/message.ts";
import type { MessageName } from "../../src/sn/msg-type.ts";
import { RETURN_CODE } from "../../src/sn/return-code.ts";

/** What only a client sends, or what a gateway sends to all. */
const NOT_TO_ONE_CLIENT: readonly MessageName[] = [
  "ADVERTISE",
  "SEARCHGW",
  "GWINFO",
  "CONNECT",
  "WILLTOPIC",
  "WILLMSG",
  "SUBSCRIBE",
  "UNSUBSCRIBE",
  "WILLTOPICUPD",
  "WILLMSGUPD",
];

/** Answers to what a client asked: they may reach it while it sleeps, if it asked while it slept (Z15). */
const ANSWERS: readonly MessageName[] = [
  "REGACK",
  "PUBACK",
  "PUBREC",
  "PUBCOMP",
  "SUBACK",
  "UNSUBACK",
  "CONNACK",
  "DISCONNECT",
  "PINGRESP",
  "WILLTOPICREQ",
  "WILLMSGREQ",
];

/**
 * Watches the datagrams between the gateway and one client, as the gateway sees them, and says what must never happen. It knows nothing of
 * the code, only what the wire shows.
 */
export class DatagramChecker {
  readonly #fail: (violation: string) => void;
  #state: "other" | "asleep" | "awake" = "other";
  /** Something of the client came since it fell asleep. */
  #hasAsked = false;
  #isLeavingToSleep = false;
  #openPublish: { msgId: number; topicId: number } | undefined;
  #openRegister: number | undefined;
  /** Names of the ids that were told to this client. */
  #nameById = new Map<number, string>();
  /** REGISTERs and SUBSCRIBEs of the client, by MsgId: their answers bind an id to a name. */
  #asked = new Map<number, string>();

  constructor(fail: (violation: string) => void) {
    this.#fail = fail;
  }

  /** The gateway has lost its memory. Ids begin anew. */
  crashed(): void {
    this.#forget();
    this.#nameById.clear();
  }

  /** The gateway said that it gave a message of this client up. */
  gaveUp(): void {
    this.#openPublish = undefined;
    this.#openRegister = undefined;
  }

  /** The gateway is handed this datagram of the client. */
  toGateway(data: Uint8Array): void {
    const message = decode(data);
    this.#hasAsked = true;
    switch (message.type) {
      case "DISCONNECT":
        this.#isLeavingToSleep = (message.duration ?? 0) > 0;
        this.#openPublish = undefined;
        this.#openRegister = undefined;
        break;
      case "CONNECT":
        this.#forget();
        this.#isLeavingToSleep = false;
        break;
      case "PINGREQ":
        if (this.#state === "asleep") this.#state = "awake";
        break;
      case "REGISTER":
        this.#asked.set(message.msgId, message.topicName ?? "");
        break;
      case "SUBSCRIBE":
        if (message.topicIdType === "normal") this.#asked.set(message.msgId, message.topicName ?? "");
        else this.#asked.delete(message.msgId);
        break;
      case "REGACK":
        if (message.msgId === this.#openRegister) this.#openRegister = undefined;
        break;
      case "PUBACK":
        if (message.msgId === this.#openPublish?.msgId) this.#openPublish = undefined;
        break;
      case "PUBCOMP":
        if (message.msgId === this.#openPublish?.msgId) this.#openPublish = undefined;
        break;
      default:
        break;
    }
  }

  /** The gateway sends this datagram to the client. */
  toClient(data: Uint8Array): void {
    const message = decode(data);
    if (message.type === "malformed") {
      this.#fail(`a datagram that is no message: ${message.reason}`);
      return;
    }
    if (NOT_TO_ONE_CLIENT.includes(message.type)) this.#fail(`${message.type} to a client`);
    if (this.#state === "asleep" && !(this.#hasAsked && ANSWERS.includes(message.type))) {
      this.#fail(`Z3: ${message.type} to a sleeping client`);
    }
    this.#checkTopicId(message);
    switch (message.type) {
      case "PUBLISH":
        if (message.qos === -1) this.#fail("G9: QoS −1 to a client");
        if (message.qos > 0) this.#startPublish(message.msgId, message.topicId);
        break;
      case "REGISTER":
        if (this.#openRegister !== undefined && this.#openRegister !== message.msgId) {
          this.#fail(`G6: a second REGISTER, MsgId ${message.msgId}, while ${this.#openRegister} is open`);
        }
        this.#openRegister = message.msgId;
        break;
      case "DISCONNECT":
        this.#forget();
        if (this.#isLeavingToSleep) this.#fallAsleep();
        this.#isLeavingToSleep = false;
        break;
      case "PINGRESP":
        if (this.#state === "awake") {
          if (this.#openPublish !== undefined) this.#fail("Z7: PINGRESP before the last acknowledgement");
          this.#fallAsleep();
        }
        break;
      case "CONNACK":
        this.#state = "other";
        break;
      default:
        break;
    }
  }

  #fallAsleep(): void {
    this.#state = "asleep";
    this.#hasAsked = false;
  }

  #startPublish(msgId: number, topicId: number): void {
    const open = this.#openPublish;
    if (open !== undefined && open.msgId !== msgId) {
      this.#fail(`G6: a second PUBLISH, MsgId ${msgId}, while ${open.msgId} is open`);
    }
    this.#openPublish = { msgId, topicId };
  }

  #checkTopicId(message: Message): void {
    if (message.type === "REGISTER") this.#bind(message.topicId, message.topicName ?? "");
    if (message.type !== "REGACK" && message.type !== "SUBACK") return;
    const name = this.#asked.get(message.msgId);
    if (message.returnCode !== RETURN_CODE.accepted || name === undefined || /[+#]/.test(name)) return;
    this.#bind(message.topicId, name);
  }

  #bind(topicId: number, name: string): void {
    const before = this.#nameById.get(topicId);
    if (before !== undefined && before !== name) {
      this.#fail(`T12: topic id ${topicId} means ${JSON.stringify(name)}, and meant ${JSON.stringify(before)}`);
    }
    this.#nameById.set(topicId, name);
  }

  #forget(): void {
    this.#state = "other";
    this.#openPublish = undefined;
    this.#openRegister = undefined;
  }
}
