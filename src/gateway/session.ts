import type { Connect, Disconnect, Message, WillMsg, WillTopic } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { balance } from "./back-pressure.ts";
import { returnCodeOf } from "./broker-refusal.ts";
import { ClientRecord } from "./client-record.ts";
import { Connecting } from "./connecting.ts";
import type { Context } from "./context.ts";
import type { Address, Instant, LinkId } from "./contract.ts";
import { NOT_IN_HEAP, type Scheduled } from "./deadline-heap.ts";
import { takeExchangeMessage } from "./exchange-message.ts";
import { FIXED } from "./fixed-messages.ts";
import type { Forwarding } from "./forwarding.ts";
import { keptAs } from "./kept-as.ts";
import type { PacketFromBroker } from "./packet.ts";
import { RecentEvents } from "./recent-events.ts";
import type { SavedSession } from "./saved-session.ts";
import { Sleeping } from "./sleeping.ts";
import type { State } from "./state.ts";
import { type Reaction, TRANSITIONS } from "./transitions.ts";
import { WillUpdates } from "./will-updates.ts";

const NEVER: Instant = Number.POSITIVE_INFINITY;

/**
 * One client, from its first CONNECT on: what each message, each packet and each deadline means in its present state. It never sees
 * another client.
 */
export class Session implements Scheduled {
  heapIndex = NOT_IN_HEAP;
  heapDue: Instant = NEVER;
  /** There was something to be kept of it when that was asked for the last time. */
  wasKept = false;
  /** What happened to it last. */
  readonly recent = new RecentEvents();
  readonly #client: ClientRecord;
  readonly #connecting: Connecting;
  readonly #sleeping: Sleeping;
  readonly #willUpdates: WillUpdates;

