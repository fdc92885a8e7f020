/**
 * How the core and the world talk: the one page to read first.
 *
 *     gateway.handle(event, now) → effects        synchronous; never throws on input; a throw is a bug
 *     gateway.deadline                            the earliest instant at which it wants a `deadline` event
 *
 *     gateway.figures, views(), detail(clientId)  what there is to see, for people; asking changes nothing
 *
 * The core has no clock, socket, timer or log. Whoever runs it feeds it one event at a time, performs the effects in their order,
 * and never calls `handle` from within the performance of an effect.
 */
import type { MqttQoS, PacketFromBroker, PacketToBroker, Will } from "./packet.ts";
import type { SavedGateway } from "./saved-session.ts";
import type { Settings } from "./settings.ts";

/** A point in time: milliseconds of a clock that never goes back. Its zero has no meaning. */
export type Instant = number;

/** Where datagrams come from and go to; opaque to the core, made by the transport. */
export type Address = string;

/** One connection to the broker. The core numbers them; a number is never used again. */
export type LinkId = number;

/** What has happened. */
export type GatewayEvent =
  | { type: "datagram"; from: Address; data: Uint8Array }
  /** `gateway.deadline` has come. Early or late makes no difference: `now` decides. */
  | { type: "deadline" }
  /** The broker accepted CONNECT. `limits` is what it said that it cannot do, which only MQTT 5 has words for. */
  | { type: "link-opened"; link: LinkId; sessionPresent: boolean; limits?: BrokerLimits }
  /**
   * The broker answered CONNECT with a refusal: the return code of MQTT 3.1.1, 1 to 5, or the reason code of MQTT 5, 0x80 or more. The
   * link is closed. `reason` is what the broker said besides, for people.
   */
  | { type: "link-refused"; link: LinkId; returnCode: number; reason?: string }
  /**
   * The connection is gone, or could not be made. Follows every `open` exactly once in the end, also after `close`, unless
   * `link-refused` came. `reason` is for people. `byBroker`: the broker ended a connection that it had accepted, and has not said why;
   * not so where the network failed, or the broker fell silent. `unasked`: the broker cannot have seen CONNECT, for nobody was reached.
   * `takenOver`: the broker has said that this client is connected elsewhere (MQTT 5: Session taken over).
   */
  | {
      type: "link-closed";
      link: LinkId;
      reason: string;
      byBroker?: boolean;
      unasked?: boolean;
      takenOver?: boolean;
    }
  /** What the link was opened with holds only a little longer: a new one is to take its place. May be said again. */
  | { type: "link-expires"; link: LinkId }
  /** The octets of its payload hold during the call only. */
  | { type: "packet"; link: LinkId; packet: PacketFromBroker }
  /** The broker has answered a `probe`: every packet that it sent before has been handed over. */
  | { type: "link-probed"; link: LinkId }
  /** More waits to be written to the broker than the connection takes at the moment. */
  | { type: "link-stalled"; link: LinkId }
  /** What waited has been written. */
  | { type: "link-drained"; link: LinkId }
  /**
   * Whether the broker can be reached, by the gateway's own connection; unreachable until told otherwise. Told at each change. `limits` as
   * in `link-opened`.
   */
  | { type: "broker-reachable"; reachable: boolean; limits?: BrokerLimits }
  /**
   * What was kept from before a restart. Comes first, if it comes. That it came is to be kept too (`gateway.lastTopicId`), best before
   * datagrams are handed in: until the first `saved` no client is given a topic id.
   */
  | { type: "restore"; saved: SavedGateway }
  /** All that a `save` was about up to now is safe. */
  | { type: "saved" }
  /** From now on these settings hold. No client is disconnected by that. */
  | { type: "reload"; settings: Settings }
  /**
   * Whoever operates the gateway sends a client away: it is told DISCONNECT where it listens, and no will fires. With `forget` nothing is
   * kept of it; `client.forgotten` tells when its connection is gone too. Nothing where there is no such client.
   */
  | { type: "dismiss"; clientId: string; forget: boolean }
  /** Orderly end: clients are told, links are closed. */
  | { type: "stop" };

/** What a broker does not do on a connection. What it is not to be sent would end the connection. */
export interface BrokerLimits {
  /** PUBLISHes of QoS 1 and 2 that may be unfinished towards it at once (Receive Maximum). */
  receiveMax: number;
  /** The highest QoS that it takes. */
  maxQos: MqttQoS;
  /** Whether it takes what is to be retained. */
  retains: boolean;
  /** The largest packet that it takes, in octets. */
  packetOctetsMax: number;
}

