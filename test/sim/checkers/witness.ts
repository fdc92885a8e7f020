import type { Effect, GatewayEvent, Instant } from "../../../src/gateway/contract.ts";
import { decode } from "../../../src/sn/decode.ts";
import { encode } from "../../../src/sn/encode.ts";
import type { Message } from "../../../src/sn/message.ts";
import type { MessageName } from "../../../src/sn/msg-type.ts";
import { decodeShortName } from "../../../src/sn/short-name.ts";
import { SENT_BY_GATEWAY } from "../../sn/sent-by-gateway.ts";
import type { Place, Places } from "../place.ts";
import type { SimOptions } from "../sim-options.ts";
import type { SimulatedBroker } from "../simulated-broker.ts";
import { Callers } from "./callers.ts";
import type { DeliveryChecker } from "./delivery-checker.ts";
import { ExchangeChecker } from "./exchange-checker.ts";
import type { Fail } from "./fail.ts";
import { LinkChecker } from "./link-checker.ts";
import { type Occasion, SilenceChecker } from "./silence-checker.ts";
import { TopicIdChecker } from "./topic-id-checker.ts";
import { WillChecker } from "./will-checker.ts";

/** What only a gateway sends: never answered (F7). */
const FOR_CLIENTS: ReadonlySet<MessageName> = new Set([
  "ADVERTISE",
  "GWINFO",
  "CONNACK",
  "WILLTOPICREQ",
  "WILLMSGREQ",
  "SUBACK",
  "UNSUBACK",
  "WILLTOPICRESP",
  "WILLMSGRESP",
  "ENCAPSULATED",
]);

const RETURN_CODE_MAX = 3;
/** Answers to one stranger at once, and then one a second (X7). */
const STRANGER_BURST = 3;

interface ClientCheckers {
  exchange: ExchangeChecker;
  topicIds: TopicIdChecker;
  silence: SilenceChecker;
  will: WillChecker;
}

/**
 * Sees what goes into one gateway and what comes out of it, from its start to its end, and nothing of what is inside. It knows for whom
 * each datagram is, and gives it to the checkers of that client.
 */
export class Witness {
  readonly links: LinkChecker;
  readonly #options: SimOptions;
  readonly #places: Places;
  readonly #deliveries: DeliveryChecker;
  readonly #broker: SimulatedBroker;
  readonly #fail: Fail;
  readonly #callers = new Callers();
  readonly #clients = new Map<string, ClientCheckers>();
  /** For each place how many answers a stranger there could still get, and when that was counted. */
  readonly #strangers = new Map<Place, { allowance: number; at: Instant }>();
  #isReachable = false;
  /** What the gateway is handling. */
  #event: GatewayEvent["type"] | undefined;
  #from: Place | undefined;
  #message: Message | undefined;
  #speaker: string | undefined;
  #displaced: string | undefined;
  #now: Instant = 0;
  #isAnswered = false;
  #isPublished = false;
  /** Who has searched for a gateway: the first time is always answered. */
  readonly #searched = new Set<Place>();

  constructor(options: SimOptions, places: Places, deliveries: DeliveryChecker, broker: SimulatedBroker, fail: Fail) {
    this.#options = options;
    this.#places = places;
    this.#deliveries = deliveries;
    this.#broker = broker;
    this.#fail = fail;
    this.links = new LinkChecker(options.clientsMax, fail);
  }

  /** Whether the gateway has to take this client for connected. */
  isConnected(clientId: string): boolean {
    return this.#clients.get(clientId)?.exchange.isConnected === true;
  }

  /** What is on its way to this client under this MsgId, and since when. */
  inFlight(clientId: string, msgId: number): { payload: string; since: Instant } | undefined {
    return this.#clients.get(clientId)?.exchange.inFlight(msgId);
  }

