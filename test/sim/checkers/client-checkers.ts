import type { GatewayEvent, Instant, LinkConnect } from "../../../src/gateway/contract.ts";
import type { PacketFromBroker, PacketToBroker } from "../../../src/gateway/packet.ts";
import type { SavedSession } from "../../../src/gateway/saved-session.ts";
import { DEFAULT_SETTINGS } from "../../../src/gateway/settings.ts";
import type { Message } from "../../../src/sn/message.ts";
import type { MessageName } from "../../../src/sn/msg-type.ts";
import type { ClientMemory } from "./client-memory.ts";
import { ExchangeChecker } from "./exchange-checker.ts";
import type { Fail } from "./fail.ts";
import { OutageChecker } from "./outage-checker.ts";
import { type Occasion, SilenceChecker } from "./silence-checker.ts";
import { TopicIdChecker } from "./topic-id-checker.ts";
import { WillChecker } from "./will-checker.ts";
import type { WitnessSurroundings } from "./witness-surroundings.ts";

/** A broker that answers so soon answers each probe in its time. */
const PROMPT_MS = 300;

/** What means nothing from a client that is connected. */
const IGNORED: ReadonlySet<MessageName> = new Set(["WILLTOPIC", "PINGRESP"]);

/** All that watches what goes on between one gateway, in one life of it, and one client. */
export class ClientCheckers {
  readonly exchange: ExchangeChecker;
  readonly topicIds: TopicIdChecker;
  readonly silence: SilenceChecker;
  readonly will: WillChecker;
  readonly outage: OutageChecker;
  readonly memory: ClientMemory;
  readonly #clientId: string;
  readonly #world: WitnessSurroundings;
  readonly #fail: Fail;
  /** Of the connection that was accepted last. */
  #isDurable = false;
  #isAskedDurable = false;
  /** The gateway has kept that the broker had a QoS 2 message of it: that may be over since, and not saved. */
  #mayBeUnreleased = false;
  /** What it was before the gateway's start, as far as that was saved, until it has said itself what it is. */
  #unheard: "active" | "asleep" | undefined;
  /** Messages of the broker that have come over the present connection; and those that it had for the client when that asked last. */
  readonly #handed = new Set<string>();
  #wanted: readonly string[] = [];
  /** The client has had no PINGRESP since the connection was made. */
  #isLinkNew = false;
  /** The connection is there to stay: nothing is awaited before it is used. */
  #isReady = false;
  /** The connection of a connected client is made anew on purpose. */
  #isRenewed = false;
  /** The broker has forgotten what the client was told that it has. */
  #isBetrayed = false;

