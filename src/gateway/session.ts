import type { Connect, Disconnect, Message, WillMsg, WillTopic } from "../sn/message.ts";
import { balance } from "./back-pressure.ts";
import type { ClientFigures } from "./client-figures.ts";
import { ClientRecord } from "./client-record.ts";
import { type ClientDetail, type ClientView, detailOf, viewOf } from "./client-view.ts";
import { Connecting } from "./connecting.ts";
import type { Context } from "./context.ts";
import type { Address, Instant, LinkId } from "./contract.ts";
import { NOT_IN_HEAP, type Scheduled } from "./deadline-heap.ts";
import { takeExchangeMessage } from "./exchange-message.ts";
import { FIXED } from "./fixed-messages.ts";
import type { Forwarding } from "./forwarding.ts";
import { heardAfterRestart } from "./heard-after-restart.ts";
import type { HeldMessage } from "./held-messages.ts";
import { keptAs } from "./kept-as.ts";
import { Leaving } from "./leaving.ts";
import { type LinkClosed, LinkEvents, type LinkOpened, type LinkRefused, type TakesHeld } from "./link-events.ts";
import type { PacketFromBroker } from "./packet.ts";
import { RecentEvents } from "./recent-events.ts";
import { retryDelivery } from "./retry-delivery.ts";
import type { SavedSession } from "./saved-session.ts";
import { Sleeping } from "./sleeping.ts";
import type { State } from "./state.ts";
import { takePacket } from "./take-packet.ts";
import { type Reaction, TRANSITIONS } from "./transitions.ts";
import { WillUpdates } from "./will-updates.ts";

const NEVER: Instant = Number.POSITIVE_INFINITY;

/**
 * One client, from its first CONNECT on: what each message, each packet and each deadline means in its present state. It never sees
 * another client.
 */
export class Session implements Scheduled, TakesHeld {
  heapIndex = NOT_IN_HEAP;
  heapDue: Instant = NEVER;
  /** There was something to be kept of it when that was asked for the last time. */
  wasKept = false;
  /** The state in which it is counted. */
  countedAs: State | undefined;
  /** Nothing is to be left of it when it is gone. */
  isForgotten = false;
  /** What happened to it last. */
  readonly recent = new RecentEvents();
  readonly #client: ClientRecord;
  readonly #connecting: Connecting;
  readonly #sleeping: Sleeping;
  readonly #willUpdates: WillUpdates;
  readonly #linkEvents: LinkEvents;

