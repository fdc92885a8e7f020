import { decode, type Malformed } from "../sn/decode.ts";
import { encode } from "../sn/encode.ts";
import type { Connect, Encapsulated, Message, PingReq } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { Admission } from "./admission.ts";
import { Buffered } from "./buffered.ts";
import { type Context, note } from "./context.ts";
import type { Address, Effect, GatewayEvent, Instant, LinkId, NoteFields } from "./contract.ts";
import { DeadlineHeap } from "./deadline-heap.ts";
import { Discovery } from "./discovery.ts";
import { FIXED } from "./fixed-messages.ts";
import { Forwarding } from "./forwarding.ts";
import { KeptNames } from "./kept-names.ts";
import { noteFailure } from "./note-failure.ts";
import { PredefinedTopics } from "./predefined-topics.ts";
import { QosMinusOne } from "./qos-minus-one.ts";
import type { RecentEvent } from "./recent-events.ts";
import { Reconnects } from "./reconnects.ts";
import type { SavedGateway, SavedSession } from "./saved-session.ts";
import { Session } from "./session.ts";
import type { Settings } from "./settings.ts";
import { SourceLimit } from "./source-limit.ts";
import { StoredSessions } from "./stored-sessions.ts";
import { TopicIds, UNSAVED_IDS_MAX } from "./topic-ids.ts";
import { TRANSITIONS } from "./transitions.ts";

/** A sender without a session is answered with a DISCONNECT and two repetitions, and then once a second (X7). */
const STRANGER_ANSWERS = { perSecond: 1, burst: 3 } as const;

