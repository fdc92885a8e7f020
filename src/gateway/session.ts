import { encode } from "../sn/encode.ts";
import type {
  Connect,
  Disconnect,
  Message,
  MsgIdOnly,
  Publish,
  Register,
  Subscribe,
  Unsubscribe,
  WillMsg,
  WillTopic,
} from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { isTopicName } from "../sn/topic-name.ts";
import { balance } from "./back-pressure.ts";
import { ClientRecord } from "./client-record.ts";
import { Connecting } from "./connecting.ts";
import type { Context } from "./context.ts";
import type { Address, Instant, LinkId } from "./contract.ts";
import { NOT_IN_HEAP, type Scheduled } from "./deadline-heap.ts";
import { FIXED } from "./fixed-messages.ts";
import type { Forwarding } from "./forwarding.ts";
import type { PacketFromBroker } from "./packet.ts";
import { Sleeping } from "./sleeping.ts";
import type { State } from "./state.ts";
import { TRANSITIONS } from "./transitions.ts";

const NEVER: Instant = Number.POSITIVE_INFINITY;

/**
 * One client, from its first CONNECT on: what each message, each packet and each deadline means in its present state. It never sees
 * another client.
 */
export class Session implements Scheduled {
  heapIndex = NOT_IN_HEAP;
  heapDue: Instant = NEVER;
  readonly #client: ClientRecord;
  readonly #connecting: Connecting;
  readonly #sleeping: Sleeping;

  constructor(clientId: string, context: Context) {
    this.#client = new ClientRecord(clientId, context);
    this.#connecting = new Connecting(this.#client);
    this.#sleeping = new Sleeping(this.#client);
  }

  get clientId(): string {
    return this.#client.clientId;
  }

  get state(): State {
    return this.#client.state;
  }

  /** Where the client was heard last. */
  get address(): Address {
    return this.#client.address;
  }

  /** CleanSession=0: subscriptions, will and topic ids are kept when the client is gone. */
  get durable(): boolean {
    return this.#client.durable;
  }

  /** The broker connection in use, or being made; 0 when there is none. */
  get link(): LinkId {
    return this.#client.link.id;
  }

  /** Connected in the sense of the standard, not in the middle of a set-up. */
  get connected(): boolean {
    return this.state === "active" || this.state === "asleep" || this.state === "awake";
  }

  /** In the middle of its CONNECT. */
  get settingUp(): boolean {
    return !this.connected && !this.ended;
  }

  /** Disconnected or lost: no address belongs to it any more. */
  get ended(): boolean {
    return this.state === "disconnected" || this.state === "lost";
  }

  /** A broker connection of it was closed and is not gone yet. */
  get isClosing(): boolean {
    return this.#client.link.isClosing;
  }

  get deadline(): Instant {
    const { silence, deliveries } = this.#client;
    switch (this.state) {
      case "active":
        return Math.min(silence.deadline, deliveries.due);
      case "asleep":
        return silence.deadline;
      case "awake":
        return this.#sleeping.awakeDeadline;
      case "disconnected":
      case "lost":
        return NEVER;
      default:
        return this.#connecting.due;
    }
  }