  /** What a topic id means to this gateway. */
  nameOf(clientId: string, topicId: number): string | undefined {
    return this.#clients.get(clientId)?.topicIds.nameOf(topicId);
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
    if (event.type === "broker-reachable") this.#isReachable = event.reachable;
    if (!("link" in event)) return;
    const clientId = this.links.clientOf(event.link);
    const client = clientId === undefined ? undefined : this.#clients.get(clientId);
    if (clientId === undefined || client === undefined) return;
    if (event.type === "packet" && event.packet.cmd === "publish") {
      const { payload, topic, qos } = event.packet;
      client.exchange.fromBroker(Buffer.from(payload).toString(), topic, qos);
    } else if (event.type === "link-opened") {
      client.silence.linkOpened(now);
      // A client that is connected or wakes up does not notice, and keeps its ids.
      if (!client.exchange.isConnected && !client.exchange.keepsSession) client.topicIds.connected();
      // What was asked over the old one is forgotten, for the broker begins with the message again.
      else if (event.sessionPresent) client.topicIds.interrupted();
      client.exchange.linkOpened(event.sessionPresent);
    } else if (event.type === "link-closed" || event.type === "link-refused") {
      if (this.links.isInUse(clientId)) {
        client.exchange.linkClosed();
        client.silence.linkGone();
      }
      this.links.ended(event.link);
    }
  }

