import type { Instant } from "../../../src/gateway/contract.ts";
import type { Message } from "../../../src/sn/message.ts";
import type { MessageName } from "../../../src/sn/msg-type.ts";
import { RETURN_CODE } from "../../../src/sn/return-code.ts";
import type { SimOptions } from "../sim-options.ts";
import { AskedAnswers } from "./asked-answers.ts";
import type { ClientState } from "./client-state.ts";
import { ConnectChecker } from "./connect-checker.ts";
import type { Fail } from "./fail.ts";
import { type HeldMessage, HeldMessages, isSame } from "./held-messages.ts";
import type { OpenExchange } from "./open-exchange.ts";
import { SentMessages } from "./sent-messages.ts";

/** What a gateway hears while a client connects. */
const CONNECTS: ReadonlySet<MessageName> = new Set(["CONNECT", "WILLTOPIC", "WILLMSG", "DISCONNECT"]);

/**
 * Watches the messages between the gateway and one client, in the order in which the gateway has them, and says what must never happen:
 * an answer that nobody asked for, two exchanges at once, anything for a client that sleeps.
 */
export class ExchangeChecker {
  readonly #fail: Fail;
  readonly #awakeMessagesMax: number;
  readonly #tRetryMs: number;
  readonly #patienceMs: number;
  state: ClientState = "none";
  open: OpenExchange | undefined;
  readonly connect: ConnectChecker;
  /** When the exchange began that was open when the gateway sent DISCONNECT. */
  unansweredSince: Instant | undefined;
  /** When the gateway first asked again for a PUBCOMP that it has had. */
  releasedAgainSince: Instant | undefined;
  readonly #asked: AskedAnswers;
  #isLeavingToSleep = false;
  readonly #held: HeldMessages;
  #publishedInPeriod = 0;
  /** Its connection to the broker is gone for good, which it cannot be told while it sleeps. */
  #isCutOff = false;
  /** The broker connection is being made anew. */
  #isRemade = false;
  /** Attempts at that which have failed. */
  #failures = 0;
  /** The message that the client acknowledged meanwhile. */
  #unheard: HeldMessage | undefined;
  /** The message that the client has said PUBREC to last. */
  #inHand: HeldMessage | undefined;
  /** What shows that a client is active, and may at the same time answer what it is sent for that reason. */
  #early: Message | undefined;
  #isActiveAfterAll = false;
  readonly #sent = new SentMessages();
  /** What the client was sent last over a connection that is over, and had not acknowledged by then. */
  #interrupted: { msgId: number; payload: string | undefined } | undefined;
  /** The MsgId of the last exchange, where that was one of QoS 2 and nothing came after it. */
  #completed: number | undefined;

  /** `onLost` is told the payload of each message that the gateway alone had, and has no more. */
  constructor(options: SimOptions, onLost: (payload: string) => void, fail: Fail) {
    const { awakeMessagesMax, tRetryMs, nRetry } = options;
    this.connect = new ConnectChecker(options);
    this.#asked = new AskedAnswers(fail);
    this.#held = new HeldMessages(onLost);
    this.#awakeMessagesMax = awakeMessagesMax;
    this.#tRetryMs = tRetryMs;
    this.#patienceMs = tRetryMs * (nRetry + 1);
    this.#fail = fail;
  }

  /** In the sense of the standard. */
  get isConnected(): boolean {
    return this.state === "active" || this.state === "asleep" || this.state === "awake";
  }

