import type { Effect, GatewayEvent, Instant } from "../../../src/gateway/contract.ts";
import type { SavedGateway, SavedSession } from "../../../src/gateway/saved-session.ts";
import { decode } from "../../../src/sn/decode.ts";
import type { Message } from "../../../src/sn/message.ts";
import type { Place } from "../place.ts";
import { Callers } from "./callers.ts";
import { ClientCheckers } from "./client-checkers.ts";
import type { ClientState } from "./client-state.ts";
import { DatagramChecker } from "./datagram-checker.ts";
import { FOR_CLIENTS } from "./for-clients.ts";
import { LinkChecker } from "./link-checker.ts";
import type { Occasion } from "./silence-checker.ts";
import { StrangerChecker } from "./stranger-checker.ts";
import type { WitnessSurroundings } from "./witness-surroundings.ts";

/** Connections that are lost within such a time may be lost together. */
const TOGETHER_MS = 1000;

/**
 * Sees what goes into one gateway and what comes out of it, from its start to its end, and nothing of what is inside. It knows for whom
 * each datagram is, and gives it to the checkers of that client.
 */
export class Witness {
  readonly links: LinkChecker;
  readonly #world: WitnessSurroundings;
  readonly #run: number;
  readonly #datagrams: DatagramChecker;
  readonly #strangers: StrangerChecker;
  readonly #callers = new Callers();
  readonly #clients = new Map<string, ClientCheckers>();
  /** What the gateway is handling. */
  #event: GatewayEvent["type"] | undefined;
  #from: Place | undefined;
  #message: Message | undefined;
  #speaker: string | undefined;
  #displaced: string | undefined;
  /** Whose connection has ended that the gateway had closed while it was in use. */
  #closedFor: string | undefined;
  /** Who is sent away. */
  #dismissed: string | undefined;
  #now: Instant = 0;
  #unreachableAt: Instant = Number.NEGATIVE_INFINITY;
  /** When connections were lost, of whichever client. */
  readonly #losses: Instant[] = [];
  #isAnswered = false;
  #published = 0;

  /** `run` counts the lives of the gateway. */
  constructor(world: WitnessSurroundings, run: number) {
    this.#world = world;
    this.#run = run;
    this.links = new LinkChecker(world.options, world.fail);
    this.#datagrams = new DatagramChecker(world.places, world.fail);
    this.#strangers = new StrangerChecker(world.options.habits.mountpoint, world.fail);
  }

  /** Whether the gateway has to take this client for connected. */
  isConnected(clientId: string): boolean {
    return this.#clients.get(clientId)?.exchange.isConnected === true;
  }

  /** Whether the gateway has a connection to the broker for this client, takes it to be at this place, and has nothing more for it. */
  isServed(clientId: string, place: Place): boolean {
    const client = this.#clients.get(clientId);
    if (client === undefined || client.outage.isLost || client.exchange.holdsSomething) return false;
    return this.links.isInUse(clientId) && this.#callers.placeOf(clientId) === place;
  }

  /** The client is not at this gateway any more, whatever that believes. */
  isLeftBy(clientId: string): void {
    this.#clients.get(clientId)?.lost();
  }

  /** What is on its way to this client under this MsgId, and since when. */
  inFlight(clientId: string, msgId: number): { payload: string; since: Instant } | undefined {
    return this.#clients.get(clientId)?.exchange.inFlight(msgId);
  }

  /** Whether the gateway holds this message for a client that is connected. */
  holds(clientId: string, payload: string): boolean {
    const exchange = this.#clients.get(clientId)?.exchange;
    return exchange?.isConnected === true && exchange.holds(payload);
  }

