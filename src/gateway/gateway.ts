import { decode, type Malformed } from "../sn/decode.ts";
import type { Encapsulated, Message } from "../sn/message.ts";
import { msgIdOf } from "../sn/msg-id-of.ts";
import { Admission } from "./admission.ts";
import { Arrivals } from "./arrivals.ts";
import { Buffered } from "./buffered.ts";
import type { ClientDetail, ClientView } from "./client-view.ts";
import { type Context, note } from "./context.ts";
import type { Address, BrokerLimits, Effect, GatewayEvent, Instant, LinkId } from "./contract.ts";
import { Discovery } from "./discovery.ts";
import { Effects } from "./effects.ts";
import { Forwarding } from "./forwarding.ts";
import { GatewayFigures } from "./gateway-figures.ts";
import { KeptNames } from "./kept-names.ts";
import { PredefinedTopics } from "./predefined-topics.ts";
import { QosMinusOne } from "./qos-minus-one.ts";
import { Reconnects } from "./reconnects.ts";
import { Reloading } from "./reloading.ts";
import { Restoring } from "./restoring.ts";
import type { SavedSession } from "./saved-session.ts";
import { Sessions } from "./sessions.ts";
import type { Settings } from "./settings.ts";
import type { StateCounts } from "./state-counts.ts";
import { Strangers } from "./strangers.ts";
import { TopicIds, UNSAVED_IDS_MAX } from "./topic-ids.ts";

/** Clients that are called at once when there is room again for what waits: each may bring a message. */
const CALLED_AT_ONCE = 16;

type LinkEvent = Exclude<Extract<GatewayEvent, { link: LinkId }>, { type: "packet" }>;

/**
 * The gateway without a world: which session a datagram or packet belongs to, who may connect, what strangers are told, and whose
 * deadline comes next. See contract.ts for how it is driven.
 */
export class Gateway {
  readonly #context: Context;
  readonly #discovery: Discovery;
  readonly #qosMinusOne: QosMinusOne;
  readonly #arrivals: Arrivals;
  readonly #strangers: Strangers;
  readonly #sessions: Sessions;
  readonly #restoring: Restoring;
  readonly #reloading: Reloading;
  #stopped = false;