  /** A message of the client. */
  handleMessage(message: Message, now: Instant): void {
    const client = this.#client;
    const reaction = TRANSITIONS[message.type][client.state];
    if (reaction === "drop") {
      client.note("datagram.dropped", { reason: `${message.type} is not for a gateway` });
      return;
    }
    if (client.state === "asleep" && !client.link.exists && message.type !== "CONNECT") {
      this.#tellBrokerGone(message);
      return;
    }
    client.heardAt = now;
    client.silence.broken(now);
    if (message.type !== "CONNECT" && message.type !== "WILLMSG") this.#connecting.somethingElseCame();
    switch (reaction) {
      case "publish":
        client.requests.publish(message as Publish, now);
        break;
      case "answer":
        this.#onAnswer(message, now);
        break;
      case "release":
        client.requests.release(message as MsgIdOnly, now);
        break;
      case "ping":
        client.send(FIXED.pingResp);
        break;
      case "wake":
        this.#sleeping.wake(now);
        break;
      case "wakeAgain":
        client.deliveries.repeat(now);
        break;
      case "register":
        this.#register(message as Register);
        break;
      case "subscribe":
        client.requests.subscribe(message as Subscribe);
        break;
      case "unsubscribe":
        client.requests.unsubscribe(message as Unsubscribe);
        break;
      case "setUp":
        this.#connecting.begin(message as Connect, now);
        break;
      case "repeatSetUp":
        this.#connecting.repeat(message as Connect, now);
        break;
      case "connectAgain":
        this.#connecting.again(message as Connect, now);
        break;
      case "resume":
        this.#resume(message as Connect, now);
        break;
      case "willTopic":
        this.#connecting.onWillTopic(message as WillTopic, now);
        break;
      case "repeatWillMsgReq":
        this.#connecting.repeatWillMsgReq(now);
        break;
      case "willMsg":
        this.#connecting.onWillMsg(message as WillMsg, now);
        break;
      case "repeatConnack":
        this.#connecting.repeatConnack();
        break;
      case "willUpdate": {
        const type = message.type === "WILLTOPICUPD" ? "WILLTOPICRESP" : "WILLMSGRESP";
        client.send(encode({ type, returnCode: RETURN_CODE.notSupported }));
        break;
      }
      case "disconnect":
        this.#onDisconnect(message as Disconnect, now);
        break;
      case "abort":
        client.send(FIXED.disconnect);
        this.#connecting.abandon("DISCONNECT");
        break;
      default:
        client.note("message.ignored", { message: message.type, state: client.state });
    }
    if (client.state === "active") {
      if (client.deliveries.postponed) client.deliveries.unpark(now);
      // The most frequent message of all passes through: nothing waits for more or less than before.
      if (message.type === "PUBLISH" && message.qos === 0) return;
    }
    this.#settle(now);
  }

  /** A packet of the broker, on the link in use. */
  handlePacket(packet: PacketFromBroker, now: Instant): void {
    const { requests, deliveries } = this.#client;
    switch (packet.cmd) {
      case "publish":
        deliveries.receive(packet, now);
        break;
      case "pubrel":
        deliveries.release(packet, now);
        break;
      case "suback":
        requests.subscribed(packet);
        if (this.state === "awaiting broker") this.#connecting.subscriptionsRestored(now);
        // S10: what waited for the SUBACK may go.
        deliveries.advance(now);
        break;
      case "unsuback":
        requests.unsubscribed(packet);
        break;
      default:
        requests.acknowledged(packet, now);
    }
    this.#settle(now);
  }

  /** The broker accepted the connection. */
  linkOpened(sessionPresent: boolean, now: Instant): void {
    this.#connecting.linkOpened(sessionPresent, now);
    this.#client.deliveries.advance(now);
    this.#settle(now);
  }

  /** The broker refused the connection; `brokerCode` is the return code of MQTT 3.1.1. */
  linkRefused(brokerCode: number): void {
    this.#connecting.linkRefused(brokerCode);
  }

  /** A connection is gone: the one in use, or one that we closed. */
  linkClosed(link: LinkId, reason: string, now: Instant): void {
    const client = this.#client;
    if (!client.link.gone(link)) {
      if (client.state === "awaiting broker") this.#connecting.oldLinkGone(now);
      return;
    }
    client.note("link.closed", { state: client.state, reason });
    switch (client.state) {
      case "awaiting broker":
        this.#connecting.linkFailed(reason);
        return;
      case "active":
      case "awake":
        client.send(FIXED.disconnect);
        this.#disconnect(`broker connection lost: ${reason}`);
        return;
      case "asleep":
        // Nothing is sent to it (Z3): it is told when it wakes up.
        client.deliveries.reset();
        return;
      default:
        // The will is being asked for; the new connection is made when it is known.
        return;
    }
  }

