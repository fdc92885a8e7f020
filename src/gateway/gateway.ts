import { decode } from "../sn/decode.ts";
import { encode } from "../sn/encode.ts";
import type { Connect, Message } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { isMqttText } from "../sn/text.ts";
import { type Context, note } from "./context.ts";
import type { Address, Effect, GatewayEvent, Instant, LinkId } from "./contract.ts";
import { DeadlineHeap } from "./deadline-heap.ts";
import { FIXED } from "./fixed-messages.ts";
import { PredefinedTopics } from "./predefined-topics.ts";
import { Session } from "./session.ts";
import type { Settings } from "./settings.ts";
import { StrangerLimit } from "./stranger-limit.ts";
import { TopicIds } from "./topic-table.ts";
import { TRANSITIONS } from "./transitions.ts";

/** The only ProtocolId there is (§5.3.8). */
const PROTOCOL_ID = 1;

/**
 * The gateway without a world: which session a datagram or packet belongs to, who may connect, what strangers are told, and whose
 * deadline comes next. See contract.ts for how it is driven.
 */
export class Gateway {
  readonly #context: Context;
  readonly #strangers: StrangerLimit;
  readonly #deadlines = new DeadlineHeap<Session>();
  /** Sessions with a client at the other end, by where that is. */
  readonly #byAddress = new Map<Address, Session>();
  /** All sessions, stored ones of disconnected clients included. */
  readonly #byClientId = new Map<string, Session>();
  /** Sessions by their connections, closing ones included. */
  readonly #byLink = new Map<LinkId, Session>();
  /** Stored sessions, the one that ended first in front. */
  readonly #stored = new Set<Session>();
  #stopped = false;
  /** The session at work, and the connection it had before. */
  #working: Session | undefined;
  #linkBefore: LinkId = 0;

  /** `seed` decides where topic ids begin: after a restart old ids should be unknown ones. */
  constructor(settings: Settings, seed: number) {
    const predefined = new PredefinedTopics(settings.predefinedTopics);
    const topicIds = new TopicIds(Math.abs(Math.trunc(seed)) % 0xfffe, (id) => predefined.has(id));
    this.#context = { settings, predefined, topicIds, effects: [], nextLink: 1 };
    this.#strangers = new StrangerLimit(settings.strangerAnswersPerSecond);
  }

  /** The earliest instant at which a `deadline` event is due; Infinity when there is none. */
  get deadline(): Instant {
    return this.#deadlines.next;
  }

  /** Takes in one event and says what is to be done, in order. Never throws on what comes from outside. */
  handle(event: GatewayEvent, now: Instant): Effect[] {
    const effects: Effect[] = [];
    this.#context.effects = effects;
    try {
      switch (event.type) {
        case "datagram":
          this.#onDatagram(event.from, event.data, now);
          break;
        case "packet": {
          const session = this.#byLink.get(event.link);
          if (session?.link !== event.link) break;
          this.#enter(session);
          session.handlePacket(event.packet, now);
          this.#leave(session);
          break;
        }
        case "deadline":
          this.#onDeadline(now);
          break;
        case "broker-reachable":
          break;
        case "stop":
          this.#stop();
          break;
        default:
          this.#onLink(event, now);
      }
    } catch (error) {
      this.#contain(error);
    }
    return effects;
  }