  constructor(clientId: string, context: Context, figures: ClientFigures) {
    this.#client = new ClientRecord(clientId, context, figures);
    this.#connecting = new Connecting(this.#client);
    this.#sleeping = new Sleeping(this.#client);
    this.#willUpdates = new WillUpdates(this.#client);
    this.#linkEvents = new LinkEvents(this.#client, this.#connecting, this.#sleeping, this.#willUpdates, this);
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
    return keptAs(this.state, this.durable, this.#connecting.wakes, this.#connecting.renews);
  }

  /** What there is to see of it. */
  get view(): ClientView {
    return viewOf(this.#client);
  }

  /** All that there is to see of it. */
  detail(now: Instant): ClientDetail {
    return detailOf(this.#client, this.recent.list(now));
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
    client.unheard = state === "disconnected" ? undefined : state;
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
    client.figures.countIn(client.context.octetsIn);
    if (client.unheard !== undefined) heardAfterRestart(client, this.#sleeping, message, now);
    const reaction = TRANSITIONS[message.type][client.state];
    if (reaction === "drop") {
      client.note("datagram.dropped", { reason: `${message.type} is not for a gateway` });
      return;
    }
    const { renewal } = client;
    if (client.state === "asleep" && !client.link.exists && !renewal.underWay && message.type !== "CONNECT") {
      this.#linkEvents.missedBy(message);
      return;
    }
    client.heardAt = now;
    client.silence.broken(now);
    if (message.type !== "CONNECT" && message.type !== "WILLMSG") {
      this.#connecting.somethingElseCame(reaction === "answer");
    }
    if (renewal.underWay && renewal.postpones(message, reaction)) {
      if (message.type === "PUBACK") client.deliveries.hear(message);
      if (!this.#willUpdates.repeats(message) && !client.requests.isLateCopy(message, now)) renewal.hold(message);
      if (reaction === "wake") this.#linkEvents.missedByWaking(now);
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

  takeHeld({ message, askedIn }: HeldMessage, now: Instant): void {
    this.#react(message, TRANSITIONS[message.type][this.state], askedIn, now);
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
    takePacket(this.#client, packet, now);
    if (packet.cmd === "suback") {
      if (this.state === "awaiting broker") this.#connecting.subscriptionsRestored(now);
      // S10: what waited for the SUBACK may go.
      this.#client.deliveries.advance(now);
    }
    this.#settle(now);
  }

  /** The broker accepted the connection. */
  linkOpened(event: LinkOpened, now: Instant): void {
    this.#linkEvents.opened(event, now);
    this.#settle(now);
  }

  /** The broker refused the connection. */
  linkRefused(event: LinkRefused, now: Instant): void {
    this.#linkEvents.refused(event, now);
  }

  /** What the connection was opened with holds only a little longer. */
  linkExpires(now: Instant): void {
    this.#linkEvents.expires(now);
    this.#settle(now);
  }

  /** A connection is gone: the one in use, or one that we closed. */
  linkClosed(event: LinkClosed, now: Instant): void {
    this.#linkEvents.closed(event, now);
  }

  /** The broker can be reached again: a lost connection is made anew without further waiting. */
  brokerReachable(now: Instant): void {
    this.#client.renewal.hurry(false, now);
  }

  linkProbed(now: Instant): void {
    this.#linkEvents.probed();
    this.#settle(now);
  }

  linkStalled(stalled: boolean): void {
    this.#client.link.stalled(stalled);
  }

  /** Less may wait for it from now on. */
  queueLimitLowered(): void {
    this.#client.deliveries.limitLowered();
  }

  /** More topic ids are predefined from now on. Those of them that stood for something else have to be asked for again (I3). */
  idsReserved(now: Instant): void {
    const { deliveries, requests, topics } = this.#client;
    if (!topics.dropReserved()) return;
    requests.idsDropped();
    deliveries.idsDropped(now);
  }

  /** There is room again for what waits for all clients. */
  hasRoom(now: Instant): void {
    this.#settle(now);
  }

  /** `deadline` has come. */
  handleDeadline(now: Instant): void {
    const client = this.#client;
    if (client.renewal.due <= now) this.#linkEvents.onRenewalDue(now);
    switch (client.state) {
      case "active":
        if (now >= this.#silentAt) client.lose("silent for longer than its keep alive");
        else if (now >= client.renewal.tellAt) this.#linkEvents.missedForTooLong();
        else if (now >= client.deliveries.due) retryDelivery(client, now);
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

  /** The client speaks from another address now (C15), behind a forwarder or not. */
  moveTo(address: Address, forwarding: Forwarding | undefined): void {
    this.#client.address = address;
    this.#client.forwarding = forwarding;
    this.#client.changed();
    this.#connecting.somethingElseCame(false);
  }

  /** Nothing is kept of it any more. */
  forget(): void {
    this.#client.forgetSession();
  }

  /** Another client uses the address now (C16). */
  replaced(): void {
    this.#leaving.replaced();
  }

  /** The gateway stops. */
  stop(): void {
    this.#leaving.stop();
  }

  /** Whoever operates the gateway sends it away. */
  dismiss(forget: boolean): void {
    // Who is to be forgotten when its connection is gone stays so, whatever is asked meanwhile.
    this.isForgotten ||= forget;
    this.#leaving.dismiss(forget);
  }

  /** A bug was found in it. */
  fail(): void {
    this.#leaving.fail();
  }

  /** Made when it is needed: a client leaves once. */
  get #leaving(): Leaving {
    return new Leaving(this.#client, this.#connecting);
  }

  #resume(connect: Connect, now: Instant): void {
    const client = this.#client;
    if (client.state === "asleep") client.figures.countWakeUp();
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
    if (duration === undefined || duration === 0) this.#client.disconnect("DISCONNECT");
    else this.#sleeping.begin(duration, now);
  }

  /**
   * What follows from any event: reading from the broker may have to stop or go on, a connection that is made anew may be ready, the
   * awake period may be over.
   */
  #settle(now: Instant): void {
    const client = this.#client;
    if (!balance(client)) {
      this.#linkEvents.overrun();
      return;
    }
    while (client.renewal.advance(now)) {
      this.#linkEvents.renewed(now);
      balance(client);
    }
    // What the broker has for the client comes over the new connection: the awake period does not end before (Z7).
    if (!client.renewal.underWay) this.#sleeping.settle(now);
  }
}
