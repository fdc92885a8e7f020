import { encode } from "../sn/encode.ts";
import type { Connect, Disconnect, Message, Register, WillMsg, WillTopic } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { isTopicName } from "../sn/topic-name.ts";
import { BrokerLink } from "./broker-link.ts";
import type { Client } from "./client.ts";
import { type Context, note } from "./context.ts";
import type { Address, Instant, LinkId, NoteFields, NoteName } from "./contract.ts";
import { NOT_IN_HEAP, type Scheduled } from "./deadline-heap.ts";
import { Deliveries } from "./deliveries.ts";
import { FIXED } from "./fixed-messages.ts";
import { HeldAnswers } from "./held-answers.ts";
import type { PacketFromBroker, PacketToBroker, Will } from "./packet.ts";
import type { PredefinedTopics } from "./predefined-topics.ts";
import { Requests } from "./requests.ts";
import { SetUp, sameConnect } from "./set-up.ts";
import type { Settings } from "./settings.ts";
import { Silence } from "./silence.ts";
import type { State } from "./state.ts";
import { SubscriptionTable } from "./subscription-table.ts";
import { TopicTable } from "./topic-table.ts";
import { TRANSITIONS } from "./transitions.ts";

/** How long the broker may take to show that it has no more for a client that wants to sleep again. */
const PROBE_TIMEOUT_MS = 2000;

const NEVER: Instant = Number.POSITIVE_INFINITY;

/** MQTT 3.1.1 CONNACK: server unavailable, the one refusal that may pass by itself (6c). */
const SERVER_UNAVAILABLE = 3;

/**
 * One client: its state (§6.14), its set-up, its timers, its broker connection. What it publishes and subscribes is in `Requests`, what
 * it receives in `Deliveries`. It never sees another client.
 */
export class Session implements Client, Scheduled {
  readonly clientId: string;
  readonly topics: TopicTable;
  readonly subscriptions = new SubscriptionTable();
  address: Address = "";
  state: State = "disconnected";
  durable = false;
  heardAt: Instant = 0;
  sleeps = 0;
  heapIndex = NOT_IN_HEAP;
  heapDue: Instant = NEVER;

  readonly #context: Context;
  readonly #link: BrokerLink;
  readonly #silence = new Silence();
  readonly #requests: Requests;
  readonly #deliveries: Deliveries;
  #setUp: SetUp | undefined;
  /** The CONNECT that was accepted, and whether anything else came since (C12). */
  #accepted: Connect | undefined;
  #quiet = false;
  /** The will in force; with CleanSession=0 it outlives a disconnect (W1, W3). */
  #will: Will | undefined;
  #sleepSeconds = 0;
  #probeDue: Instant = NEVER;
  #heldAnswers: HeldAnswers | undefined;

  constructor(clientId: string, context: Context) {
    this.clientId = clientId;
    this.#context = context;
    this.#link = new BrokerLink(context);
    this.topics = new TopicTable(context.topicIds, context.settings.topicsMax);
    this.#requests = new Requests(this);
    this.#deliveries = new Deliveries(this);
  }

  get settings(): Settings {
    return this.#context.settings;
  }

  get predefined(): PredefinedTopics {
    return this.#context.predefined;
  }

  get listening(): boolean {
    return this.state === "active" || this.state === "awake";
  }

  get writable(): boolean {
    return this.#link.writable;
  }

  /** The broker connection in use, or being made; 0 when there is none. */
  get link(): LinkId {
    return this.#link.id;
  }

  get subscribing(): boolean {
    return this.#requests.subscribing;
  }

  /** Connected in the sense of the standard, not in the middle of a set-up. */
  get connected(): boolean {
    return this.state === "active" || this.state === "asleep" || this.state === "awake";
  }

  /** Disconnected or lost: no datagram address belongs to it any more. */
  get ended(): boolean {
    return this.state === "disconnected" || this.state === "lost";
  }

  /** Ended, and nothing of it is of use later: the object can go. */
  get forgettable(): boolean {
    return this.ended && !this.durable && !this.#link.isClosing;
  }