  /** `seed` decides where topic ids begin: after a restart old ids should be unknown ones. */
  constructor(settings: Settings, seed: number) {
    // Of its own: a reload changes it.
    const ours = { ...settings };
    const predefined = new PredefinedTopics(settings.predefinedTopics);
    const unsavedMax = settings.savesSessions ? UNSAVED_IDS_MAX : Number.POSITIVE_INFINITY;
    const topicIds = new TopicIds(Math.abs(Math.trunc(seed)) % 0xfffe, (id) => predefined.has(id), unsavedMax);
    const reconnects = new Reconnects(ours);
    const buffered = new Buffered(ours);
    const names = new KeptNames(ours);
    this.#context = {
      settings: ours,
      predefined,
      topicIds,
      reconnects,
      buffered,
      names,
      figures: new GatewayFigures(),
      effects: new Effects(),
      now: 0,
      octetsIn: 0,
      changed: false,
      brokerLimits: undefined,
      nextLink: 1,
    };
    this.#discovery = new Discovery(this.#context);
    this.#qosMinusOne = new QosMinusOne(this.#context);
    const admission = new Admission(ours, predefined);
    this.#strangers = new Strangers(this.#context);
    this.#sessions = new Sessions(this.#context);
    this.#reloading = new Reloading(this.#context, this.#sessions);
    this.#arrivals = new Arrivals(this.#context, this.#sessions, admission, this.#strangers);
    this.#restoring = new Restoring(this.#context, this.#sessions, admission);
  }

  /** The earliest instant at which a `deadline` event is due; Infinity when there is none. */
  get deadline(): Instant {
    if (this.#context.buffered.callsWaiting) return this.#context.now;
    return this.#stopped ? Number.POSITIVE_INFINITY : Math.min(this.#sessions.nextDeadline, this.#discovery.deadline);
  }

  /** The topic id that was handed out last. To be kept with the sessions. */
  get lastTopicId(): number {
    return this.#context.topicIds.last;
  }

  /**
   * Whether a datagram is of a client that is connected, or about to be, and not another CONNECT: such a client stays where it may not
   * connect any more.
   */
  isOfClient(from: Address, data: Uint8Array): boolean {
    const message = decode(data);
    if (message.type !== "ENCAPSULATED") return this.#isOfClientAt(from, message);
    return this.#isOfClientAt(new Forwarding(from, message.wirelessNodeId).nodeAddress, decode(message.data));
  }

  /** Who has a session with a client at this address; nodes behind a forwarder have one of their own. */
  clientIdAt(address: Address): string | undefined {
    return this.#sessions.at(address)?.clientId;
  }

  /** What is to be kept of a client; undefined where there is nothing, or no more. Also after `stop`. */
  savedSession(clientId: string): SavedSession | undefined {
    return this.#sessions.of(clientId)?.saved;
  }

  /** What is counted of all clients. */
  get figures(): Readonly<GatewayFigures> {
    return this.#context.figures;
  }

  /** Messages that wait in the gateway, to and from all clients together, and the octets of memory that they take. */
  get buffered(): { messages: number; octets: number } {
    const { messages, octets } = this.#context.buffered;
    return { messages, octets };
  }

  /** How many clients there are in each state, those that `views` shows. */
  get stateCounts(): Readonly<StateCounts> {
    return this.#sessions.counts;
  }

  /** Every client there is something to see of: those with a session, and those that went last. It may be gone through in pieces. */
  *views(): Generator<ClientView> {
    for (const session of this.#sessions.all) yield session.view;
    yield* this.#sessions.departed.values();
  }

  /** All that there is to see of a client; undefined where nothing is known of it. */
  detail(clientId: string, now: Instant): ClientDetail | undefined {
    const session = this.#sessions.of(clientId);
    if (session !== undefined) return session.detail(now);
    const view = this.#sessions.departed.of(clientId);
    return view && { ...view, subscribed: [], topicIds: [], will: undefined, events: [] };
  }

  /** Takes in one event and says what is to be done, in order. Never throws on what comes from outside. */
  handle(event: GatewayEvent, now: Instant): Effect[] {
    const { effects } = this.#context;
    effects.begin();
    this.#context.now = now;
    try {
      switch (event.type) {
        case "datagram":
          this.#onDatagram(event.from, event.data, now);
          break;
        case "packet": {
          const session = this.#sessions.over(event.link);
          if (session?.link !== event.link) break;
          this.#sessions.enter(session, event.packet.cmd, event.packet.messageId, now);
          session.handlePacket(event.packet, now);
          this.#sessions.leave(session);
          break;
        }
        case "deadline":
          this.#onDeadline(now);
          break;
        case "broker-reachable":
          if (!this.#stopped) this.#brokerIs(event.reachable, event.limits, now);
          break;
        case "restore":
          this.#restoring.restore(event.saved, now);
          break;
        case "saved":
          this.#saved(now);
          break;
        case "reload":
          this.#reloading.reload(event.settings, now);
          break;
        case "dismiss":
          this.#dismiss(event.clientId, event.forget, now);
          break;
        case "stop":
          this.#stop(now);
          break;
        default:
          this.#onLink(event, now);
      }
      if (this.#context.buffered.callsWaiting) this.#callWaiting(now);
    } catch (error) {
      this.#sessions.contain(error, now);
    }
    return effects.take();
  }

  #onDatagram(from: Address, data: Uint8Array, now: Instant): void {
    if (this.#stopped) return;
    this.#context.octetsIn = data.length;
    const message = decode(data);
    if (message.type === "ENCAPSULATED") this.#onEncapsulated(message, from, now);
    else this.#onMessage(message, from, undefined, now);
  }

  /** A message from behind a forwarder: the node is a client like any other, with an address of its own (E5, E6). */
  #onEncapsulated({ wirelessNodeId, data }: Encapsulated, from: Address, now: Instant): void {
    const forwarding = new Forwarding(from, wirelessNodeId);
    const message = decode(data);
    const { nodeAddress } = forwarding;
    // Who was connected when they were switched off stays until its next CONNECT.
    const { forwarders } = this.#context.settings;
    if (!forwarders && !this.#isOfClientAt(nodeAddress, message)) {
      this.#strangers.drop(from, "forwarders are switched off: forwarders.enabled");
      return;
    }
    this.#onMessage(message, nodeAddress, forwarding, now);
  }

  #isOfClientAt(address: Address, message: Message | Malformed): boolean {
    return message.type !== "CONNECT" && this.#sessions.at(address) !== undefined;
  }

  /** `from` is the address of the sender; it is made up by us where the sender is behind a forwarder. */
  #onMessage(message: Message | Malformed, from: Address, forwarding: Forwarding | undefined, now: Instant): void {
    switch (message.type) {
      case "malformed":
        this.#strangers.drop(from, message.reason);
        return;
      case "CONNECT":
        this.#arrivals.connect(message, from, forwarding, now);
        return;
      case "SEARCHGW":
        this.#discovery.search(message.radius, from, forwarding, now);
        return;
      case "ADVERTISE":
        this.#discovery.heard(message, from, now);
        return;
    }
    const session = this.#sessions.at(from);
    if (message.type === "PUBLISH" && message.qos === -1) {
      // N4: no sign of life of the session at this address.
      const clientId = session?.connected === true ? session.clientId : undefined;
      const { brokerReachable } = this.#discovery;
      this.#qosMinusOne.publish(message, from, forwarding?.forwarder, clientId, brokerReachable, now);
      return;
    }
    if (message.type === "PINGREQ" && message.clientId !== "" && message.clientId !== session?.clientId) {
      // A set-up is not disturbed (C8).
      if (session === undefined || session.connected) this.#arrivals.pingOfAnother(message, from, forwarding, now);
      else note(this.#context, "message.ignored", { address: from, message: message.type, state: session.state });
      return;
    }
    if (session === undefined) {
      this.#strangers.hear(message, from, forwarding, now);
      return;
    }
    this.#sessions.enter(session, message.type, msgIdOf(message), now);
    session.handleMessage(message, now);
    this.#sessions.leave(session);
  }

  #onLink(event: LinkEvent, now: Instant): void {
    const session = this.#sessions.over(event.link);
    if (session === undefined) return;
    this.#sessions.enter(session, event.type, 0, now);
    const inUse = session.link === event.link;
    if (event.type === "link-closed" || event.type === "link-refused") {
      this.#sessions.linkGone(event.link);
      if (event.type === "link-closed") session.linkClosed(event, now);
      else if (inUse) session.linkRefused(event, now);
      else session.linkClosed({ type: "link-closed", link: event.link, reason: "refused" }, now);
    } else if (inUse) {
      if (event.type === "link-opened") session.linkOpened(event, now);
      else if (event.type === "link-expires") session.linkExpires(now);
      else if (event.type === "link-probed") session.linkProbed(now);
      else session.linkStalled(event.type === "link-stalled");
    }
    this.#sessions.leave(session);
  }

  #brokerIs(reachable: boolean, limits: BrokerLimits | undefined, now: Instant): void {
    if (reachable) this.#context.brokerLimits = limits;
    this.#discovery.brokerIs(reachable, now);
    this.#context.reconnects.brokerIs(reachable, now);
    if (!reachable) return;
    for (const session of this.#sessions.live) {
      this.#sessions.contained(session, "broker-reachable", now, () => session.brokerReachable(now));
    }
  }

  #saved(now: Instant): void {
    const { topicIds } = this.#context;
    const waited = topicIds.awaitsSaving;
    topicIds.saved();
    if (!waited) return;
    for (const session of this.#sessions.live)
      this.#sessions.contained(session, "saved", now, () => session.idsAvailable(now));
  }

  #onDeadline(now: Instant): void {
    if (this.#stopped) return;
    if (now >= this.#discovery.deadline) this.#discovery.onDeadline(now);
    // Each has one turn, so that one whose deadline did not move on could not keep the others waiting.
    for (const session of this.#sessions.takeDue(now)) {
      this.#sessions.contained(session, "deadline", now, () => session.handleDeadline(now));
    }
  }

  #dismiss(clientId: string, forget: boolean, now: Instant): void {
    if (this.#stopped) return;
    const session = this.#sessions.of(clientId);
    if (session !== undefined) {
      this.#sessions.contained(session, "dismiss", now, () => session.dismiss(forget));
    } else if (forget && this.#sessions.departed.delete(clientId)) {
      note(this.#context, "client.forgotten", { clientId, reason: "sent away" });
    }
  }

  #stop(now: Instant): void {
    this.#stopped = true;
    this.#discovery.stop();
    for (const session of [...this.#sessions.live])
      this.#sessions.contained(session, "stop", now, () => session.stop());
  }

  /** There is room again for what waits: some of the clients that were kept waiting have their turn, the others soon. */
  #callWaiting(now: Instant): void {
    const { buffered } = this.#context;
    for (let called = 0; called < CALLED_AT_ONCE; called += 1) {
      const clientId = buffered.takeWaiting();
      if (clientId === undefined) return;
      const session = this.#sessions.of(clientId);
      if (session !== undefined) this.#sessions.contained(session, "room", now, () => session.hasRoom(now));
    }
  }
}