  /** The gateway sends the message in `data` to this place; `datagram` is that with its envelope, where there is one. */
  sends(place: Place, data: Uint8Array, datagram: Uint8Array, now: Instant): void {
    const message = decode(data);
    if (message.type === "malformed") this.#fail(`a datagram that is no message: ${message.reason}`);
    this.#checkOctets(place, data, datagram, message);
    this.#checkQuiet(place, message);
    if (place === this.#from) this.#isAnswered = true;
    const clientId = this.#callers.at(place);
    if (clientId === undefined) this.#toStranger(place, message, now);
    else this.#toClient(clientId, place, message, now);
  }

  /** The gateway has handled a datagram. */
  handled(): void {
    const message = this.#message;
    const isAdmitted = this.#speaker !== undefined && this.#clients.get(this.#speaker)?.exchange.state !== "none";
    if (this.#displaced !== undefined && isAdmitted && this.links.isInUse(this.#displaced)) {
      this.#fail(`C16: ${this.#displaced} goes on, and ${this.#speaker} has its address`);
    }
    if (!this.#isReachable || message === undefined) return;
    if (message.type === "SEARCHGW" && !this.#searched.has(this.#from!)) {
      if (!this.#isAnswered) this.#fail(`D8: ${this.#from!.name} searches for a gateway and is not answered`);
      this.#searched.add(this.#from!);
    }
    if (message.type === "PUBLISH" && message.qos === -1 && message.topicIdType === "short" && !this.#isPublished) {
      this.#fail("N5: a PUBLISH with QoS −1 does not reach the broker");
    }
  }

  /** The gateway's own client publishes. */
  publishes(topic: string, payload: Uint8Array): void {
    const message = this.#message;
    if (message?.type !== "PUBLISH" || message.qos !== -1) this.#fail(`N5: ${topic} is published for nobody`);
    if (this.#isPublished) this.#fail(`N5: ${topic} is published twice`);
    this.#isPublished = true;
    if (!this.#isReachable) this.#fail("N5: something is published while the broker cannot be reached");
    const { topicIdType, topicId, data } = message;
    if (topicIdType === "normal" || topicIdType === "reserved") this.#fail(`N2: QoS −1 with a ${topicIdType} topic id`);
    if (Buffer.compare(payload, data) !== 0) this.#fail("N5: another payload than that of the PUBLISH");
    if (topicIdType === "short" && decodeShortName(topicId) !== topic)
      this.#fail(`N2: short name ${topicId} is ${topic}`);
  }

  /** A datagram to all. */
  broadcasts({ data, radius, near }: Extract<Effect, { type: "broadcast" }>): void {
    const message = decode(data);
    if (message.type === "ADVERTISE") {
      if (!this.#isReachable) this.#fail("D1: ADVERTISE while the broker cannot be reached");
      if (near !== undefined) this.#fail("D12: ADVERTISE of one listener only");
    } else if (message.type === "GWINFO") {
      if (this.#message?.type !== "SEARCHGW") this.#fail("D8: GWINFO to all, and nobody searched");
      else if (this.#message.radius !== radius) this.#fail(`D10: GWINFO with radius ${radius}`);
    } else {
      this.#fail(`${message.type} to all`);
    }
  }

  performs(effect: Extract<Effect, { link: number }>, now: Instant): void {
    const clientId = effect.type === "open" ? effect.connect.clientId : this.links.clientOf(effect.link);
    const client = clientId === undefined ? undefined : this.#checkersOf(clientId);
    const isRenewal = client?.exchange.isConnected === true || client?.exchange.keepsSession === true;
    if (effect.type === "open") client?.silence.linkIsMade();
    if (effect.type === "open" && client !== undefined && !client.exchange.isConnected) {
      if (!isRenewal) client.exchange.setUpAnew();
      client.will.opened(effect.connect);
    } else if (effect.type === "open") {
      client?.will.renewed(effect.connect);
    }
    if (effect.type === "close" && clientId !== undefined) {
      if (effect.disconnect && client?.exchange.isConnected === true) client.exchange.linkIsRemade();
      client?.silence.closed(effect.disconnect, this.#occasionFor(clientId), now);
      if (!effect.disconnect) this.#lose(clientId);
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
      this.#fail(`${clientId} is forgotten while it is connected`);
    this.#clients.delete(clientId);
  }

  /** The gateway says that a sleeping client has moved. */
  moved(clientId: string): void {
    if (!this.#options.migrateOnWake) this.#fail("A-48: a client moves, and must not");
    const { state } = this.#checkersOf(clientId).exchange;
    // A client that did not answer while it was awake is asleep again, and nothing shows it (Z11).
    if (state !== "asleep" && state !== "awake") this.#fail(`A-48: a client that is ${state} moves`);
    if (this.#message?.type !== "PINGREQ" || this.#message.clientId !== clientId)
      this.#fail("A-48: not by its PINGREQ");
    this.#callers.came(clientId, this.#from!);
    this.#speaks(clientId, this.#message, true);
  }

  /** The gateway has ended in order. */
  stopped(): void {
    for (const clientId of this.links.clientsInUse) this.#fail(`6a: the connection of ${clientId} is left open`);
    for (const [clientId, { exchange }] of this.#clients) {
      // One that was awake may be asleep again, with nothing to show it (Z11).
      if (exchange.state === "active") this.#fail(`6a: ${clientId} is not told`);
    }
  }

  #begin(event: GatewayEvent["type"], now: Instant): void {
    this.#now = now;
    this.#event = event;
    this.#from = undefined;
    this.#message = undefined;
    this.#speaker = undefined;
    this.#displaced = undefined;
    this.#isAnswered = false;
    this.#isPublished = false;
    for (const [clientId, { silence, exchange }] of this.#clients) {
      if (exchange.sleepsUnseen()) silence.sleepsUnseen();
      if (this.links.isInUse(clientId)) silence.passed(now);
      // One without a connection to the broker is gone without anything to be seen of it.
      else if (silence.isLost(now) || exchange.isAbandoned(now)) this.#lose(clientId);
    }
  }

  #connects(clientId: string, from: Place): void {
    const there = this.#callers.at(from);
    // A client that sleeps may be elsewhere when it wakes up: its address is free.
    const sleeps = there !== undefined && this.#checkersOf(there).exchange.state === "asleep";
    this.#displaced = this.#callers.came(clientId, from);
    if (sleeps && this.#options.migrateOnWake) this.#displaced = undefined;
  }

  #speaks(clientId: string, message: Message, hasMoved: boolean): void {
    this.#speaker = clientId;
    const client = this.#checkersOf(clientId);
    // R8: an answer to nothing says nothing about what the client knows.
    const isHeard = message.type !== "PUBACK" || client.exchange.awaits(message.msgId);
    if (isHeard && client.exchange.state !== "connecting") client.topicIds.toGateway(message, this.#now);
    client.exchange.toGateway(message, hasMoved, this.#now);
    client.silence.toGateway(message, this.#now);
    client.will.toGateway(message, client.exchange);
    this.links.toGateway(clientId, message);
  }

  #checkersOf(clientId: string): ClientCheckers {
    let checkers = this.#clients.get(clientId);
    if (checkers === undefined) {
      const fail: Fail = (violation) => this.#fail(`${clientId}: ${violation}`);
      const exchange = new ExchangeChecker(this.#options, fail);
      const topicIds = new TopicIdChecker(this.#options.tRetryMs / 2, fail);
      const silence = new SilenceChecker(this.#options, exchange, fail);
      checkers = { exchange, topicIds, silence, will: new WillChecker(fail) };
      this.#clients.set(clientId, checkers);
    }
    return checkers;
  }

  /** Every datagram has the one form that its message has (F3, F6, E1), and says only what the standard knows. */
  #checkOctets(place: Place, data: Uint8Array, datagram: Uint8Array, message: Message): void {
    if (!SENT_BY_GATEWAY.has(message.type)) this.#fail(`${message.type} to ${place.name}`);
    if (Buffer.compare(encode(message), data) !== 0) {
      this.#fail(`${message.type} in another form than its own: ${Buffer.from(data).toString("hex")}`);
    }
    if (message.type !== "GWINFO" && Buffer.compare(this.#places.wrap(place, data), datagram) !== 0) {
      this.#fail(`E5: an envelope in another form: ${Buffer.from(datagram).toString("hex")}`);
    }
    if (message.type === "DISCONNECT" && data.length !== 2) this.#fail("X4: DISCONNECT with a duration to a client");
    if (message.type === "PINGREQ" && data.length !== 2) this.#fail("A-60: PINGREQ with a client id to a client");
    if (message.type === "GWINFO" && data.length !== 3) this.#fail("D8: GWINFO with an address");
    if (message.type === "PUBLISH" && (message.qos === -1 || message.topicIdType === "reserved")) {
      this.#fail(`G9: PUBLISH QoS ${message.qos}, topic id type ${message.topicIdType}`);
    }
    if ("returnCode" in message && message.returnCode > RETURN_CODE_MAX) {
      this.#fail(`A-22: return code ${message.returnCode}`);
    }
  }

  /** What is no message, or not for a gateway, or PUBLISH with QoS −1, is not answered (F5, F7, N3). */
  #checkQuiet(place: Place, message: Message): void {
    if (this.#event !== "datagram" || this.#from !== place) return;
    const heard = this.#message;
    if (heard === undefined) this.#fail(`F5: ${message.type} in answer to no message`);
    else if (FOR_CLIENTS.has(heard.type)) this.#fail(`F7: ${message.type} in answer to ${heard.type}`);
    else if (heard.type === "PUBLISH" && heard.qos === -1) this.#fail(`N3: ${message.type} in answer to QoS −1`);
  }

  #toStranger(place: Place, message: Message, now: Instant): void {
    const isAnswer = this.#event === "datagram" && this.#from === place;
    if (!isAnswer) this.#fail(`${message.type} to ${place.name}, where nobody is`);
    if (message.type === "GWINFO") {
      if (this.#message?.type !== "SEARCHGW") this.#fail("GWINFO to one who did not search");
      return;
    }
    if (message.type === "CONNACK" && message.returnCode !== 0) return;
    if (message.type !== "DISCONNECT") this.#fail(`${message.type} to a stranger at ${place.name}`);
    const before = this.#strangers.get(place) ?? { allowance: STRANGER_BURST, at: now };
    const allowance = Math.min(STRANGER_BURST, before.allowance + (now - before.at) / 1000);
    if (allowance < 1) this.#fail(`X7: more than ${STRANGER_BURST} answers and one a second to ${place.name}`);
    this.#strangers.set(place, { allowance: allowance - 1, at: now });
  }

  #toClient(clientId: string, place: Place, message: Message, now: Instant): void {
    const client = this.#checkersOf(clientId);
    if (message.type === "GWINFO") {
      if (this.#message?.type !== "SEARCHGW") this.#fail("GWINFO to one who did not search");
      return;
    }
    if (message.type === "DISCONNECT" && this.#from === place && this.#speaker === undefined) {
      // A ping of somebody else from its address (Z17): said to that one.
      return;
    }
    let payload: string | undefined;
    let topic: string | undefined;
    if (message.type === "PUBLISH") {
      payload = Buffer.from(message.data).toString();
      topic = this.#deliveries.sent(clientId, payload, message.retain);
    }
    client.exchange.toClient(message, payload, now);
    client.topicIds.toClient(message, topic, now);
    client.silence.toClient(message, now);
    client.will.toClient(message, this.#broker.connectionOf(clientId));
    if (message.type === "CONNACK" || message.type === "DISCONNECT") this.links.settled(clientId);
    if (client.exchange.state === "none") this.#callers.left(clientId);
  }

  #lose(clientId: string): void {
    const client = this.#clients.get(clientId);
    client?.exchange.ended();
    client?.will.abandoned();
    this.links.settled(clientId);
    this.#callers.left(clientId);
  }

  #occasionFor(clientId: string): Occasion {
    if (this.#event === "stop") return "stop";
    if (this.#event === "deadline") return "time";
    if (this.#event !== "datagram") return "broker";
    if (this.#displaced === clientId) return "another client";
    return this.#speaker === clientId ? "this client" : "another client";
  }
}