  constructor(clientId: string, context: Context) {
    this.#client = new ClientRecord(clientId, context);
    this.#connecting = new Connecting(this.#client);
    this.#sleeping = new Sleeping(this.#client);
    this.#willUpdates = new WillUpdates(this.#client);
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

  /** It has neither subscriptions nor a will. */
  get isBare(): boolean {
    return this.#client.subscriptions.size === 0 && this.#client.will === undefined;
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
    const { deliveries, renewal } = this.#client;
    switch (this.state) {
      case "active":
        return Math.min(this.#silentAt, deliveries.due, renewal.due, renewal.tellAt);
      case "asleep":
        return Math.min(this.#silentAt, renewal.due);
      case "awake":
        return Math.min(this.#sleeping.awakeDeadline, renewal.due);
      case "disconnected":
      case "lost":
        return NEVER;
      default:
        return this.#connecting.due;
    }
  }

  /** What a restart is to make of it; undefined where nothing is to be kept. */
  get keptAs(): SavedSession["state"] | undefined {
    return keptAs(this.state, this.durable, this.#connecting.wakes);
  }

  /** What a restart is to find of it. */
  get saved(): SavedSession | undefined {
    const state = this.keptAs;
    return state && this.#client.savedAs(state);
  }

  /** It is what it was before a restart, in this state. */
  restore(saved: SavedSession, state: SavedSession["state"], forwarding: Forwarding | undefined, now: Instant): void {
    const client = this.#client;
    const { keepAliveFactor, idleLimitMs } = client.settings;
    client.restore(saved, forwarding, now);
    if (state === "asleep") this.#sleeping.restore(now);
    else client.state = state;
    if (state === "active") client.silence.supervise(client.keepAlive, keepAliveFactor, idleLimitMs, now);
    client.unheard = state === "active";
    if (state !== "disconnected") client.renewal.restore(now);
    if (state !== saved.state) client.changed();
  }

  /** Something has been saved: topic ids can be had again. */
  idsAvailable(now: Instant): void {
    this.#client.deliveries.advance(now);
    this.#settle(now);
  }

  /** Whether a CONNECT begins nothing new: the client is in the middle of one, repeats it (C12), or wakes up with it (Z12). */
  goesOnWith(connect: Connect): boolean {
    if (this.state === "active") return this.#connecting.repeats(connect);
    if (this.connected) return this.#client.settings.wakeByConnect !== "new";
    return !this.ended;
  }

  /** When the client has been silent for too long. Not while no connection has its will: it would never fire. */
  get #silentAt(): Instant {
    const { renewal, silence } = this.#client;
    return renewal.betweenConnections ? NEVER : silence.deadline;
  }

  /** A message of the client. */
  handleMessage(message: Message, now: Instant): void {
    const client = this.#client;
    if (client.unheard) this.#heardAgain(message, now);
    const reaction = TRANSITIONS[message.type][client.state];
    if (reaction === "drop") {
      client.note("datagram.dropped", { reason: `${message.type} is not for a gateway` });
      return;
    }
    const { renewal } = client;
    if (client.state === "asleep" && !client.link.exists && !renewal.underWay && message.type !== "CONNECT") {
      this.#tellBrokerGone(message);
      return;
    }
    client.heardAt = now;
    client.silence.broken(now);
    if (message.type !== "CONNECT" && message.type !== "WILLMSG") {
      this.#connecting.somethingElseCame(reaction === "answer");
    }
    if (renewal.underWay && renewal.postpones(message, reaction)) {
      if (message.type === "PUBACK") client.deliveries.hear(message);
      if (!this.#willUpdates.repeats(message)) renewal.hold(message);
      if (reaction === "wake") this.#wakesWithoutLink(now);
      return;
    }
    this.#react(message, reaction, client.sleeps, now);
    if (client.state === "active") {
      if (client.deliveries.postponed) client.deliveries.unpark(now);
      // The most frequent message of all passes through: nothing waits for more or less than before.
      if (message.type === "PUBLISH" && message.qos === 0) return;
    }
    this.#settle(now);
  }

  /** `askedIn` is the period of the client in which the message came, which may be one of before. */
  #react(message: Message, reaction: Reaction, askedIn: number, now: Instant): void {
    const client = this.#client;
    switch (reaction) {
      case "publish":
      case "release":
      case "register":
      case "subscribe":
      case "unsubscribe":
      case "answer":
        takeExchangeMessage(client, message, askedIn, now);
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
      case "resume":
        this.#resume(message as Connect, now);
        break;
      case "willUpdate":
        this.#willUpdates.take(message as WillTopic | WillMsg, askedIn, now);
        break;
      case "disconnect":
        this.#onDisconnect(message as Disconnect, now);
        break;
      default:
        if (!this.#connecting.take(message, reaction, now))
          client.note("message.ignored", { message: message.type, state: client.state });
    }
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
    const { renewal, deliveries } = this.#client;
    if (renewal.underWay) {
      if (!renewal.linkOpened(sessionPresent, now)) {
        this.#brokerLost("the broker has forgotten the session, and a message of QoS 2 with it");
      }
    } else {
      this.#connecting.linkOpened(sessionPresent, now);
      deliveries.advance(now);
    }
    this.#settle(now);
  }

  /** The broker refused the connection; `brokerCode` is the return code of MQTT 3.1.1. */
  linkRefused(brokerCode: number, now: Instant): void {
    const client = this.#client;
    if (!client.renewal.underWay) {
      this.#connecting.linkRefused(brokerCode);
      return;
    }
    client.link.gone(client.link.id);
    client.note("link.refused", { brokerReturnCode: brokerCode });
    const returnCode = returnCodeOf(brokerCode);
    // What the broker will not have is not worth another attempt, but to a sleeping client that can only be told when it wakes up.
    if (client.listening && returnCode !== RETURN_CODE.congestion)
      this.#brokerLost("refused by the broker", returnCode);
    else this.#linkLost("refused by the broker", false, now, returnCode);
  }

  /** A connection is gone: the one in use, or one that we closed. `byBroker` as in `link-closed`. */
  linkClosed(link: LinkId, reason: string, byBroker: boolean, now: Instant): void {
    const client = this.#client;
    if (!client.link.gone(link)) {
      if (client.state === "awaiting broker") this.#connecting.oldLinkGone(now);
      else if (client.renewal.underWay) client.renewal.oldLinkGone(now);
      return;
    }
    if (!client.renewal.recovers) client.note("link.closed", { state: client.state, reason });
    if (client.state === "awaiting broker") this.#connecting.linkFailed(reason);
    // Otherwise the will is being asked for; the new connection is made when it is known.
    else if (this.connected) this.#linkLost(reason, byBroker, now);
  }

  /** The broker can be reached again: a lost connection is made anew without further waiting. */
  brokerReachable(now: Instant): void {
    this.#client.renewal.hurry(false, now);
  }

  linkProbed(now: Instant): void {
    if (this.#client.link.probed()) {
      this.#sleeping.probed();
      this.#client.renewal.linkProbed();
    }
    this.#settle(now);
  }

  linkStalled(stalled: boolean): void {
    this.#client.link.stalled(stalled);
  }

  /** There is room again for what waits for all clients. */
  hasRoom(now: Instant): void {
    this.#settle(now);
  }

  /** `deadline` has come. */
  handleDeadline(now: Instant): void {
    const client = this.#client;
    if (client.renewal.due <= now) this.#renewalDue(now);
    switch (client.state) {
      case "active":
        if (now >= this.#silentAt) client.lose("silent for longer than its keep alive");
        else if (now >= client.renewal.tellAt) this.#brokerLost("no broker connection for broker.outage_limit");
        else if (now >= client.deliveries.due) this.#retryDelivery(now);
        break;
      case "asleep":
        if (now >= this.#silentAt) client.lose("silent for longer than its sleep");
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
    this.#client.changed();
    this.#connecting.somethingElseCame(false);
  }

  /** The gateway stops: whoever listens is told, and no will fires. */
  stop(): void {
    const client = this.#client;
    if (!this.connected) {
      this.#connecting.stop();
      return;
    }
    if (client.state === "asleep" && client.settings.savesSessions) {
      // It finds everything as it was after the restart, and is not told.
      client.link.close(true);
      client.renewal.cancel();
      client.changed();
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
    const kind = client.settings.wakeByConnect;
    const prompts = kind === "prompt" && connect.will;
    if (kind === "new" || prompts || client.renewal.recovers || (!client.link.exists && !client.renewal.underWay)) {
      this.#connecting.begin(connect, kind, now);
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

  /** What a client says first after a restart tells whether it is active: with its id in PINGREQ it asks for its messages (Z4). */
  #heardAgain(message: Message, now: Instant): void {
    const client = this.#client;
    client.unheard = false;
    if (message.type !== "PINGREQ" || message.clientId !== this.clientId) return;
    client.sleepDuration ||= client.keepAlive;
    this.#sleeping.restore(now);
    client.changed();
  }

  #retryDelivery(now: Instant): void {
    const client = this.#client;
    if (client.deliveries.retry(now) === "again") return;
    const registering = client.deliveries.giveUpRegister(client.durable);
    if (registering !== undefined) {
      client.deliveries.advance(now);
      return;
    }
    if (client.unheard) {
      client.deliveries.park();
      client.note("delivery.postponed", {});
      return;
    }
    // R6: without an answer the client is lost. With CleanSession=0 the broker keeps the message, which it was never acknowledged.
    client.send(FIXED.disconnect);
    client.lose("no answer to a message");
  }

  /**
   * What follows from any event: reading from the broker may have to stop or go on, a connection that is made anew may be ready, the
   * awake period may be over.
   */
  #settle(now: Instant): void {
    const client = this.#client;
    if (!balance(client)) {
      this.#giveUpLink();
      return;
    }
    while (client.renewal.advance(now)) {
      this.#renewed(now);
      balance(client);
    }
    // What the broker has for the client comes over the new connection: the awake period does not end before (Z7).
    if (!client.renewal.underWay) this.#sleeping.settle(now);
  }

  /** The new connection is ready, and the client has not noticed. */
  #renewed(now: Instant): void {
    this.#willUpdates.accept();
    this.#client.deliveries.resume(now);
    this.#sleeping.linkRenewed();
    this.#lookAtHeld(now);
  }

  /** What has come meanwhile is looked at, until something of it needs a new connection once more. */
  #lookAtHeld(now: Instant): void {
    const { renewal } = this.#client;
    for (let held = renewal.takeHeld(); held !== undefined; held = renewal.takeHeld()) {
      const { message, askedIn } = held;
      this.#react(message, TRANSITIONS[message.type][this.state], askedIn, now);
    }
  }

  /** A step of making the connection anew is due, or has taken too long. */
  #renewalDue(now: Instant): void {
    const { renewal } = this.#client;
    if (renewal.waiting) {
      if (!renewal.attempt(now)) this.#takenOver();
    } else if (renewal.settling) {
      // Nothing has changed: the old connection is still there.
      renewal.end();
      this.#willUpdates.fail(RETURN_CODE.congestion, "requests of the client are open");
      this.#lookAtHeld(now);
    } else {
      this.#linkLost("no answer from the broker", false, now);
    }
  }

  /** The connection of a connected client was lost, or could not be made anew. `returnCode` is for the update of its will, if any. */
  #linkLost(reason: string, byBroker: boolean, now: Instant, returnCode: number = RETURN_CODE.congestion): void {
    const client = this.#client;
    this.#willUpdates.fail(returnCode, reason);
    client.renewal.lost(now, byBroker);
    if (!client.renewal.hasFailed) return;
    client.note("link.retried", { reason });
    this.#restIfAwake(now);
  }

  /** The broker has closed the connection of this client alone: it is elsewhere, and is not to be disturbed there. */
  #takenOver(): void {
    this.#client.end("disconnected", true);
    this.#client.note("client.taken-over", { address: this.address });
  }

  /** A sleeping client asks for its messages, and the connection that they come over is not there. */
  #wakesWithoutLink(now: Instant): void {
    this.#client.renewal.hurry(true, now);
    if (this.#client.renewal.hasFailed) this.#restIfAwake(now);
  }

  /** There is no telling when the broker can be reached: a client that waits for its messages goes back to sleep. */
  #restIfAwake(now: Instant): void {
    const { state, deliveries, renewal } = this.#client;
    const asks = renewal.dropHeld("PINGREQ") && state === "asleep";
    if (asks || (state === "awake" && !deliveries.inFlight)) this.#sleeping.rest(now);
  }

  /** The broker sends and sends and does not answer: it will deliver to the next connection what was not acknowledged. */
  #giveUpLink(): void {
    const client = this.#client;
    const reason = "the broker sends more than there is room for, and no answer";
    if (client.state === "awaiting broker") {
      this.#connecting.linkFailed(reason);
      return;
    }
    if (client.state === "asleep") client.note("link.closed", { state: client.state, reason });
    this.#brokerLost(reason);
  }

  /** A connected client has no broker connection any more, or none that is of use. `returnCode` is for the update of its will, if any. */
  #brokerLost(reason: string, returnCode: number = RETURN_CODE.congestion): void {
    const client = this.#client;
    this.#willUpdates.fail(returnCode, reason);
    if (client.state !== "asleep") {
      client.send(FIXED.disconnect);
      this.#disconnect(reason);
      return;
    }
    // Nothing is sent to it (Z3): it is told when it wakes up.
    client.link.close(true);
    client.renewal.cancel();
    client.deliveries.reset();
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