  #onDatagram(from: Address, data: Uint8Array, now: Instant): void {
    if (this.#stopped) return;
    const message = decode(data);
    if (message.type === "malformed") {
      note(this.#context, "datagram.dropped", { address: from, reason: message.reason });
      return;
    }
    if (message.type === "CONNECT") {
      this.#onConnect(message, from, now);
      return;
    }
    if (message.type === "PUBLISH" && message.qos === -1) {
      // N3: never an answer, and no sign of life of the session at this address (N4).
      note(this.#context, "datagram.dropped", { address: from, reason: "QoS −1 is not supported" });
      return;
    }
    const session = this.#byAddress.get(from);
    if (session === undefined) {
      this.#onStranger(message, from, now);
      return;
    }
    if (isPingOfAnother(message, session)) {
      // Z17: nobody is woken by somebody else's ping.
      this.#answerStranger(message, from, now);
      return;
    }
    this.#enter(session);
    session.handleMessage(message, now);
    this.#leave(session);
  }

  #onConnect(connect: Connect, from: Address, now: Instant): void {
    const { clientId } = connect;
    const reason = this.#whyNot(connect);
    if (reason !== undefined || clientId === null) {
      this.#refuse(from, RETURN_CODE.notSupported, reason);
      return;
    }
    const there = this.#byAddress.get(from);
    const known = this.#byClientId.get(clientId);
    const isNew = known === undefined || known.ended;
    if (isNew && this.#isFull(there)) {
      this.#refuse(from, RETURN_CODE.congestion, "clients.max is reached", clientId);
      return;
    }
    // C16
    if (there !== undefined && there !== known) {
      this.#enter(there);
      there.replaced();
      this.#leave(there);
    }
    const session = known ?? new Session(clientId, this.#context);
    if (known === undefined) this.#byClientId.set(clientId, session);
    this.#stored.delete(session);
    if (session.address !== from) {
      // C15: the newer address wins.
      if (this.#byAddress.get(session.address) === session) this.#byAddress.delete(session.address);
      session.moveTo(from);
    }
    this.#byAddress.set(from, session);
    this.#enter(session);
    session.handleMessage(connect, now);
    this.#leave(session);
  }

  /** Whether there is no room for another client, one at the same address excepted: it would take that one's place. */
  #isFull(there: Session | undefined): boolean {
    const { clientsMax } = this.#context.settings;
    if (there === undefined && this.#byAddress.size >= clientsMax) return true;
    // A connection that is closing still costs what a connection costs.
    return this.#byLink.size >= 2 * clientsMax;
  }

  /** What about the CONNECT itself cannot be accepted (C5, C6). */
  #whyNot({ protocolId, clientId }: Connect): string | undefined {
    if (protocolId !== PROTOCOL_ID) return `ProtocolId ${protocolId}`;
    if (clientId === "") return "the client id is empty";
    if (!isMqttText(clientId)) return "the client id is not UTF-8, or has control characters";
    if (Buffer.byteLength(clientId) > this.#context.settings.clientIdOctetsMax) return "the client id is too long";
    return undefined;
  }

  #refuse(address: Address, returnCode: number, reason: string | undefined, clientId?: string): void {
    this.#context.effects.push({ type: "send", to: address, data: encode({ type: "CONNACK", returnCode }) });
    note(this.#context, "client.refused", { clientId, address, returnCode, reason });
  }

  #onStranger(message: Message, from: Address, now: Instant): void {
    if (TRANSITIONS[message.type].disconnected === "drop") {
      note(this.#context, "datagram.dropped", { address: from, reason: `${message.type} is not for a gateway` });
      return;
    }
    this.#answerStranger(message, from, now);
  }

  #answerStranger({ type }: Message, address: Address, now: Instant): void {
    if (!this.#strangers.allows(address, now)) {
      note(this.#context, "stranger.limited", { address, message: type });
      return;
    }
    this.#context.effects.push({ type: "send", to: address, data: FIXED.disconnect });
    note(this.#context, "stranger.answered", { address, message: type });
  }

  #onLink(event: Extract<GatewayEvent, { link: LinkId }>, now: Instant): void {
    const session = this.#byLink.get(event.link);
    if (session === undefined) return;
    this.#enter(session);
    const inUse = session.link === event.link;
    if (event.type === "link-closed" || event.type === "link-refused") {
      this.#byLink.delete(event.link);
      if (event.type === "link-refused" && inUse) session.linkRefused(event.returnCode);
      else session.linkClosed(event.link, event.type === "link-closed" ? event.reason : "refused", now);
    } else if (inUse) {
      if (event.type === "link-opened") session.linkOpened(event.sessionPresent, now);
      else if (event.type === "link-probed") session.linkProbed(now);
      else session.linkStalled(event.type === "link-stalled");
    }
    this.#leave(session);
  }

  #onDeadline(now: Instant): void {
    // Each has one turn, so that one whose deadline did not move on could not keep the others waiting.
    const due: Session[] = [];
    for (let next = this.#deadlines.takeDue(now); next !== undefined; next = this.#deadlines.takeDue(now))
      due.push(next);
    for (const session of due) this.#contained(session, () => session.handleDeadline(now));
  }

  #stop(): void {
    this.#stopped = true;
    for (const session of [...this.#byAddress.values()]) this.#contained(session, () => session.stop());
  }

  /** One of several sessions works; a bug in it does not keep the others from working. */
  #contained(session: Session, work: () => void): void {
    this.#enter(session);
    try {
      work();
      this.#leave(session);
    } catch (error) {
      this.#contain(error);
    }
  }

  #enter(session: Session): void {
    this.#working = session;
    this.#linkBefore = session.link;
  }

  /** Takes note of what became of a session that has worked. */
  #leave(session: Session): void {
    this.#working = undefined;
    if (session.link !== this.#linkBefore && session.link !== 0) this.#byLink.set(session.link, session);
    if (session.ended) this.#retire(session);
    else this.#deadlines.schedule(session);
  }

  /** A throw is a bug of ours. The session in which it happened is dropped, the others go on. */
  #contain(error: unknown): void {
    const session = this.#working;
    if (session === undefined) throw error;
    const { clientId, state } = session;
    note(this.#context, "session.failed", { clientId, state, error: String((error as Error)?.stack ?? error) });
    session.fail();
    this.#leave(session);
  }

  #retire(session: Session): void {
    this.#deadlines.remove(session);
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
    if (this.#stored.size <= this.#context.settings.clientsMax) return;
    for (const oldest of this.#stored) {
      this.#stored.delete(oldest);
      this.#byClientId.delete(oldest.clientId);
      note(this.#context, "client.forgotten", { clientId: oldest.clientId });
      return;
    }
  }
}

function isPingOfAnother(message: Message, session: Session): boolean {
  if (message.type !== "PINGREQ" || message.clientId === "" || !session.connected) return false;
  return message.clientId !== session.clientId;
}