  /** What the message in flight with this MsgId is, and since when; undefined where there is none. */
  inFlight(msgId: number): { payload: string; since: Instant } | undefined {
    if (this.open?.kind !== "PUBLISH" || this.open.msgId !== msgId || this.#held.first === undefined) return undefined;
    return { payload: this.#held.first.payload, since: this.open.since };
  }

  /** Whether this message waits for the client. */
  holds(payload: string): boolean {
    return this.#held.has(payload);
  }

  get holdsSomething(): boolean {
    return this.#held.length > 0;
  }

  /** The set-up is made from its beginning: the client waits for nothing of before. */
  setUpAnew(): void {
    this.#begin();
    this.#held.clear();
    this.#asked.awaitConnack();
  }

  /** It was kept as sleeping, and what it says next shows that it is active. */
  isActiveAfterAll(): void {
    this.state = "active";
    this.#isActiveAfterAll = true;
  }

  /** After a restart of the gateway: what of the client is known of before, and nothing of its exchanges. */
  restored(state: "active" | "asleep"): void {
    this.state = state;
    this.#isRemade = true;
    this.#failures = 0;
  }

  /** Whether the gateway has given its CONNECT up. */
  isAbandoned(now: Instant): boolean {
    return this.state === "connecting" && this.connect.isAbandoned(now);
  }

  /** Whether an answer with this MsgId is one to the PUBLISH in flight, or to one of QoS 0. */
  awaits(msgId: number): boolean {
    // One that was acknowledged while nobody could be told is in flight as before.
    if (msgId === 0 || (this.#isRemade && this.#unheard?.packetId === msgId)) return true;
    return this.open?.kind === "PUBLISH" && this.open.msgId === msgId;
  }

  /** The session is gone without a word to the client. */
  ended(): void {
    this.state = "none";
    this.#begin();
    this.#held.clear();
  }

  /** The gateway said that it gave a message up: the one in flight, or for want of room the oldest that is not. */
  gaveUp(topic: string, qos: number, forWantOfRoom: boolean): void {
    const isHeadInFlight = this.open !== undefined && !this.open.isReceived && this.open.kind !== "PUBREL";
    const first = forWantOfRoom && isHeadInFlight ? 1 : 0;
    if (!this.#held.giveUp(topic, qos, first)) this.#fail(`a message to ${topic} is given up, and there is none`);
    if (!forWantOfRoom) this.open = undefined;
  }

  /** The gateway is handed a message for the client by the broker. `isAgain`: it says that it has sent it before. */
  fromBroker(message: Omit<HeldMessage, "isOrphan">, isAgain: boolean): void {
    if (isAgain && message.qos > 0 && (this.#held.adopts(message) || this.#isInHand(message))) return;
    this.#held.add(message);
  }

  /** Whether the client has said PUBREC to this message, whose exchange is not over, and which the broker was taken to have forgotten. */
  #isInHand(message: Omit<HeldMessage, "isOrphan">): boolean {
    const { open } = this;
    if (open === undefined || !(open.isReceived || open.kind === "PUBREL")) return false;
    const isIt =
      this.#inHand?.isOrphan === true && this.#inHand.packetId === open.msgId && isSame(this.#inHand, message);
    if (isIt) this.#inHand!.isOrphan = false;
    return isIt;
  }

  /** The gateway says PUBACK to the broker. */
  acknowledgedToBroker(packetId: number): void {
    if (!this.#held.acknowledged(packetId)) return;
    if (this.open?.kind === "PUBLISH" && this.open.msgId === packetId) this.open = undefined;
  }

  /** A new broker connection is there: of what was held, the broker sends again what it still has. */
  linkOpened(sessionPresent: boolean): void {
    this.#isCutOff = false;
    if (!sessionPresent) {
      this.#held.orphan();
      this.#interrupted = undefined;
      if (this.#unheard !== undefined) this.#unheard.isOrphan = true;
      if (this.#inHand !== undefined) this.#inHand.isOrphan = true;
      // The broker numbers anew, and may send the same once more: a retained message.
      this.#sent.forgetAllBut(this.open?.msgId);
      return;
    }
    // Of one message the gateway remembers that the client was sent it: that in flight.
    this.#sent.forgetAllBut(this.open?.kind === "PUBLISH" ? this.open.msgId : undefined);
    // What the client has in hand of it comes again, after those that were here already.
    const { first } = this.#held;
    const staysOpen = first?.isOrphan === true || (this.open?.kind === "REGISTER" && first?.qos === 0);
    if (!staysOpen) {
      // Where the connection of before broke in its turn, the client may not have been sent it again over that.
      if (this.open?.kind === "PUBLISH") this.#interrupted = { msgId: this.open.msgId, payload: first?.payload };
      this.open = undefined;
    }
    this.#held.redelivered();
  }

  /** The new connection is in use. */
  linkReady(): void {
    this.#isRemade = false;
  }

  /** The broker connection of a connected client is closed, to be made anew. */
  linkIsRemade(): void {
    this.#isRemade = true;
  }

  /** The broker connection is gone that was in use, or the next one before it was. */
  linkClosed(wasReady: boolean): void {
    // While a client that wakes up is asked for its will, what is held stays for the connection that follows.
    if (this.state === "connecting" && this.connect.keepsSession) return;
    if (this.isConnected) {
      // It is made anew, and the client is not to notice.
      this.#failures = wasReady ? 0 : this.#failures + 1;
      this.#isRemade = true;
      return;
    }
    this.#held.clear();
    this.open = undefined;
    this.#isRemade = false;
  }

  /** The broker connection is gone, and none follows. */
  cutOff(): void {
    this.#held.clear();
    this.open = undefined;
    this.#isCutOff = true;
    this.#isRemade = false;
  }

  /** `hasMoved` where the message comes from another place than the one before. */
  toGateway(message: Message, hasMoved: boolean, now: Instant): void {
    this.#early = this.#isActiveAfterAll ? message : undefined;
    this.#isActiveAfterAll = false;
    this.connect.toGateway(message, hasMoved, this.state);
    this.#asked.heard();
    // C8
    if (this.state === "connecting" && !CONNECTS.has(message.type)) return;
    this.#asked.ask(message);
    switch (message.type) {
      case "CONNECT":
        this.#onConnect(now);
        break;
      case "DISCONNECT":
        this.#isLeavingToSleep = (message.duration ?? 0) > 0;
        break;
      case "PINGREQ":
        // A client that left something unanswered for too long is asleep again, though it was not told (Z11).
        if (this.state === "awake" && now >= (this.open?.since ?? now) + this.#patienceMs - 1) this.#fallAsleep();
        if (this.state !== "asleep") break;
        this.state = "awake";
        this.#publishedInPeriod = 0;
        if (this.open !== undefined) this.open.since = now;
        break;
      default:
        this.#answer(message);
    }
  }

  /** `payload` is that of a PUBLISH. */
  toClient(message: Message, payload: string | undefined, now: Instant): void {
    switch (message.type) {
      case "PUBLISH":
        this.#mustListen(message.type);
        this.#onPublish(message, payload!, now);
        break;
      case "REGISTER":
        this.#mustListen(message.type);
        this.#start("REGISTER", message.msgId, message.topicId, 0, now);
        break;
      case "PUBREL":
        this.#mustListen(message.type);
        if (this.open?.isReceived && this.open.msgId === message.msgId) this.open = undefined;
        // The answer to a PUBREC that waited while the connection to the broker was made anew, and the PUBCOMP behind it.
        if (this.open === undefined && this.#completed === message.msgId) {
          this.releasedAgainSince ??= now;
          break;
        }
        this.#start("PUBREL", message.msgId, 0, 2, now);
        break;
      case "PINGREQ":
        if (this.state !== "active") this.#fail(`PINGREQ to a client that is ${this.state}`);
        break;
      case "WILLTOPICREQ":
      case "WILLMSGREQ":
        if (this.state !== "connecting") this.#fail(`${message.type} to a client that is ${this.state}`);
        this.connect.prompted(message.type, now);
        break;
      case "DISCONNECT":
        this.#onDisconnect();
        break;
      default:
        this.#onAnswer(message);
    }
  }

  #onConnect(now: Instant): void {
    this.#isLeavingToSleep = false;
    this.unansweredSince = undefined;
    this.releasedAgainSince = undefined;
    this.#completed = undefined;
    // What is open stays so where the client is taken for what it was (C12, Z12), and only there.
    if (this.open !== undefined && this.state === "asleep") this.open.since = now;
    this.state = "connecting";
  }

  /** What answers the message that is open, and ends its exchange or takes it on. */
  #answer(message: Message): void {
    switch (message.type) {
      case "REGACK":
        if (this.open?.kind === "REGISTER" && this.open.msgId === message.msgId) {
          if (message.returnCode !== 0 || message.topicId === this.open.topicId) this.open = undefined;
        }
        break;
      case "PUBACK":
        this.#onPubAck(message);
        break;
      case "PUBREC":
        if (this.open?.kind !== "PUBLISH" || this.open.msgId !== message.msgId || this.open.qos !== 2) break;
        if (!this.open.isReceived) {
          if (this.#isRemade) this.#unheard = this.#held.first;
          this.#sent.answered(message.msgId);
          this.#inHand = this.#held.first;
          this.#held.take(false);
        }
        this.open.isReceived = true;
        break;
      case "PUBCOMP":
        if (message.msgId === this.#completed) this.releasedAgainSince = undefined;
        if (this.open?.kind !== "PUBREL" || this.open.msgId !== message.msgId) break;
        this.open = undefined;
        this.#completed = message.msgId;
        break;
      default:
        break;
    }
  }

  #onPubAck({ msgId, topicId, returnCode }: Extract<Message, { type: "REGACK" | "PUBACK" }>): void {
    this.#sent.answered(msgId);
    const { open } = this;
    const interrupted = this.#interrupted;
    if (returnCode === RETURN_CODE.accepted && interrupted?.msgId === msgId) this.#held.hear(interrupted.payload!);
    if (open?.kind !== "PUBLISH" || open.msgId !== msgId || open.topicId !== topicId || open.isReceived) return;
    if (returnCode === RETURN_CODE.accepted) {
      // For QoS 2 a PUBACK is an answer only when it refuses.
      if (open.qos === 2) return;
      if (this.#isRemade) this.#unheard = this.#held.first;
      this.#held.take(this.#isRemade);
    }
    if (returnCode !== RETURN_CODE.congestion) this.open = undefined;
  }

  #onDisconnect(): void {
    if (this.state === "asleep" && !this.#asked.isHeard) this.#fail("Z3: DISCONNECT to a sleeping client");
    if (this.#isLeavingToSleep && this.isConnected && !this.#isCutOff) this.#fallAsleep();
    else {
      this.unansweredSince = this.open?.since ?? this.releasedAgainSince;
      this.ended();
    }
    this.#isLeavingToSleep = false;
  }

  #onAnswer(message: Message): void {
    const key = this.#asked.answer(message, this.state);
    if (message.type === "CONNACK") {
      const isAccepted = message.returnCode === RETURN_CODE.accepted;
      this.connect.answered(isAccepted);
      if (!isAccepted) this.ended();
      else this.state = "active";
      return;
    }
    // A client that wakes up goes on with what it has asked for, also while it is asked for its will.
    const isServed = this.isConnected || (this.state === "connecting" && this.connect.keepsSession);
    if (message.type !== "PINGRESP" && !isServed) this.#fail(`${key} to a client that is ${this.state}`);
    if (message.type !== "PINGRESP" || this.state !== "awake") return;
    if (this.#isRemade) {
      // What there is for it cannot be had at the moment.
      if (this.#failures === 0) this.#fail("Z7: PINGRESP before it is known whether the broker has something");
      this.#fallAsleep();
      return;
    }
    if (this.open !== undefined) this.#fail(`Z7: PINGRESP while a ${this.open.kind} is not answered`);
    if (this.#held.length > 0 && this.#publishedInPeriod < this.#awakeMessagesMax) {
      this.#fail(`Z5: PINGRESP while ${this.#held.first!.payload} waits`);
    }
    this.#fallAsleep();
  }

  #onPublish(message: Extract<Message, { type: "PUBLISH" }>, payload: string, now: Instant): void {
    const { qos, msgId, topicId } = message;
    // Where the client began anew in the meantime, it may be asked again for what it said while its connection was remade.
    const unheard = this.#unheard;
    const isNotHeld = this.#held.first?.payload !== payload || (message.dup && unheard?.isOrphan);
    if (unheard?.payload === payload && isNotHeld) {
      this.#held.putBack(unheard);
      if (this.open !== undefined) this.open.isReceived = false;
    }
    this.#unheard = undefined;
    const { first } = this.#held;
    if (first === undefined) this.#fail(`PUBLISH of ${payload}, which the broker has not sent for it`);
    else if (first.payload !== payload) this.#fail(`G6: PUBLISH of ${payload} before ${first.payload}`);
    // A client that does not do REGISTER is sent the message with the id that it has asked for itself (see TopicIdChecker).
    const { open } = this;
    if (open?.kind === "REGISTER" && open.topicId === topicId && now >= open.since + this.#tRetryMs)
      this.open = undefined;
    if (qos === 0) {
      this.#countInPeriod();
      if (msgId !== 0) this.#fail(`M1: PUBLISH QoS 0 with MsgId ${msgId}`);
      if (this.open !== undefined) this.#fail(`G6: a message overtakes the ${this.open.kind} that is open`);
      this.#held.take(false);
      return;
    }
    this.#completed = undefined;
    if (this.#sent.send(msgId, payload) && !message.dup) this.#fail(`R5: ${payload} once more without DUP`);
    if (msgId === 0) this.#fail(`M4: PUBLISH QoS ${qos} with MsgId 0`);
    if (this.open === undefined) this.#countInPeriod();
    this.#start("PUBLISH", msgId, topicId, qos, now);
  }

  #countInPeriod(): void {
    this.#publishedInPeriod += 1;
    if (this.state === "awake" && this.#publishedInPeriod > this.#awakeMessagesMax) {
      this.#fail(`Z8: more than ${this.#awakeMessagesMax} messages in one awake period`);
    }
  }

  #start(kind: OpenExchange["kind"], msgId: number, topicId: number, qos: number, now: Instant): void {
    const { open } = this;
    if (open === undefined) {
      this.open = { kind, msgId, topicId, qos, since: now, isReceived: false };
      if (this.#early !== undefined) this.#answer(this.#early);
    } else if (open.kind === kind && open.msgId === msgId) {
      open.topicId = topicId;
    } else {
      this.#fail(`G6: ${kind} with MsgId ${msgId} while ${open.kind} with MsgId ${open.msgId} is not answered`);
    }
  }

  #mustListen(what: string): void {
    if (this.state === "asleep") this.#fail(`Z3: ${what} to a sleeping client`);
    if (!this.isConnected) this.#fail(`${what} to a client that is ${this.state}`);
  }

  #fallAsleep(): void {
    this.state = "asleep";
    this.#asked.fellAsleep();
  }

  #begin(): void {
    this.#interrupted = undefined;
    this.#sent.forgetAllBut(undefined);
    this.open = undefined;
    this.#completed = undefined;
    this.connect.begin();
    this.#asked.begin();
  }
}