/** CONNACKs that refuse, to one address: a device that is refused waits before it tries again. */
const REFUSALS = { perSecond: 100, burst: 300 } as const;

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
  readonly #admission: Admission;
  readonly #strangers: SourceLimit;
  readonly #refusals: SourceLimit;
  readonly #deadlines = new DeadlineHeap<Session>();
  /** Sessions with a client at the other end, by where that is. */
  readonly #byAddress = new Map<Address, Session>();
  /** All sessions, stored ones of disconnected clients included. */
  readonly #byClientId = new Map<string, Session>();
  /** Sessions by their connections, closing ones included. */
  readonly #byLink = new Map<LinkId, Session>();
  /** Sessions with a client, at whatever address. */
  readonly #live = new Set<Session>();
  /** Sessions in the middle of their CONNECT. */
  readonly #settingUp = new Set<Session>();
  readonly #stored: StoredSessions;
  #stopped = false;
  /** When the last event was. */
  #handledAt: Instant = 0;
  /** The session at work, and the connection it had before. */
  #working: Session | undefined;
  #linkBefore: LinkId = 0;

  /** `seed` decides where topic ids begin: after a restart old ids should be unknown ones. */
  constructor(settings: Settings, seed: number) {
    const predefined = new PredefinedTopics(settings.predefinedTopics);
    const unsavedMax = settings.savesSessions ? UNSAVED_IDS_MAX : Number.POSITIVE_INFINITY;
    const topicIds = new TopicIds(Math.abs(Math.trunc(seed)) % 0xfffe, (id) => predefined.has(id), unsavedMax);
    const reconnects = new Reconnects(settings);
    const buffered = new Buffered(settings.bufferedOctetsMax);
    const names = new KeptNames(settings.namesOctetsMax);
    this.#context = {
      settings,
      predefined,
      topicIds,
      reconnects,
      buffered,
      names,
      effects: [],
      changed: false,
      nextLink: 1,
    };
    this.#stored = new StoredSessions(settings.clientsMax, names);
    this.#discovery = new Discovery(this.#context);
    this.#qosMinusOne = new QosMinusOne(this.#context);
    this.#admission = new Admission(settings);
    this.#strangers = new SourceLimit(STRANGER_ANSWERS, settings.strangerAnswersPerSecond);
    this.#refusals = new SourceLimit(REFUSALS, settings.strangerAnswersPerSecond);
  }

  /** The earliest instant at which a `deadline` event is due; Infinity when there is none. */
  get deadline(): Instant {
    if (this.#context.buffered.callsWaiting) return this.#handledAt;
    return this.#stopped ? Number.POSITIVE_INFINITY : Math.min(this.#deadlines.next, this.#discovery.deadline);
  }

  /** The topic id that was handed out last. To be kept with the sessions. */
  get lastTopicId(): number {
    return this.#context.topicIds.last;
  }

  /** What is to be kept of a client; undefined where there is nothing, or no more. Also after `stop`. */
  savedSession(clientId: string): SavedSession | undefined {
    return this.#byClientId.get(clientId)?.saved;
  }

  /** Takes in one event and says what is to be done, in order. Never throws on what comes from outside. */
  handle(event: GatewayEvent, now: Instant): Effect[] {
    const effects: Effect[] = [];
    this.#context.effects = effects;
    this.#handledAt = now;
    try {
      switch (event.type) {
        case "datagram":
          this.#onDatagram(event.from, event.data, now);
          break;
        case "packet": {
          const session = this.#byLink.get(event.link);
          if (session?.link !== event.link) break;
          this.#enter(session, event.packet.cmd, event.packet.messageId, now);
          session.handlePacket(event.packet, now);
          this.#leave(session);
          break;
        }
        case "deadline":
          this.#onDeadline(now);
          break;
        case "broker-reachable":
          if (!this.#stopped) this.#brokerIs(event.reachable, now);
          break;
        case "restore":
          this.#restore(event.saved, now);
          break;
        case "saved":
          this.#saved(now);
          break;
        case "stop":
          this.#stop(now);
          break;
        default:
          this.#onLink(event, now);
      }
      if (this.#context.buffered.callsWaiting) this.#callWaiting(now);
    } catch (error) {
      this.#contain(error, now);
    }
    return effects;
  }

  #onDatagram(from: Address, data: Uint8Array, now: Instant): void {
    if (this.#stopped) return;
    const message = decode(data);
    if (message.type === "ENCAPSULATED") this.#onEncapsulated(message, from, now);
    else this.#onMessage(message, from, undefined, now);
  }

  /** A message from behind a forwarder: the node is a client like any other, with an address of its own (E5, E6). */
  #onEncapsulated({ wirelessNodeId, data }: Encapsulated, from: Address, now: Instant): void {
    if (!this.#context.settings.forwarders) {
      this.#drop(from, "forwarders are switched off: forwarders.enabled");
      return;
    }
    const forwarding = new Forwarding(from, wirelessNodeId);
    this.#onMessage(decode(data), forwarding.nodeAddress, forwarding, now);
  }

  /** `from` is the address of the sender; it is made up by us where the sender is behind a forwarder. */
  #onMessage(message: Message | Malformed, from: Address, forwarding: Forwarding | undefined, now: Instant): void {
    switch (message.type) {
      case "malformed":
        this.#drop(from, message.reason);
        return;
      case "CONNECT":
        this.#onConnect(message, from, forwarding, now);
        return;
      case "SEARCHGW":
        this.#discovery.search(message.radius, from, forwarding, now);
        return;
      case "ADVERTISE":
        this.#discovery.heard(message, from, now);
        return;
    }
    const session = this.#byAddress.get(from);
    if (message.type === "PUBLISH" && message.qos === -1) {
      // N4: no sign of life of the session at this address.
      const clientId = session?.connected === true ? session.clientId : undefined;
      const { brokerReachable } = this.#discovery;
      this.#qosMinusOne.publish(message, from, forwarding?.forwarder, clientId, brokerReachable, now);
      return;
    }
    if (message.type === "PINGREQ" && message.clientId !== "" && message.clientId !== session?.clientId) {
      // A set-up is not disturbed (C8).
      if (session === undefined || session.connected) this.#onPingOfAnother(message, from, forwarding, now);
      else note(this.#context, "message.ignored", { address: from, message: message.type, state: session.state });
      return;
    }
    if (session === undefined) {
      this.#onStranger(message, from, forwarding, now);
      return;
    }
    this.#enter(session, message.type, "msgId" in message ? message.msgId : 0, now);
    session.handleMessage(message, now);
    this.#leave(session);
  }

  #onConnect(connect: Connect, from: Address, forwarding: Forwarding | undefined, now: Instant): void {
    const { clientId } = connect;
    const reason = this.#admission.whyNot(connect);
    if (reason !== undefined || clientId === null) {
      this.#refuse(RETURN_CODE.notSupported, { clientId: clientId ?? undefined, reason }, from, forwarding, now);
      return;
    }
    const there = this.#byAddress.get(from);
    const known = this.#byClientId.get(clientId);
    const limit = this.#limitReached(connect, known, there, now);
    if (limit !== undefined) {
      this.#refuse(RETURN_CODE.congestion, { clientId, reason: `${limit} is reached`, limit }, from, forwarding, now);
      return;
    }
    if (there !== undefined && there !== known) this.#displace(there, now);
    const session = known ?? new Session(clientId, this.#context);
    if (known === undefined) this.#byClientId.set(clientId, session);
    this.#stored.delete(session);
    this.#live.add(session);
    this.#move(session, from, forwarding);
    this.#enter(session, "CONNECT", 0, now);
    session.handleMessage(connect, now);
    this.#leave(session);
  }

  /** Another client speaks from the address of this one, so that this one cannot be there any more (C16). */
  #displace(session: Session, now: Instant): void {
    if (this.#mayMove(session)) return;
    this.#enter(session, "replaced", 0, now);
    session.replaced();
    this.#leave(session);
  }

  /** A sleeping client says nothing, so its address may be another's by now, where it may wake up elsewhere. */
  #mayMove(session: Session): boolean {
    return this.#context.settings.migrateOnWake && session.state === "asleep";
  }

  /** The session's client is heard from this address; the newer address wins (C15). */
  #move(session: Session, to: Address, forwarding: Forwarding | undefined): void {
    if (session.address !== to) {
      if (this.#byAddress.get(session.address) === session) this.#byAddress.delete(session.address);
      session.moveTo(to, forwarding);
    }
    this.#byAddress.set(to, session);
  }

  /** The limit that keeps a client from beginning a set-up now, by its key. Who has a session already does not lose it by that. */
  #limitReached(connect: Connect, known: Session | undefined, there: Session | undefined, now: Instant) {
    if (known?.goesOnWith(connect) === true) return undefined;
    if (known === undefined || known.ended) {
      // Who has the address now makes room.
      const leaves = there === undefined || this.#mayMove(there) ? 0 : 1;
      const full = this.#admission.fullBy({
        sessions: this.#live.size - leaves,
        links: this.#byLink.size,
        setUps: this.#settingUp.size - (there?.settingUp === true ? 1 : 0),
      });
      if (full !== undefined) return full;
    }
    return this.#admission.tooFastBy(now);
  }

  #refuse(
    returnCode: number,
    fields: NoteFields,
    address: Address,
    forwarding: Forwarding | undefined,
    now: Instant,
  ): void {
    note(this.#context, "client.refused", { ...fields, address, returnCode });
    if (!this.#refusals.allows(address, forwarding?.forwarder, now)) this.#limitStranger(address, "CONNECT");
    else this.#send(encode({ type: "CONNACK", returnCode }), address, forwarding);
  }

  /**
   * PINGREQ with a client id that is not the one of a session at its address (Z17): nobody is woken by it, unless a sleeping client may
   * wake up at another address, as behind a NAT that has forgotten it.
   */
  #onPingOfAnother(message: PingReq, from: Address, forwarding: Forwarding | undefined, now: Instant): void {
    const session = message.clientId === null ? undefined : this.#byClientId.get(message.clientId);
    const there = this.#byAddress.get(from);
    const isFree = there === undefined || this.#mayMove(there);
    if (session === undefined || !this.#mayMove(session) || !isFree) {
      this.#answerStranger(message, from, forwarding, now);
      return;
    }
    note(this.#context, "client.moved", { clientId: session.clientId, address: from });
    this.#move(session, from, forwarding);
    this.#enter(session, "PINGREQ", 0, now);
    session.handleMessage(message, now);
    this.#leave(session);
  }

  #onStranger(message: Message, from: Address, forwarding: Forwarding | undefined, now: Instant): void {
    if (TRANSITIONS[message.type].disconnected === "drop") {
      this.#drop(from, `${message.type} is not for a gateway`);
      return;
    }
    this.#answerStranger(message, from, forwarding, now);
  }

  #answerStranger({ type }: Message, address: Address, forwarding: Forwarding | undefined, now: Instant): void {
    if (!this.#strangers.allows(address, forwarding?.forwarder, now)) {
      this.#limitStranger(address, type);
      return;
    }
    this.#send(FIXED.disconnect, address, forwarding);
    note(this.#context, "stranger.answered", { address, message: type });
  }

  #limitStranger(address: Address, message: string): void {
    note(this.#context, "stranger.limited", { address, message, limit: "clients.max_stranger_answers" });
  }

  #drop(address: Address, reason: string): void {
    note(this.#context, "datagram.dropped", { address, reason });
  }

  #send(data: Uint8Array, address: Address, forwarding: Forwarding | undefined): void {
    if (forwarding === undefined) this.#context.effects.push({ type: "send", to: address, data });
    else this.#context.effects.push({ type: "send", to: forwarding.forwarder, data: forwarding.wrap(data) });
  }

  #onLink(event: LinkEvent, now: Instant): void {
    const session = this.#byLink.get(event.link);
    if (session === undefined) return;
    this.#enter(session, event.type, 0, now);
    const inUse = session.link === event.link;
    if (event.type === "link-closed" || event.type === "link-refused") {
      this.#byLink.delete(event.link);
      if (event.type === "link-closed") session.linkClosed(event, now);
      else if (inUse) session.linkRefused(event.returnCode, now);
      else session.linkClosed({ type: "link-closed", link: event.link, reason: "refused" }, now);
    } else if (inUse) {
      if (event.type === "link-opened") session.linkOpened(event.sessionPresent, now);
      else if (event.type === "link-probed") session.linkProbed(now);
      else session.linkStalled(event.type === "link-stalled");
    }
    this.#leave(session);
  }

  #brokerIs(reachable: boolean, now: Instant): void {
    this.#discovery.brokerIs(reachable, now);
    this.#context.reconnects.brokerIs(reachable, now);
    if (!reachable) return;
    for (const session of this.#live) {
      this.#contained(session, "broker-reachable", now, () => session.brokerReachable(now));
    }
  }

  #restore({ sessions, lastTopicId }: SavedGateway, now: Instant): void {
    this.#context.topicIds.continueAfter(lastTopicId);
    this.#emitSave("");
    const counts = { active: 0, asleep: 0, stored: 0, dropped: 0 };
    for (const saved of sessions) counts[this.#restoreOne(saved, now)] += 1;
    note(this.#context, "sessions.restored", counts);
  }

  #restoreOne(saved: SavedSession, now: Instant): "active" | "asleep" | "stored" | "dropped" {
    const { clientId, state } = saved;
    if (this.#byClientId.has(clientId)) return "dropped";
    const forwarding = saved.wirelessNodeId && new Forwarding(saved.address, saved.wirelessNodeId);
    const address = forwarding?.nodeAddress ?? saved.address;
    const place = this.#isWelcome(saved, address) ? state : "disconnected";
    if (place === "disconnected" && !saved.durable) {
      this.#emitSave(clientId);
      return "dropped";
    }
    const session = new Session(clientId, this.#context);
    session.wasKept = true;
    this.#byClientId.set(clientId, session);
    this.#contained(session, "restore", now, () => session.restore(saved, place, forwarding, now));
    // It has failed, or there are too many.
    if (this.#byClientId.get(clientId) !== session) return "dropped";
    if (place === "disconnected") return "stored";
    this.#live.add(session);
    // A sleeping client may have left its address to another one.
    if (!this.#byAddress.has(address) || place === "active") this.#byAddress.set(address, session);
    return place;
  }

  /** Whether a client that was connected before a restart still is: the settings may be others by now. */
  #isWelcome({ clientId, state, wirelessNodeId }: SavedSession, address: Address): boolean {
    if (state === "disconnected" || !this.#admission.admits(clientId)) return false;
    const { settings } = this.#context;
    if (this.#live.size >= settings.clientsMax || (wirelessNodeId !== undefined && !settings.forwarders)) return false;
    const there = this.#byAddress.get(address);
    if (there === undefined) return true;
    return settings.migrateOnWake && (state === "asleep" || there.state === "asleep");
  }

  #saved(now: Instant): void {
    const { topicIds } = this.#context;
    const waited = topicIds.awaitsSaving;
    topicIds.saved();
    if (!waited) return;
    for (const session of this.#live) this.#contained(session, "saved", now, () => session.idsAvailable(now));
  }

  #onDeadline(now: Instant): void {
    if (this.#stopped) return;
    if (now >= this.#discovery.deadline) this.#discovery.onDeadline(now);
    // Each has one turn, so that one whose deadline did not move on could not keep the others waiting.
    const due: Session[] = [];
    for (let next = this.#deadlines.takeDue(now); next !== undefined; next = this.#deadlines.takeDue(now))
      due.push(next);
    for (const session of due) this.#contained(session, "deadline", now, () => session.handleDeadline(now));
  }

  #stop(now: Instant): void {
    this.#stopped = true;
    this.#discovery.stop();
    for (const session of [...this.#live]) this.#contained(session, "stop", now, () => session.stop());
  }

  /** There is room again for what waits: some of the clients that were kept waiting have their turn, the others soon. */
  #callWaiting(now: Instant): void {
    const { buffered } = this.#context;
    for (let called = 0; called < CALLED_AT_ONCE; called += 1) {
      const clientId = buffered.takeWaiting();
      if (clientId === undefined) return;
      const session = this.#byClientId.get(clientId);
      if (session !== undefined) this.#contained(session, "room", now, () => session.hasRoom(now));
    }
  }

  /** One of several sessions works; a bug in it does not keep the others from working. */
  #contained(session: Session, event: RecentEvent, now: Instant, work: () => void): void {
    this.#enter(session, event, 0, now);
    try {
      work();
      this.#leave(session);
    } catch (error) {
      this.#contain(error, now);
    }
  }

  /** The session works because of this. `id` is the MsgId or packet identifier. */
  #enter(session: Session, event: RecentEvent, id: number, now: Instant): void {
    this.#working = session;
    this.#linkBefore = session.link;
    session.recent.add(event, id, now);
  }

  /** Takes note of what became of a session that has worked. */
  #leave(session: Session): void {
    if (session.link !== this.#linkBefore && session.link !== 0) this.#byLink.set(session.link, session);
    if (session.settingUp) this.#settingUp.add(session);
    else if (this.#settingUp.size > 0) this.#settingUp.delete(session);
    if (session.ended) this.#retire(session);
    else this.#deadlines.schedule(session);
    if (this.#context.changed) this.#save(session);
    this.#working = undefined;
  }

  /** What is kept of the session has changed. */
  #save(session: Session): void {
    this.#context.changed = false;
    const isKept = session.keptAs !== undefined;
    // With whatever is saved, the numbering of topic ids is.
    if (isKept || session.wasKept || this.#context.topicIds.wantSaving) this.#emitSave(session.clientId);
    session.wasKept = isKept;
  }

  #emitSave(clientId: string): void {
    const { effects, settings } = this.#context;
    if (settings.savesSessions) effects.push({ type: "save", clientId });
  }

  /**
   * A throw is a bug of ours. The session in which it happened is dropped with all that is kept of it, for nothing of that can be
   * trusted; its will fires, for its client has lost its connection, which hears of it at its next message. The others go on.
   */
  #contain(error: unknown, now: Instant): void {
    const session = this.#working;
    if (session === undefined) throw error;
    this.#working = undefined;
    noteFailure(this.#context, session, error, now);
    if (session.link !== this.#linkBefore && session.link !== 0) this.#byLink.set(session.link, session);
    try {
      session.fail();
    } catch (second) {
      noteFailure(this.#context, session, second, now);
      this.#cutLinks(session);
    }
    this.#expel(session);
  }

  /** The session cannot close its connections any more. */
  #cutLinks(session: Session): void {
    for (const [link, owner] of this.#byLink) {
      if (owner !== session) continue;
      this.#context.effects.push({ type: "close", link, disconnect: false });
      this.#byLink.delete(link);
    }
  }

  /** Whatever state the session is in, its client is a stranger from now on. */
  #expel(session: Session): void {
    this.#deadlines.remove(session);
    this.#live.delete(session);
    this.#settingUp.delete(session);
    this.#stored.delete(session);
    if (this.#byAddress.get(session.address) === session) this.#byAddress.delete(session.address);
    if (this.#byClientId.get(session.clientId) === session) this.#byClientId.delete(session.clientId);
    this.#context.changed = false;
    if (session.wasKept) this.#emitSave(session.clientId);
  }

  #retire(session: Session): void {
    this.#deadlines.remove(session);
    this.#live.delete(session);
    if (this.#byAddress.get(session.address) === session) this.#byAddress.delete(session.address);
    // Until its connection is gone, the next one of this client has to wait for it.
    if (session.isClosing) return;
    if (!session.durable) {
      this.#stored.delete(session);
      if (this.#byClientId.get(session.clientId) === session) this.#byClientId.delete(session.clientId);
      return;
    }
    if (this.#stored.has(session)) return;
    this.#stored.add(session);
    for (let limit = this.#stored.exceededLimit; limit !== undefined; limit = this.#stored.exceededLimit) {
      this.#forget(this.#stored.takeFirst(), limit);
    }
  }

  #forget(session: Session, limit: string): void {
    const { clientId } = session;
    session.forget();
    this.#byClientId.delete(clientId);
    if (session.wasKept) this.#emitSave(clientId);
    note(this.#context, "client.forgotten", { clientId, limit });
  }
}
