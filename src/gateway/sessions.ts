import { ClientFigures } from "./client-figures.ts";
import { type Context, note } from "./context.ts";
import type { Address, Instant, LinkId } from "./contract.ts";
import { DeadlineHeap } from "./deadline-heap.ts";
import { Departed } from "./departed.ts";
import type { Forwarding } from "./forwarding.ts";
import { noteFailure } from "./note-failure.ts";
import type { RecentEvent } from "./recent-events.ts";
import type { SavedSession } from "./saved-session.ts";
import { Session } from "./session.ts";
import { noStateCounts } from "./state-counts.ts";
import { StoredSessions } from "./stored-sessions.ts";

/** The sessions of a gateway, how each is found, and what becomes of it when it has worked. */
export class Sessions {
  readonly #context: Context;
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
  /** How many clients there are in each state, those with a session and those without. */
  readonly counts = noStateCounts();
  /** Clients whose sessions are not there any more. */
  readonly departed: Departed;
  /** The one at work, and the number of the next connection when it began. */
  #working: Session | undefined;
  #linksBefore: LinkId = 0;

  constructor(context: Context) {
    this.#context = context;
    this.#stored = new StoredSessions(context.settings, context.names);
    this.departed = new Departed(context.settings, this.counts);
  }

  /** The earliest instant at which one of them wants to be called. */
  get nextDeadline(): Instant {
    return this.#deadlines.next;
  }

  /** Those with a client, at whatever address. */
  get live(): ReadonlySet<Session> {
    return this.#live;
  }

  /** All of them, stored ones of disconnected clients included. */
  get all(): Iterable<Session> {
    return this.#byClientId.values();
  }

  get liveCount(): number {
    return this.#live.size;
  }

  /** Connections to the broker, closing ones included. */
  get linkCount(): number {
    return this.#byLink.size;
  }

  /** Clients in the middle of their CONNECT. */
  get settingUpCount(): number {
    return this.#settingUp.size;
  }

  /** clients.max is smaller from now on. */
  limitLowered(): void {
    this.#stored.limitLowered(this.#byClientId.size);
  }

  /** The session with a client at this address. */
  at(address: Address): Session | undefined {
    return this.#byAddress.get(address);
  }

  /** The session of a client, stored or not. */
  of(clientId: string): Session | undefined {
    return this.#byClientId.get(clientId);
  }

  /** The session that this connection is of, in use or closing. */
  over(link: LinkId): Session | undefined {
    return this.#byLink.get(link);
  }

  /** The connection is gone. */
  linkGone(link: LinkId): void {
    this.#byLink.delete(link);
  }