  /** The gateway's process is gone. */
  over(): void {
    for (const client of this.#clients.values()) client.lost();
  }

  /** What a topic id means to this gateway. */
  nameOf(clientId: string, topicId: number): string | undefined {
    return this.#clients.get(clientId)?.topicIds.nameOf(topicId);
  }

  /** The gateway is handed what was kept of its life before. */
  restores({ sessions }: SavedGateway, now: Instant): void {
    const { options, places } = this.#world;
    let count = 0;
    for (const saved of sessions) {
      const { clientId, address, wirelessNodeId, state } = saved;
      const place = places.of(address, wirelessNodeId);
      // Where two of them have been at one place, the first is there; or both, where a sleeping one may have left.
      const other = this.#callers.at(place);
      const mayShare = options.migrateOnWake && (state === "asleep" || this.#stateOf(other) === "asleep");
      const isThere = state !== "disconnected" && (other === undefined || mayShare) && count < options.clientsMax;
      if (isThere) count += 1;
      if (isThere && (other === undefined || state === "active")) this.#callers.came(clientId, place);
      this.#checkersOf(clientId).restored(saved, isThere, now);
    }
  }

  /** The gateway says that this is to be kept of a client. */
  keeps(clientId: string, saved: SavedSession | undefined): void {
    const client = this.#clients.get(clientId);
    if (client === undefined) return;
    const place = this.#callers.placeOf(clientId);
    if (saved !== undefined && saved.state !== "disconnected" && place !== undefined) {
      if (this.#world.places.of(saved.address, saved.wirelessNodeId) !== place)
        this.#world.fail(`A-54: ${clientId} is kept at ${saved.address}, and is at ${place.name}`);
    }
    client.keeps(saved);
  }

  /** The gateway is handed a datagram with this message. */
  hears(from: Place, data: Uint8Array, now: Instant): void {
    this.#begin("datagram", now);
    this.#from = from;
    const message = decode(data);
    this.#message = message.type === "malformed" ? undefined : message;
    if (message.type === "malformed" || FOR_CLIENTS.has(message.type) || message.type === "SEARCHGW") return;
    // N4: it stands for nobody.
    if (message.type === "PUBLISH" && message.qos === -1) return;
    const before = message.type === "CONNECT" ? this.#callers.placeOf(message.clientId ?? "") : from;
    const hasMoved = before !== undefined && before !== from;
    if (message.type === "CONNECT" && message.clientId !== null) this.#connects(message.clientId, from);
    // That of another client says nothing, unless it moves that one here (see `moved`).
    if (message.type === "PINGREQ" && message.clientId !== "" && message.clientId !== this.#callers.at(from)) return;
    const clientId = this.#callers.at(from);
    if (clientId !== undefined) this.#speaks(clientId, message, hasMoved);
  }

  /** The gateway is handed something else than a datagram. */
  told(event: Exclude<GatewayEvent, { type: "datagram" }>, now: Instant): void {
    this.#begin(event.type, now);
    if (event.type === "broker-reachable") {
      if (this.#strangers.isReachable && !event.reachable) this.#unreachableAt = now;
      this.#strangers.isReachable = event.reachable;
      for (const { outage } of this.#clients.values()) outage.hurried();
    }
    if (event.type === "dismiss") this.#dismissed = event.clientId;
    if (!("link" in event)) return;
    const clientId = this.links.clientOf(event.link);
    const client = clientId === undefined ? undefined : this.#clients.get(clientId);
    if (clientId === undefined || client === undefined) return;
    if (event.type === "packet") {
      if (this.links.isInUse(clientId)) client.fromBroker(event.packet);
    } else if (event.type === "link-opened") {
      if (this.links.isInUse(clientId)) client.linkOpened(event.sessionPresent, now);
    } else if (event.type === "link-closed" || event.type === "link-refused") {
      if (this.links.isInUse(clientId)) {
        client.linkClosed(event.type === "link-closed" && event.byBroker === true, now);
        this.#losses.push(now);
      } else if (this.links.wasReady(event.link) && client.exchange.isConnected) this.#closedFor = clientId;
      this.links.ended(event.link);
    }
  }

  /** The gateway sends the message in `data` to this place; `datagram` is that with its envelope, where there is one. */
  sends(place: Place, data: Uint8Array, datagram: Uint8Array, now: Instant): void {
    const message = decode(data);
    if (message.type === "malformed") this.#world.fail(`a datagram that is no message: ${message.reason}`);
    this.#datagrams.sent(place, data, datagram, message);
    const isAnswer = this.#event === "datagram" && this.#from === place;
    if (isAnswer) {
      this.#datagrams.answers(message, this.#message);
      this.#isAnswered = true;
    }
    const clientId = this.#callers.at(place);
    if (clientId === undefined) this.#strangers.toStranger(place, message, isAnswer ? this.#message : undefined, now);
    else this.#toClient(clientId, place, message, now);
  }

  /** The gateway has handled what it was handed. */
  handled(): void {
    const message = this.#message;
    const isAdmitted = this.#speaker !== undefined && this.#clients.get(this.#speaker)?.exchange.state !== "none";
    if (this.#displaced !== undefined && isAdmitted && this.links.isInUse(this.#displaced)) {
      this.#world.fail(`C16: ${this.#displaced} goes on, and ${this.#speaker} has its address`);
    }
    if (this.#closedFor !== undefined && !this.links.isInUse(this.#closedFor))
      this.#clients.get(this.#closedFor)?.cutOff();
    // One that sleeps is not told.
    if (this.#dismissed !== undefined) this.#lose(this.#dismissed);
    if (message === undefined || this.#from === undefined) return;
    this.#strangers.handled(this.#from, message, this.#isAnswered, this.#published);
    if (this.#speaker === undefined || message.type !== "PINGREQ" || this.#isAnswered) return;
    if (this.#clients.get(this.#speaker)?.exchange.state === "active")
      this.#world.fail(`K: PINGREQ of ${this.#speaker} is not answered`);
  }

  /** The gateway's own client publishes. */
  publishes(topic: string, payload: Uint8Array): void {
    this.#published += 1;
    this.#strangers.publishes(topic, payload, this.#message);
  }

  /** A datagram to all. */
  broadcasts(effect: Extract<Effect, { type: "broadcast" }>): void {
    this.#strangers.broadcasts(effect, this.#message);
  }

  performs(effect: Extract<Effect, { link: number }>, now: Instant): void {
    const clientId = effect.type === "open" ? effect.connect.clientId : this.links.clientOf(effect.link);
    const client = clientId === undefined ? undefined : this.#checkersOf(clientId);
    const isRenewal = client?.exchange.isConnected === true || client?.exchange.connect.keepsSession === true;
    if (clientId !== undefined && client !== undefined) {
      if (effect.type === "open") this.#mustNotDisturb(clientId, client.outage.closedByBrokerAt);
      if (effect.type === "open" && client.opens(effect.connect, now)) this.links.renewed(now);
      if (effect.type === "close" && this.links.isInUse(clientId)) {
        if (client.closes(effect.disconnect, this.#occasionFor(clientId), now)) this.links.closesReady(effect.link);
        if (!effect.disconnect) this.#lose(clientId);
      }
      if (effect.type === "write") client.toBroker(effect.packet);
    }
    this.links.performed(effect, isRenewal, this.#message);
  }

  /** The gateway says that it gave a message up. */
  gaveUp(clientId: string, topic: string, qos: number, forWantOfRoom: boolean): void {
    this.#clients.get(clientId)?.exchange.gaveUp(topic, qos, forWantOfRoom);
  }

  /** The gateway says that it does not keep the session of a client that is not connected. */
  forgotten(clientId: string): void {
    // At the stop one without a connection to the broker is gone without anything to be seen of it.
    if (this.isConnected(clientId) && this.#event !== "stop")
      this.#world.fail(`${clientId} is forgotten while it is connected`);
    this.#clients.delete(clientId);
  }

  /** The gateway says that a sleeping client has moved. */
  moved(clientId: string): void {
    if (!this.#world.options.migrateOnWake) this.#world.fail("A-48: a client moves, and must not");
    const { state } = this.#checkersOf(clientId).exchange;
    // A client that did not answer while it was awake is asleep again, and nothing shows it (Z11).
    if (state !== "asleep" && state !== "awake") this.#world.fail(`A-48: a client that is ${state} moves`);
    if (this.#message?.type !== "PINGREQ" || this.#message.clientId !== clientId)
      this.#world.fail("A-48: not by its PINGREQ");
    this.#callers.came(clientId, this.#from!);
    this.#speaks(clientId, this.#message, true);
  }

  /** The gateway says that a client is lost: where that has no connection to the broker, there is nothing else to be seen of it. */
  lost(clientId: string): void {
    const client = this.#clients.get(clientId);
    if (client === undefined || client.exchange.state === "none") return;
    const isDisplaced = this.#displaced === clientId;
    if (!isDisplaced && !client.silence.mayBeLost(this.#now))
      this.#world.fail(`K3: ${clientId} is lost, and had been heard`);
    this.#lose(clientId);
  }

  /** The gateway says that a connection that was made anew is in use. */
  linkReady(clientId: string): void {
    this.#clients.get(clientId)?.linkReady();
  }

  /** The gateway says that the client is elsewhere now. */
  takenOver(clientId: string): void {
    this.#clients.get(clientId)?.outage.takenOver();
    this.#lose(clientId);
  }

  /** The gateway has ended in order. */
  stopped(): void {
    for (const clientId of this.links.clientsInUse) this.#world.fail(`6a: the connection of ${clientId} is left open`);
    for (const [clientId, { exchange }] of this.#clients) {
      // One that was awake may be asleep again, with nothing to show it (Z11).
      if (exchange.state === "active") this.#world.fail(`6a: ${clientId} is not told`);
    }
  }

  #begin(event: GatewayEvent["type"], now: Instant): void {
    this.#now = now;
    this.#event = event;
    this.#from = undefined;
    this.#message = undefined;
    this.#speaker = undefined;
    this.#displaced = undefined;
    this.#closedFor = undefined;
    this.#dismissed = undefined;
    this.#isAnswered = false;
    this.#published = 0;
    for (const [clientId, client] of this.#clients) {
      const { silence, exchange } = client;
      if (this.links.isInUse(clientId)) silence.passed(now);
      // One without a connection to the broker is gone without anything to be seen of it.
      else if (silence.isLost(now) || exchange.isAbandoned(now)) this.#lose(clientId);
      client.passed(now);
    }
  }

  #stateOf(clientId: string | undefined): ClientState | undefined {
    return clientId === undefined ? undefined : this.#clients.get(clientId)?.exchange.state;
  }

  #connects(clientId: string, from: Place): void {
    const there = this.#callers.at(from);
    // A client that sleeps may be elsewhere when it wakes up: its address is free.
    const sleeps = there !== undefined && this.#checkersOf(there).exchange.state === "asleep";
    this.#displaced = this.#callers.came(clientId, from);
    if (sleeps && this.#world.options.migrateOnWake) this.#displaced = undefined;
  }

  #speaks(clientId: string, message: Message, hasMoved: boolean): void {
    this.#speaker = clientId;
    this.#checkersOf(clientId).toGateway(message, hasMoved, this.#now);
    this.links.toGateway(clientId, message);
  }

  #checkersOf(clientId: string): ClientCheckers {
    let checkers = this.#clients.get(clientId);
    if (checkers === undefined) {
      checkers = new ClientCheckers(clientId, this.#world, this.#run);
      this.#clients.set(clientId, checkers);
    }
    return checkers;
  }

  #toClient(clientId: string, place: Place, message: Message, now: Instant): void {
    const client = this.#checkersOf(clientId);
    if (message.type === "GWINFO") {
      if (this.#message?.type !== "SEARCHGW") this.#world.fail("GWINFO to one who did not search");
      return;
    }
    // A ping of somebody else from its address (Z17): said to that one.
    if (message.type === "DISCONNECT" && this.#from === place && this.#speaker === undefined) return;
    const isAsked = this.#speaker === clientId && this.#message?.type === "DISCONNECT";
    client.toClient(message, isAsked ? "asked" : this.#event, now);
    if (message.type === "CONNACK" || message.type === "DISCONNECT") this.links.settled(clientId);
    if (client.exchange.state === "none") this.#callers.left(clientId);
  }

  /**
   * A connection that the broker has ended for one client alone is not made again: the client is elsewhere, and would be disturbed there.
   * Those that a broker ends when it goes come within a second, and so does the word that it has gone.
   */
  #mustNotDisturb(clientId: string, closedAt: Instant | undefined): void {
    if (closedAt === undefined || !this.isConnected(clientId) || !this.#strangers.isReachable) return;
    if (this.#unreachableAt >= closedAt - TOGETHER_MS) return;
    const together = this.#losses.filter((at) => at >= closedAt - TOGETHER_MS);
    if (together.length === 1)
      this.#world.fail(`${clientId} is connected to the broker again, which has ended its connection alone`);
  }

  #lose(clientId: string): void {
    this.#clients.get(clientId)?.lost();
    this.links.settled(clientId);
    this.#callers.left(clientId);
  }

  #occasionFor(clientId: string): Occasion {
    if (this.#event === "stop" || this.#event === "dismiss") return "stop";
    if (this.#event === "deadline") return "time";
    if (this.#event !== "datagram") return "broker";
    if (this.#displaced === clientId) return "another client";
    return this.#speaker === clientId ? "this client" : "another client";
  }
}