  linkProbed(now: Instant): void {
    if (this.#client.link.probed()) this.#sleeping.probed();
    this.#settle(now);
  }

  linkStalled(stalled: boolean): void {
    this.#client.link.stalled(stalled);
  }

  /** `deadline` has come. */
  handleDeadline(now: Instant): void {
    const client = this.#client;
    switch (client.state) {
      case "active":
        if (now >= client.silence.deadline) client.lose("silent for longer than its keep alive");
        else if (now >= client.deliveries.due) this.#retryDelivery(now);
        break;
      case "asleep":
        if (now >= client.silence.deadline) client.lose("silent for longer than its sleep");
        break;
      case "awake":
        this.#sleeping.onAwakeDeadline(now);
        break;
      case "disconnected":
      case "lost":
        break;
      default:
        this.#connecting.onDeadline(now);
    }
    this.#settle(now);
  }

  /** Another client uses the address now, so this one cannot be there any more (C16). */
  replaced(): void {
    const reason = "its address is used by another client";
    if (this.connected || this.#client.link.isOpen) this.#client.lose(reason);
    else this.#connecting.abandon(reason);
  }

  /** The client speaks from another address now (C15), behind a forwarder or not. */
  moveTo(address: Address, forwarding: Forwarding | undefined): void {
    this.#client.address = address;
    this.#client.forwarding = forwarding;
    this.#connecting.somethingElseCame();
  }

  /** The gateway stops: whoever listens is told, and no will fires. */
  stop(): void {
    const client = this.#client;
    if (!this.connected) {
      this.#connecting.stop();
      return;
    }
    if (client.listening) client.send(FIXED.disconnect);
    this.#disconnect("the gateway stops");
  }

  /** A bug was found in this session: nothing it holds is trusted any more. */
  fail(): void {
    this.#client.durable = false;
    this.#client.lose("internal error");
  }

  #resume(connect: Connect, now: Instant): void {
    const client = this.#client;
    if (!client.link.exists) {
      this.#connecting.begin(connect, now);
      return;
    }
    const wasAsleep = client.state === "asleep";
    this.#connecting.resume(connect, now);
    this.#sleeping.end(wasAsleep, now);
  }

  #onDisconnect({ duration }: Disconnect, now: Instant): void {
    this.#client.send(FIXED.disconnect);
    if (duration === undefined || duration === 0) this.#disconnect("DISCONNECT");
    else this.#sleeping.begin(duration, now);
  }

  #register({ msgId, topicName }: Register): void {
    const client = this.#client;
    client.requests.sawMsgId("register", msgId);
    const isName = isTopicName(topicName) && Buffer.byteLength(topicName) <= client.settings.topicOctetsMax;
    const entry = isName ? client.topics.obtain(topicName) : undefined;
    if (entry === undefined) {
      const reason = isName
        ? "no topic id is left: clients.max_topics"
        : "not a topic name, or longer than clients.max_topic_length";
      client.note("register.refused", { reason });
      client.send(encode({ type: "REGACK", topicId: 0, msgId, returnCode: RETURN_CODE.notSupported }));
      return;
    }
    entry.announced = true;
    entry.suppressed = false;
    client.send(encode({ type: "REGACK", topicId: entry.id, msgId, returnCode: RETURN_CODE.accepted }));
  }

  #onAnswer(message: Message, now: Instant): void {
    const { deliveries } = this.#client;
    switch (message.type) {
      case "REGACK":
        deliveries.onRegAck(message, now);
        break;
      case "PUBACK":
        deliveries.onPubAck(message, now);
        break;
      case "PUBREC":
        deliveries.onPubRec(message, now);
        break;
      case "PUBCOMP":
        deliveries.onPubComp(message);
        break;
    }
    deliveries.advance(now);
  }

  #retryDelivery(now: Instant): void {
    const client = this.#client;
    if (client.deliveries.retry(now) === "again") return;
    const registering = client.deliveries.giveUpRegister(client.durable);
    if (registering !== undefined) {
      client.deliveries.advance(now);
      return;
    }
    // R6: without an answer the client is lost. With CleanSession=0 the broker keeps the message, which it was never acknowledged.
    client.send(FIXED.disconnect);
    client.lose("no answer to a message");
  }

  /** What follows from any event: the awake period may be over, reading from the broker may have to stop or go on. */
  #settle(now: Instant): void {
    this.#sleeping.settle(now);
    if (!balance(this.#client)) this.#giveUpLink();
  }

  /** The broker sends and sends and does not answer: it will deliver to the next connection what was not acknowledged. */
  #giveUpLink(): void {
    const client = this.#client;
    const reason = "the broker sends more than there is room for, and no answer";
    if (client.state === "awaiting broker") {
      this.#connecting.linkFailed(reason);
    } else if (client.state === "asleep") {
      client.note("link.closed", { state: client.state, reason });
      client.link.close(true);
      client.deliveries.reset();
    } else {
      client.send(FIXED.disconnect);
      this.#disconnect(reason);
    }
  }

  /** A sleeping client whose broker connection is gone says something: it has to connect again. */
  #tellBrokerGone(message: Message): void {
    this.#client.send(FIXED.disconnect);
    this.#disconnect(message.type === "DISCONNECT" ? "DISCONNECT" : "broker connection lost while asleep");
  }

  #disconnect(reason: string): void {
    this.#client.end("disconnected", true);
    this.#client.note("client.disconnected", { address: this.address, reason });
  }
}