  /** The session of a client that connects: a new one where there is none. */
  join(clientId: string): Session {
    let session = this.#byClientId.get(clientId);
    if (session === undefined) {
      session = new Session(clientId, this.#context, this.#figuresOf(clientId));
      this.#byClientId.set(clientId, session);
    }
    session.isForgotten = false;
    this.#stored.delete(session);
    this.#live.add(session);
    return session;
  }

  /** A client was refused at its CONNECT. Where it has a session, that shows how it is. */
  refused(
    clientId: string,
    reason: string,
    octetsOut: number,
    from: Address,
    forwarding: Forwarding | undefined,
    now: Instant,
  ): void {
    if (this.#byClientId.has(clientId)) return;
    const figures = this.#figuresOf(clientId);
    figures.countIn(this.#context.octetsIn);
    if (octetsOut > 0) figures.countOut(octetsOut);
    figures.parted = { how: "refused", at: now, reason };
    this.departed.addRefused(clientId, figures, from, forwarding, now);
  }

  /** One of before a restart, in this state. False where it is not there: it has failed, or there are too many. */
  restore(
    saved: SavedSession,
    state: SavedSession["state"],
    forwarding: Forwarding | undefined,
    now: Instant,
  ): boolean {
    const { clientId } = saved;
    const session = new Session(clientId, this.#context, this.#figuresOf(clientId));
    session.wasKept = true;
    this.#byClientId.set(clientId, session);
    this.contained(session, "restore", now, () => session.restore(saved, state, forwarding, now));
    if (this.#byClientId.get(clientId) !== session) return false;
    if (state === "disconnected") return true;
    this.#live.add(session);
    // A sleeping client may have left its address to another one.
    if (!this.#byAddress.has(session.address) || state === "active") this.#byAddress.set(session.address, session);
    return true;
  }

  /** The session's client is heard from this address; the newer address wins (C15). */
  move(session: Session, to: Address, forwarding: Forwarding | undefined): void {
    if (session.address !== to) {
      if (this.#byAddress.get(session.address) === session) this.#byAddress.delete(session.address);
      session.moveTo(to, forwarding);
    }
    this.#byAddress.set(to, session);
  }

  /** Those whose deadline has come. */
  takeDue(now: Instant): Session[] {
    const due: Session[] = [];
    for (let next = this.#deadlines.takeDue(now); next !== undefined; next = this.#deadlines.takeDue(now))
      due.push(next);
    return due;
  }

  /** One of several sessions works; a bug in it does not keep the others from working. */
  contained(session: Session, event: RecentEvent, now: Instant, work: () => void): void {
    this.enter(session, event, 0, now);
    try {
      work();
      this.leave(session);
    } catch (error) {
      this.contain(error, now);
    }
  }

  /** The session works because of this. `id` is the MsgId or packet identifier. */
  enter(session: Session, event: RecentEvent, id: number, now: Instant): void {
    this.#working = session;
    this.#linksBefore = this.#context.nextLink;
    session.recent.add(event, id, now);
  }

  /** Takes note of what became of a session that has worked. */
  leave(session: Session): void {
    this.#addLinks(session);
    if (session.state !== session.countedAs) this.#recount(session);
    if (session.settingUp) this.#settingUp.add(session);
    else if (this.#settingUp.size > 0) this.#settingUp.delete(session);
    if (session.ended) this.#retire(session);
    else this.#deadlines.schedule(session);
    if (this.#context.changed) this.#save(session);
    this.#working = undefined;
  }

  /** Connections that the session has begun, those included that it has closed at once. */
  #addLinks(session: Session): void {
    for (let link = this.#linksBefore; link < this.#context.nextLink; link += 1) this.#byLink.set(link, session);
  }

  #recount(session: Session): void {
    const { state, countedAs } = session;
    if (countedAs !== undefined) this.counts[countedAs] -= 1;
    this.counts[state] += 1;
    session.countedAs = state;
  }

  /** The session is not there any more. */
  #discard({ clientId, countedAs }: Session): void {
    this.#byClientId.delete(clientId);
    if (countedAs !== undefined) this.counts[countedAs] -= 1;
  }

  /** What is kept of the session has changed. */
  #save(session: Session): void {
    this.#context.changed = false;
    const isKept = session.keptAs !== undefined;
    // With whatever is saved, the numbering of topic ids is.
    if (isKept || session.wasKept || this.#context.topicIds.wantSaving) this.emitSave(session.clientId);
    session.wasKept = isKept;
  }

  /** What is kept of a client is to be written, or forgotten. */
  emitSave(clientId: string): void {
    const { effects, settings } = this.#context;
    if (settings.savesSessions) effects.add({ type: "save", clientId });
  }

  /**
   * A throw is a bug of ours. The session in which it happened is dropped with all that is kept of it, for nothing of that can be
   * trusted; its will fires, for its client has lost its connection, which hears of it at its next message. The others go on.
   */
  contain(error: unknown, now: Instant): void {
    const session = this.#working;
    if (session === undefined) throw error;
    this.#working = undefined;
    noteFailure(this.#context, session, error, now);
    this.#addLinks(session);
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
      this.#context.effects.add({ type: "close", link, disconnect: false });
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
    if (this.#byClientId.get(session.clientId) === session) {
      this.#discard(session);
      this.#rememberFailed(session);
    }
    this.#context.changed = false;
    if (session.wasKept) this.emitSave(session.clientId);
  }

  /** Those of before where the client is remembered, which is over by that. */
  #figuresOf(clientId: string): ClientFigures {
    return this.departed.takeFigures(clientId) ?? new ClientFigures(this.#context.figures);
  }

  #rememberFailed(session: Session): void {
    try {
      this.departed.add(session.view);
    } catch {
      // A bug may leave anything behind: of this session there is nothing to see.
    }
  }

  #retire(session: Session): void {
    this.#deadlines.remove(session);
    this.#live.delete(session);
    if (this.#byAddress.get(session.address) === session) this.#byAddress.delete(session.address);
    // Until its connection is gone, the next one of this client has to wait for it.
    if (session.isClosing) return;
    if (!session.durable) {
      this.#stored.delete(session);
      if (this.#byClientId.get(session.clientId) === session) this.#leaveBehind(session);
      return;
    }
    if (this.#stored.has(session)) return;
    this.#stored.add(session);
    for (let limit = this.#limitExceeded; limit !== undefined; limit = this.#limitExceeded) {
      this.#forget(this.#stored.takeFirst(), limit);
    }
  }

  /** The session is gone, and what is remembered is that there was one; or nothing. */
  #leaveBehind(session: Session): void {
    const { clientId } = session;
    this.#discard(session);
    if (!session.isForgotten) this.departed.add(session.view);
    else note(this.#context, "client.forgotten", { clientId, reason: "sent away" });
  }

  get #limitExceeded(): string | undefined {
    return this.#stored.limitExceeded(this.#byClientId.size);
  }

  #forget(session: Session, limit: string): void {
    const { clientId } = session;
    session.forget();
    this.#discard(session);
    this.departed.add(session.view);
    if (session.wasKept) this.emitSave(clientId);
    note(this.#context, "client.forgotten", { clientId, limit });
  }
}