  get deadline(): Instant {
    switch (this.state) {
      case "active":
        return Math.min(this.#silence.deadline, this.#deliveries.due);
      case "asleep":
        return this.#silence.deadline;
      case "awake":
        return Math.min(this.#awakeUntil, this.#deliveries.due, this.#probeDue);
      case "disconnected":
      case "lost":
        return NEVER;
      default:
        return this.#setUp!.due;
    }
  }

  send(message: Uint8Array): void {
    this.#context.effects.push({ type: "send", to: this.address, data: message });
  }

  answer(askedIn: number, message: Uint8Array): void {
    if (this.state !== "asleep" || askedIn === this.sleeps) {
      this.send(message);
      return;
    }
    this.#heldAnswers ??= new HeldAnswers(this.settings.inFlightMax);
    this.#heldAnswers.add(message);
  }

  write(packet: PacketToBroker): void {
    this.#link.write(packet);
  }

  note(name: NoteName, fields?: NoteFields): void {
    note(this.#context, name, fields ?? { clientId: this.clientId });
  }

  dropSubscription(filter: string): void {
    this.#requests.dropSubscription(filter);
  }

  /** A message of the client. */
  handleMessage(message: Message, now: Instant): void {
    const reaction = TRANSITIONS[message.type][this.state];
    if (reaction === "drop") {
      this.note("datagram.dropped", { clientId: this.clientId, reason: `${message.type} is not for a gateway` });
      return;
    }
    if (this.state === "asleep" && !this.#link.exists && message.type !== "CONNECT") {
      this.#tellBrokerGone(message);
      return;
    }
    this.heardAt = now;
    this.#silence.broken(now);
    const wasQuiet = this.#quiet;
    this.#quiet = false;
    switch (reaction) {
      case "publish":
        this.#requests.publish(message as Extract<Message, { type: "PUBLISH" }>, now);
        break;
      case "answer":
        this.#onAnswer(message, now);
        break;
      case "release":
        this.#requests.release(message as Extract<Message, { type: "PUBREL" }>);
        break;
      case "ping":
        this.send(FIXED.pingResp);
        break;
      case "wake":
        this.#wake(now);
        break;
      case "wakeAgain":
        this.#deliveries.unpark(now);
        break;
      case "register":
        this.#register(message as Register);
        break;
      case "subscribe":
        this.#requests.subscribe(message as Extract<Message, { type: "SUBSCRIBE" }>);
        break;
      case "unsubscribe":
        this.#requests.unsubscribe(message as Extract<Message, { type: "UNSUBSCRIBE" }>);
        break;
      case "setUp":
        this.#begin(message as Connect, now);
        break;
      case "repeatSetUp":
        if (sameConnect(this.#setUp!.connect, message as Connect)) this.send(this.#setUp!.prompt(now));
        else this.#begin(message as Connect, now);
        break;
      case "connectAgain":
        this.#connectAgain(message as Connect, wasQuiet, now);
        break;
      case "resume":
        this.#resume(message as Connect, now);
        break;
      case "willTopic":
        if (this.#setUp!.takeWillTopic(message as WillTopic)) this.#continueSetUp(now);
        else this.#refuse(RETURN_CODE.notSupported, "the will topic is not a topic name");
        break;
      case "repeatWillMsgReq":
        this.send(this.#setUp!.prompt(now));
        break;
      case "willMsg":
        this.#setUp!.takeWillMsg((message as WillMsg).willMsg);
        this.#continueSetUp(now);
        break;
      case "repeatConnack":
        this.#quiet = wasQuiet;
        if (wasQuiet) this.send(FIXED.connackAccepted);
        break;
      case "willUpdate": {
        const type = message.type === "WILLTOPICUPD" ? "WILLTOPICRESP" : "WILLMSGRESP";
        this.send(encode({ type, returnCode: RETURN_CODE.notSupported }));
        break;
      }
      case "disconnect":
        this.#onDisconnect(message as Disconnect, now);
        break;
      case "abort":
        this.send(FIXED.disconnect);
        this.#end("disconnected", true, "setup.abandoned", "DISCONNECT");
        break;
      default:
        this.note("message.ignored", { clientId: this.clientId, message: message.type, state: this.state });
    }
    if (this.state === "active" && this.#deliveries.postponed) this.#deliveries.unpark(now);
    this.#settle(now);
  }

  /** A packet of the broker, on the link in use. */
  handlePacket(packet: PacketFromBroker, now: Instant): void {
    switch (packet.cmd) {
      case "publish":
        this.#deliveries.receive(packet, now);
        break;
      case "pubrel":
        this.#deliveries.release(packet, now);
        break;
      case "suback":
        this.#requests.subscribed(packet);
        if (this.state === "awaiting broker" && this.#link.isOpen && this.#requests.empty) this.#connected(now);
        // S10: what waited for the SUBACK may go.
        this.#deliveries.advance(now);
        break;
      case "unsuback":
        this.#requests.unsubscribed(packet);
        break;
      default:
        this.#requests.acknowledged(packet, now);
    }
    this.#settle(now);
  }

  /** The broker accepted the connection. */
  linkOpened(sessionPresent: boolean, now: Instant): void {
    const { connect, will } = this.#setUp!;
    this.#link.opened();
    // Of the four cases of §6.3 only CleanSession=0, Will=0 keeps the will that was.
    if (connect.cleanSession) this.#forgetSession();
    if (connect.cleanSession || connect.will) this.#will = will;
    this.durable = !connect.cleanSession;
    this.topics.startConnection();
    if (!sessionPresent && this.subscriptions.size > 0) this.#requests.restoreSubscriptions();
    else this.#connected(now);
    this.#settle(now);
  }

  /** The broker refused the connection; `returnCode` is that of MQTT 3.1.1. */
  linkRefused(returnCode: number): void {
    this.#link.gone(this.link);
    this.note("link.refused", { clientId: this.clientId, brokerReturnCode: returnCode });
    const code = returnCode === SERVER_UNAVAILABLE ? RETURN_CODE.congestion : RETURN_CODE.notSupported;
    this.#refuse(code, "refused by the broker");
  }

  /** A connection is gone: the one in use, or one that we closed. */
  linkClosed(link: LinkId, reason: string, now: Instant): void {
    if (!this.#link.gone(link)) {
      if (this.state === "awaiting broker" && !this.#link.exists) this.#openLink(now);
      return;
    }
    this.note("link.closed", { clientId: this.clientId, state: this.state, reason });
    switch (this.state) {
      case "awaiting broker":
        this.#refuse(RETURN_CODE.congestion, reason);
        return;
      case "active":
      case "awake":
        this.send(FIXED.disconnect);
        this.#end("disconnected", false, "client.disconnected", `broker connection lost: ${reason}`);
        return;
      case "asleep":
        // Nothing is sent to it (Z3): it is told when it wakes up.
        this.#deliveries.reset();
        return;
      default:
        // The will is being asked for; the new connection is made when it is known.
        return;
    }
  }

  linkProbed(now: Instant): void {
    this.#probeDue = NEVER;
    this.#settle(now);
  }

  linkStalled(stalled: boolean): void {
    this.#link.stalled(stalled);
  }

  /** `deadline` has come. */
  handleDeadline(now: Instant): void {
    switch (this.state) {
      case "active":
        if (now >= this.#silence.deadline) this.#lose("silent for longer than its keep alive");
        else if (now >= this.#deliveries.due) this.#retryDelivery(now);
        break;
      case "asleep":
        if (now >= this.#silence.deadline) this.#lose("silent for longer than its sleep");
        break;
      case "awake":
        if (now >= this.#probeDue) this.#probeDue = NEVER;
        if (now >= this.#awakeUntil) this.#fallAsleep(now);
        else if (now >= this.#deliveries.due && this.#deliveries.retry(now) === "exhausted") this.#fallAsleep(now);
        break;
      case "awaiting broker":
        if (now >= this.#setUp!.due) this.#refuse(RETURN_CODE.congestion, "no answer from the broker");
        break;
      case "awaiting will topic":
      case "awaiting will message":
        if (now >= this.#setUp!.due) this.#retryPrompt(now);
        break;
    }
    this.#settle(now);
  }

  /** Another client uses the address now, so this one cannot be there any more (C16). */
  replaced(): void {
    if (this.connected) this.#lose("its address is used by another client");
    else this.#end("disconnected", true, "setup.abandoned", "its address is used by another client");
  }

  /** The client speaks from another address now (C15). */
  moveTo(address: Address): void {
    this.address = address;
    this.#quiet = false;
  }

  /** The gateway stops: whoever listens is told, and no will fires. */
  stop(): void {
    if (this.listening) this.send(FIXED.disconnect);
    else if (!this.connected) this.send(encode({ type: "CONNACK", returnCode: RETURN_CODE.congestion }));
    this.#end("disconnected", true, "client.disconnected", "the gateway stops");
  }

  /** A bug was found in this session: nothing it holds is trusted any more. */
  fail(): void {
    this.durable = false;
    this.#end("lost", false, "client.lost", "internal error");
  }

  // ---- set-up -----------------------------------------------------------------------------------------------------------------

  #begin(connect: Connect, now: Instant): void {
    this.#setUp = new SetUp(connect, this.settings);
    this.#requests.reset(false);
    this.#heldAnswers = undefined;
    this.#deliveries.park();
    this.#continueSetUp(now);
  }

  /**
   * The next step: the will is asked for, or, when the client has said all, the broker. A connection of before ends now, without its
   * will, for its client is alive.
   */
  #continueSetUp(now: Instant): void {
    const setUp = this.#setUp!;
    this.state = setUp.state;
    if (setUp.state !== "awaiting broker") {
      this.send(setUp.prompt(now));
      return;
    }
    setUp.superviseBroker(now);
    this.#link.close(true);
    if (!this.#link.isClosing) this.#openLink(now);
  }

  #retryPrompt(now: Instant): void {
    const prompt = this.#setUp!.repeatPrompt(now);
    if (prompt !== undefined) this.send(prompt);
    // R6: nothing is sent. Where a connection was in use before this CONNECT, its client is lost.
    else if (this.#link.exists) this.#lose("no answer during CONNECT");
    else this.#end("disconnected", true, "setup.abandoned", "no answer");
  }

  #openLink(now: Instant): void {
    const setUp = this.#setUp!;
    const { cleanSession } = setUp.connect;
    // A session with CleanSession=1 ends with its connection, as it does at the broker.
    if (!this.durable) this.#forgetSession();
    setUp.superviseBroker(now);
    this.#requests.reset(cleanSession);
    this.#deliveries.reset();
    const will = cleanSession || setUp.connect.will ? setUp.will : this.#will;
    this.#link.open({ clientId: this.clientId, cleanSession, will });
  }

  #connected(now: Instant): void {
    const { connect } = this.#setUp!;
    this.#setUp = undefined;
    this.#accepted = connect;
    this.state = "active";
    this.#superviseActive(connect.duration, now);
    this.#quiet = true;
    this.send(FIXED.connackAccepted);
    const { cleanSession, duration } = connect;
    const will = this.#will !== undefined;
    this.note("client.connected", { clientId: this.clientId, address: this.address, cleanSession, duration, will });
    this.#deliveries.advance(now);
  }

  #refuse(returnCode: number, reason: string): void {
    this.send(encode({ type: "CONNACK", returnCode }));
    this.note("client.refused", { clientId: this.clientId, address: this.address, returnCode, reason });
    this.#end("disconnected", true);
  }

  #connectAgain(connect: Connect, wasQuiet: boolean, now: Instant): void {
    // With Will=1 the client waits for WILLTOPICREQ and would not know what a CONNACK means (C12).
    if (wasQuiet && !connect.will && sameConnect(this.#accepted!, connect)) {
      this.#quiet = true;
      this.send(FIXED.connackAccepted);
      return;
    }
    this.#begin(connect, now);
  }

  // ---- sleep ------------------------------------------------------------------------------------------------------------------

  #onDisconnect({ duration }: Disconnect, now: Instant): void {
    this.send(FIXED.disconnect);
    if (duration === undefined || duration === 0) {
      this.#end("disconnected", true, "client.disconnected", "DISCONNECT");
      return;
    }
    this.#sleepSeconds = duration;
    this.note("client.asleep", { clientId: this.clientId, duration });
    this.#fallAsleep(now);
  }

  #fallAsleep(now: Instant): void {
    this.state = "asleep";
    this.sleeps += 1;
    this.#deliveries.park();
    this.#probeDue = NEVER;
    this.#silence.supervise(this.#sleepSeconds, this.settings.keepAliveFactor, 0, now);
  }

  #wake(now: Instant): void {
    this.#sendHeldAnswers();
    if (this.#deliveries.empty) {
      this.send(FIXED.pingResp);
      this.#fallAsleep(now);
      return;
    }
    this.state = "awake";
    this.note("client.awake", { clientId: this.clientId, waiting: this.#deliveries.length });
    this.#deliveries.budget = this.settings.awakeMessagesMax;
    this.#deliveries.acknowledged = 0;
    this.#deliveries.unpark(now);
    this.#deliveries.advance(now);
  }

  /** Awake is not supervised by the sleep timer, but a client that is silent for a whole retry cycle has gone back to sleep. */
  get #awakeUntil(): Instant {
    return this.#silence.since + this.settings.tRetryMs * (this.settings.nRetry + 1);
  }

  /**
   * Ends the awake period when everything has been delivered and acknowledged (Z7). The broker may hold more than it sends at once, and
   * our last acknowledgements make it send: so it is asked for a sign of life, before which all of that arrives.
   */
  #endAwake(now: Instant): void {
    const deliveries = this.#deliveries;
    if (!deliveries.pauses || this.#probeDue !== NEVER) return;
    if (deliveries.acknowledged > 0 && deliveries.budget > 0) {
      deliveries.acknowledged = 0;
      this.#probeDue = now + PROBE_TIMEOUT_MS;
      this.#link.probe();
      return;
    }
    this.send(FIXED.pingResp);
    this.#fallAsleep(now);
  }

  /** CONNECT of a sleeping or awake client: it becomes active with its session as it was, whatever the flags say (Z12). */
  #resume(connect: Connect, now: Instant): void {
    if (!this.#link.exists) {
      this.#begin(connect, now);
      return;
    }
    const wasAsleep = this.state === "asleep";
    this.state = "active";
    this.#accepted = connect;
    this.#quiet = true;
    this.#probeDue = NEVER;
    this.#superviseActive(connect.duration, now);
    this.send(FIXED.connackAccepted);
    this.note("client.resumed", { clientId: this.clientId, waiting: this.#deliveries.length });
    this.#sendHeldAnswers();
    if (wasAsleep) this.#deliveries.unpark(now);
    this.#deliveries.advance(now);
  }

  #sendHeldAnswers(): void {
    if (this.#heldAnswers === undefined) return;
    for (const answer of this.#heldAnswers.take()) this.send(answer);
  }

  // ---- connected --------------------------------------------------------------------------------------------------------------

  #superviseActive(duration: number, now: Instant): void {
    const { keepAliveFactor, idleLimitMs } = this.settings;
    this.#silence.supervise(duration, keepAliveFactor, idleLimitMs, now);
    this.#deliveries.budget = NEVER;
  }

  #register({ msgId, topicName }: Register): void {
    const entry = isTopicName(topicName) ? this.topics.obtain(topicName) : undefined;
    if (entry === undefined) {
      const reason = isTopicName(topicName) ? "no topic id is left: clients.max_topics" : "not a topic name";
      this.note("register.refused", { clientId: this.clientId, reason });
      this.send(encode({ type: "REGACK", topicId: 0, msgId, returnCode: RETURN_CODE.notSupported }));
      return;
    }
    entry.announced = true;
    entry.suppressed = false;
    this.send(encode({ type: "REGACK", topicId: entry.id, msgId, returnCode: RETURN_CODE.accepted }));
  }

  #onAnswer(message: Message, now: Instant): void {
    switch (message.type) {
      case "REGACK":
        this.#deliveries.onRegAck(message, now);
        break;
      case "PUBACK":
        this.#deliveries.onPubAck(message, now);
        break;
      case "PUBREC":
        this.#deliveries.onPubRec(message, now);
        break;
      case "PUBCOMP":
        this.#deliveries.onPubComp(message);
        break;
    }
    this.#deliveries.advance(now);
  }

  #retryDelivery(now: Instant): void {
    if (this.#deliveries.retry(now) === "again") return;
    if (this.#deliveries.giveUpRegister()) {
      this.#deliveries.advance(now);
      return;
    }
    // R6: without an answer the client is lost. With CleanSession=0 the broker keeps the message, which it was never acknowledged.
    this.send(FIXED.disconnect);
    this.#lose("no answer to a message");
  }

  /** What follows from any event: the awake period may be over, reading from the broker may have to stop or go on. */
  #settle(now: Instant): void {
    if (this.state === "awake") this.#endAwake(now);
    if (!this.#link.exists) return;
    const { isPaused } = this.#link;
    if (isPaused ? !this.#deliveries.hasRoom : !this.#deliveries.overfull) return;
    this.#link.pause(!isPaused);
    const waiting = this.#deliveries.length;
    this.note(isPaused ? "queue.resumed" : "queue.paused", { clientId: this.clientId, waiting });
  }

  // ---- end --------------------------------------------------------------------------------------------------------------------

  /** A sleeping client whose broker connection is gone says something: it has to connect again. */
  #tellBrokerGone(message: Message): void {
    this.send(FIXED.disconnect);
    const reason = message.type === "DISCONNECT" ? "DISCONNECT" : "broker connection lost while asleep";
    this.#end("disconnected", true, "client.disconnected", reason);
  }

  #lose(reason: string): void {
    this.#end("lost", false, "client.lost", reason);
  }

  #end(state: "disconnected" | "lost", disconnect: boolean, name?: NoteName, reason?: string): void {
    this.state = state;
    this.#setUp = undefined;
    this.#heldAnswers = undefined;
    this.#requests.reset(!this.durable);
    this.#deliveries.reset();
    if (!this.durable) this.#forgetSession();
    this.#link.close(disconnect);
    if (name !== undefined) this.note(name, { clientId: this.clientId, address: this.address, reason });
  }

  /** "Session" in the sense of the standard: subscriptions and will (W1), and the topic ids that go with them (T10). */
  #forgetSession(): void {
    this.topics.clear();
    this.subscriptions.clear();
    this.#will = undefined;
  }
}