  constructor(clientId: string, world: WitnessSurroundings, run: number) {
    const { options } = world;
    this.#clientId = clientId;
    this.#world = world;
    this.#fail = (violation) => world.fail(`${clientId}: ${violation}`);
    this.memory = world.memoryOf(clientId);
    this.memory.acknowledgements.restarted();
    this.exchange = new ExchangeChecker(options, (payload) => world.deliveries.lost(payload), this.#fail);
    this.topicIds = new TopicIdChecker(this.memory.names, run, options.tRetryMs / 2, this.#fail);
    this.silence = new SilenceChecker(options, this.exchange, this.#fail);
    this.will = new WillChecker(options.habits, this.#fail);
    this.outage = new OutageChecker(options, this.#fail);
  }

  /** The gateway has started, and this is what it kept. */
  restored(saved: SavedSession, isThere: boolean, now: Instant): void {
    this.#isDurable = saved.durable;
    this.topicIds.restored(saved.topics);
    this.silence.restored(saved.keepAlive, saved.sleepDuration, now);
    this.will.restored(saved.will);
    this.#mayBeUnreleased = saved.openPublishes.length > 0;
    if (!isThere || saved.state === "disconnected") return;
    this.exchange.restored(saved.state);
    this.outage.restored(now);
    this.#unheard = saved.state;
  }

  /** What the gateway would keep is what has been seen; undefined where it keeps nothing. */
  keeps(saved: SavedSession | undefined): void {
    const { state } = this.exchange;
    // What a CONNECT comes to is not known before its end.
    if (state === "connecting") return;
    const isListening = state === "active" || state === "awake";
    if (saved === undefined) {
      if ((this.#isDurable && isListening) || state === "asleep")
        this.#fail(`A-54: nothing is kept of it, and it is ${state}`);
      return;
    }
    const keptAs = state === "awake" ? "asleep" : state === "none" ? "disconnected" : state;
    if (saved.state !== keptAs) this.#fail(`A-54: it is kept as ${saved.state}, and is ${state}`);
    if (saved.durable !== this.#isDurable) this.#fail(`A-54: it is kept as durable ${saved.durable}`);
    for (const { id, name, announced } of saved.topics) {
      if (this.topicIds.nameOf(id) !== undefined && this.topicIds.nameOf(id) !== name)
        this.#fail(`A-54: topic id ${id} is kept as ${name}, and means ${this.topicIds.nameOf(id)}`);
      // A sleeping client is told when it wakes up.
      if (announced && state === "active" && !this.topicIds.mayKnow(id))
        this.#fail(`T11: topic id ${id} is kept as known`);
    }
    if (state !== "none" && !this.silence.hasAnnounced(state === "active" ? saved.keepAlive : saved.sleepDuration))
      this.#fail(`A-54: ${state}, and kept with durations ${saved.keepAlive} and ${saved.sleepDuration}`);
    if (!this.will.isStored(saved.will)) this.#fail(`A-54: kept with another will: ${saved.will?.topic}`);
  }

  toGateway(message: Message, hasMoved: boolean, now: Instant): void {
    const { exchange } = this;
    this.#hearAfterStart(message, now);
    // R8: an answer to nothing says nothing about what the client knows.
    const isHeard = message.type !== "PUBACK" || exchange.awaits(message.msgId);
    if (isHeard && exchange.state !== "connecting") this.topicIds.toGateway(message, now);
    if (message.type === "CONNECT") this.#isAskedDurable = !message.cleanSession;
    exchange.toGateway(message, hasMoved, now);
    this.silence.toGateway(message, now);
    this.will.toGateway(message, exchange.connect);
    this.memory.acknowledgements.toGateway(message);
    if (message.type === "PINGREQ" && exchange.state === "awake") {
      this.outage.pinged(now);
      this.#wanted = this.#world.broker.pendingOf(this.#clientId);
    }
    // With these it wants something else.
    if (message.type === "CONNECT" || message.type === "DISCONNECT") this.outage.answered();
  }

  /**
   * What was saved is up to a second old, and in that second a client may have fallen asleep or become active: it is what it shows itself
   * to be. With its id in PINGREQ it asks for its messages (Z4), and for all else but that it has to be active.
   */
  #hearAfterStart(message: Message, now: Instant): void {
    const { exchange } = this;
    if (this.#unheard === undefined) return;
    if (message.type === "CONNECT" || message.type === "DISCONNECT") {
      this.#unheard = undefined;
    } else if (message.type === "PINGREQ" && message.clientId === this.#clientId) {
      this.#unheard = undefined;
      if (exchange.state === "active") this.silence.isAsleepAfterAll();
      if (exchange.state === "active") exchange.state = "asleep";
    } else if (IGNORED.has(message.type) || (message.type === "WILLMSG" && exchange.state === "asleep")) {
      return;
    } else if (this.#unheard === "active") {
      this.#unheard = undefined;
    } else if (message.type !== "PINGREQ" && exchange.state === "asleep") {
      // It may have spoken before it fell asleep: only by PINGREQ or CONNECT it says what it is.
      exchange.isActiveAfterAll();
      this.silence.isActiveAfterAll(now);
    }
  }

  /** `why` is what the gateway handles, or "asked" where the client has said DISCONNECT. */
  toClient(message: Message, why: GatewayEvent["type"] | "asked" | undefined, now: Instant): void {
    let payload: string | undefined;
    let topic: string | undefined;
    if (message.type === "PUBLISH") {
      payload = Buffer.from(message.data).toString();
      topic = this.#world.deliveries.sent(this.#clientId, payload, message.retain);
    }
    if (message.type === "DISCONNECT" && !this.#mayBeTold(why, now)) this.outage.told(now);
    const { state } = this.exchange;
    this.exchange.toClient(message, payload, now);
    this.topicIds.toClient(message, topic, now);
    this.silence.toClient(message, now);
    const { broker, gateway } = this.#world;
    this.will.toClient(message, broker.connectionOf(this.#clientId, gateway));
    this.memory.acknowledgements.toClient(message);
    if (message.type === "PINGRESP") {
      this.outage.answered();
      // Where time has come for it, the broker has not answered.
      if (state === "awake" && this.#isReady && why !== "deadline") this.#checkAllHanded();
      this.#isLinkNew = false;
    }
    // A client that wakes up is accepted, whatever becomes of its connection.
    if (message.type === "CONNACK" && message.returnCode === 0 && !this.outage.isLost && !this.#isRenewed) {
      this.#isReady = true;
      this.exchange.linkReady();
    }
    if (
      message.type === "CONNACK" &&
      message.returnCode === 0 &&
      state === "connecting" &&
      !this.exchange.connect.keepsSession
    )
      this.#isDurable = this.#isAskedDurable;
    if (this.exchange.state === "none") this.outage.over();
  }

  fromBroker(packet: PacketFromBroker): void {
    if (packet.cmd === "publish") {
      const { payload, topic, qos, messageId, dup } = packet;
      const text = Buffer.from(payload).toString();
      this.#handed.add(text);
      this.exchange.fromBroker({ payload: text, topic, qos, packetId: messageId }, dup);
    } else {
      this.memory.acknowledgements.fromBroker(packet);
    }
  }

  toBroker(packet: PacketToBroker): void {
    this.memory.acknowledgements.toBroker(packet);
    if (packet.cmd === "puback") this.exchange.acknowledgedToBroker(packet.messageId);
  }

  linkOpened(sessionPresent: boolean, now: Instant): void {
    const { exchange, memory } = this;
    this.silence.linkOpened(now);
    const isKept = sessionPresent && this.#isDurable;
    this.#handed.clear();
    this.#isLinkNew = this.exchange.isConnected;
    const isNew = !exchange.isConnected && !exchange.connect.keepsSession;
    const isBetrayed = !isKept && (memory.acknowledgements.hasUnreleased || this.#mayBeUnreleased);
    // It is told when a connection is in use, which need not be this one.
    this.#isBetrayed = isBetrayed || (this.#isBetrayed && !isNew);
    if (!isKept) this.#mayBeUnreleased = false;
    if (!isKept || isNew) memory.acknowledgements.brokerForgot(isNew);
    // A client that is connected or wakes up does not notice, and keeps its ids.
    if (isNew) {
      this.topicIds.connected();
      const { subscriptions, gateway } = this.#world;
      if (this.#isAskedDurable) subscriptions.connects(this.#clientId, gateway);
      else subscriptions.begins(this.#clientId);
    }
    // What was asked over the old one is forgotten, for the broker begins with the message again.
    else if (sessionPresent) this.topicIds.interrupted();
    exchange.linkOpened(sessionPresent);
    // That of a client that is there is of use when the broker knows again what it has subscribed to.
    if (!exchange.isConnected) this.outage.over();
  }

  /** The connection in use is gone, or could not be made. */
  linkClosed(byBroker: boolean, now: Instant): void {
    this.exchange.linkClosed(this.#isReady);
    this.silence.linkGone();
    if (this.exchange.isConnected) this.outage.lost(now, byBroker && this.#isReady);
    this.#isReady = false;
  }

  /** The gateway says that a connection that was made anew is in use. */
  linkReady(): void {
    this.will.ready();
    this.exchange.linkReady();
    this.#isReady = true;
    this.#isRenewed = false;
    this.outage.over();
  }

  /** The gateway opens a connection. Whether that is a lost one that is made anew, in its turn among all. */
  opens(connect: LinkConnect, now: Instant): boolean {
    const { exchange } = this;
    this.#isReady = false;
    this.#isRenewed = exchange.isConnected;
    this.silence.linkIsMade();
    if (exchange.isConnected) {
      this.will.renewed(connect);
      if (!this.outage.isLost) return false;
      return this.outage.tries(now);
    }
    if (!exchange.connect.keepsSession) exchange.setUpAnew();
    this.will.opened(connect);
    return false;
  }

  /** The gateway closes the connection. Whether that was in use. */
  closes(disconnect: boolean, occasion: Occasion, now: Instant): boolean {
    const { exchange } = this;
    const wasOpen = this.#isReady;
    if (disconnect && exchange.isConnected && wasOpen) {
      exchange.linkIsRemade();
      this.#isRenewed = true;
    }
    this.silence.closed(disconnect, wasOpen, occasion, now);
    if (wasOpen || !exchange.isConnected) return wasOpen;
    exchange.linkClosed(false);
    this.outage.lost(now);
    return false;
  }

  /** The gateway has closed the connection, and makes none. */
  cutOff(): void {
    this.exchange.cutOff();
    this.#isRenewed = false;
    this.outage.over();
  }

  /** The session is gone without a word to the client. */
  lost(): void {
    this.exchange.ended();
    this.#isRenewed = false;
    this.will.abandoned();
    this.outage.over();
  }

  /** Time has come to `now`. */
  passed(now: Instant): void {
    if (this.exchange.state === "active") this.outage.passedWhileActive(now);
    if (this.exchange.state === "awake" && this.exchange.open === undefined) this.outage.passedWhileAwake(now);
  }

  /**
   * Over a new connection the broker sends what it has: all of that comes before PINGRESP (Z7), unless the probe has no answer in its time,
   * or the client gets no more in one period.
   */
  #checkAllHanded(): void {
    const { brokerDelayMsMax, linkStallMs, queuedMax, awakeMessagesMax, reloadMs } = this.#world.options;
    if (!this.#isLinkNew || brokerDelayMsMax > PROMPT_MS || Number.isFinite(linkStallMs)) return;
    if (Number.isFinite(reloadMs)) return;
    if (queuedMax < DEFAULT_SETTINGS.queuedMax || awakeMessagesMax < DEFAULT_SETTINGS.awakeMessagesMax) return;
    const pending = this.#world.broker.pendingOf(this.#clientId);
    const missing = this.#wanted.find((payload) => pending.includes(payload) && !this.#handed.has(payload));
    if (missing !== undefined) this.#fail(`Z7: PINGRESP, and ${missing} is at the broker`);
  }

  /** Whether there is a reason for DISCONNECT that has nothing to do with an outage. */
  #mayBeTold(why: GatewayEvent["type"] | "asked" | undefined, now: Instant): boolean {
    if (why === "asked" || why === "stop" || why === "dismiss" || !this.exchange.isConnected) return true;
    if (this.#isBetrayed && (why === "link-opened" || why === "packet")) return true;
    return this.silence.hasLeftUnanswered(now);
  }
}