/** What is to be done about it. */
export type Effect =
  | { type: "send"; to: Address; data: Uint8Array }
  /**
   * Send to the discovery groups of the listener that `near` came in at, or without it of every listener, from the socket that serves
   * CONNECT (D12). `radius` in hops; 0 is the whole network (D7).
   */
  | { type: "broadcast"; near: Address | undefined; radius: number; data: Uint8Array }
  /** PUBLISH with QoS 0 through the gateway's own client (N5); lost where that has no connection. */
  | { type: "publish"; topic: string; payload: Uint8Array; retain: boolean }
  /** Connect to the broker and send CONNECT. Answered by `link-opened`, `link-refused` or `link-closed`. */
  | { type: "open"; link: LinkId; connect: LinkConnect }
  | { type: "write"; link: LinkId; packet: PacketToBroker }
  /** Ask the broker for a sign of life; answered by `link-probed`, in order with the packets. */
  | { type: "probe"; link: LinkId }
  /** Stop reading from the broker, so that it keeps what it has. */
  | { type: "pause"; link: LinkId }
  | { type: "resume"; link: LinkId }
  /** With `disconnect` an MQTT DISCONNECT goes first: the broker then discards the will. Without it the will fires. */
  | { type: "close"; link: LinkId; disconnect: boolean }
  /**
   * What is to be kept of this client has changed, or nothing is any more: `gateway.savedSession` says it. To be written together with
   * what else changes, and with `gateway.lastTopicId`, at most a second later. An empty `clientId` is nobody's: only the latter is to be
   * written.
   */
  | { type: "save"; clientId: string }
  | Note;

/** What the core says of itself: the log prints it, metrics count it, tests assert on it. */
export interface Note {
  type: "note";
  name: NoteName;
  fields: NoteFields;
}

/** `limit` is the key of the limit of the configuration that was reached, where that is why. */
export type NoteFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Every note there is, with what it means. */
export const NOTES = {
  "client.connected": "a client's CONNECT was accepted",
  "client.refused": "a CONNECT was refused; reason and return code say why",
  "client.disconnected": "a client said DISCONNECT, or was told it; reason says which",
  "client.lost": "a client was silent for too long, did not answer, or was replaced; its will fires",
  "client.asleep": "a client went to sleep",
  "client.awake": "a sleeping client asks for its messages",
  "client.moved": "a sleeping client woke up at another address",
  "client.resumed": "a sleeping or awake client became active again with its session as it was",
  "client.forgotten":
    "the stored session of a disconnected client was dropped, to stay within the limit, or because it was sent away for good",
  "setup.abandoned": "a client did not finish its CONNECT",
  "datagram.dropped": "a datagram was not a message that a gateway handles",
  "message.ignored": "a message that means nothing in the client's state",
  "publish.refused": "a PUBLISH of a client was answered with a refusal",
  "publish.repeated": "a PUBLISH of a client that is being worked on came again, and was not forwarded again",
  "register.refused": "a REGISTER of a client was refused",
  "subscribe.refused": "a SUBSCRIBE of a client was refused",
  "delivery.repeated": "a message to a client was sent again for want of an answer",
  "delivery.dropped": "a message for a client was given up; reason says why",
  "delivery.postponed": "a message for a client is kept until it is heard of again",
  "queue.paused": "as much waits for a client as the limit allows: the broker is asked to keep the rest",
  "queue.resumed": "reading from the broker goes on",
  "topic.suppressed": "a client refuses to know a topic name; its messages are not sent to this client any more",
  "stranger.answered": "a sender without a session was answered with DISCONNECT",
  "stranger.limited": "a sender without a session was not answered, to stay within the rate limit",
  "qos-minus-one.dropped": "a PUBLISH with QoS −1 was dropped; reason says why",
  "search.ignored": "a SEARCHGW was not answered; reason says why",
  "gateway.advertised": "ADVERTISE was sent",
  "neighbour.heard": "another gateway advertises that did not before",
  "neighbour.confused":
    "another gateway has our GwId: clients cannot tell the two apart; give each a gateway.id of its own",
  "neighbour.silent": "another gateway has not advertised for NADV intervals",
  "standby.quiet": "the stand-by gateway keeps still, for another one advertises",
  "standby.active": "the stand-by gateway has heard of no other one and is to be found from now on",
  "will.updated": "a client's will was changed or deleted while it was connected, and the broker knows",
  "will.refused": "a WILLTOPICUPD or WILLMSGUPD of a client was refused",
  "link.refused": "the broker refused a client's connection",
  "link.closed": "the broker connection of a client ended without our asking; it is made anew",
  "link.retried": "an attempt to make a client's broker connection anew has failed; the next one follows",
  "link.restored": "a client's broker connection has been made anew, and the client has not noticed",
  "link.expires": "what a client's broker connection was opened with holds only a little longer: it is made anew",
  "link.renewed": "a client's broker connection has been made anew before it expired, and the client has not noticed",
  "client.taken-over":
    "the broker closed the connection of one client alone: it has connected elsewhere, or was sent away",
  "sessions.restored": "what was kept from before the restart is back",
  "session.failed": "a broken invariant: the session was dropped; a bug of ours",
} as const;

export type NoteName = keyof typeof NOTES;

/** What an MQTT CONNECT for a client says. Credentials and the link's own keep alive are the adapter's. */
export interface LinkConnect {
  clientId: string;
  cleanSession: boolean;
  will: Will | undefined;
}
