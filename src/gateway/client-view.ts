import type { ClientFigures, Parting } from "./client-figures.ts";
import type { ClientRecord } from "./client-record.ts";
import type { Address, Instant } from "./contract.ts";
import type { MqttQoS } from "./packet.ts";
import type { RecentHappening } from "./recent-events.ts";
import type { State } from "./state.ts";

/** What whoever operates the gateway is shown of a client; of one that has no session any more, what is remembered of it. */
export interface ClientView {
  readonly clientId: string;
  /** `refused` and `abandoned`: it tried to connect, and that was all. */
  readonly state: State | Exclude<Parting, "disconnected" | "lost">;
  /** Where it was heard last: its own address, or that of its forwarder. */
  readonly address: Address;
  /** Which of the forwarder's nodes it is, in hexadecimal. */
  readonly wirelessNodeId: string | undefined;
  /** CleanSession=0. */
  readonly durable: boolean;
  /** The Duration of its CONNECT, in seconds. */
  readonly keepAlive: number;
  /** The Duration of its last DISCONNECT, in seconds; 0 where it has not slept. */
  readonly sleepDuration: number;
  /** When its last message came. After a restart, at first, when that was. */
  readonly heardAt: Instant;
  /** When it will be taken for lost unless it is heard; undefined where it is not supervised. */
  readonly lostAt: Instant | undefined;
  /** Its broker connection. `renewing`: it was lost, or is made anew, and the client does not notice. */
  readonly link: "none" | "opening" | "open" | "renewing";
  /** Messages that wait for it, and their octets. */
  readonly waiting: number;
  readonly waitingOctets: number;
  /** Requests of it that wait for the broker. */
  readonly unanswered: number;
  readonly subscriptions: number;
  readonly topics: number;
  readonly figures: ClientFigures;
}

/** The same with all that there is to say. */
export interface ClientDetail extends ClientView {
  /** What it has subscribed to. */
  readonly subscribed: readonly { filter: string; qos: MqttQoS; topicIdType: string; topicId: number }[];
  /** Its normal topic ids. `announced`: it knows the id in its present connection. `suppressed`: it refuses to know the name. */
  readonly topicIds: readonly { id: number; name: string; announced: boolean; suppressed: boolean }[];
  /** Its will, without the message. */
  readonly will: { topic: string; qos: MqttQoS; retain: boolean; octets: number } | undefined;
  /** What happened to it last, oldest first. */
  readonly events: readonly RecentHappening[];
}

/** What there is to see of a client that has a session. */
export function viewOf(client: ClientRecord): ClientView {
  const { forwarding, deliveries, silence, state } = client;
  return {
    clientId: client.clientId,
    state,
    address: forwarding?.forwarder ?? client.address,
    wirelessNodeId: forwarding && Buffer.from(forwarding.wirelessNodeId).toString("hex"),
    durable: client.durable,
    keepAlive: client.keepAlive,
    sleepDuration: client.sleepDuration,
    heardAt: client.heardAt,
    lostAt: state === "active" || state === "asleep" ? silence.deadline : undefined,
    link: linkOf(client),
    waiting: deliveries.waiting.length,
    waitingOctets: deliveries.waiting.octets,
    unanswered: client.requests.openCount,
    subscriptions: client.subscriptions.size,
    topics: client.topics.size,
    figures: client.figures,
  };
}

/** The same with all that there is to say. */
export function detailOf(client: ClientRecord, events: readonly RecentHappening[]): ClientDetail {
  const { will } = client;
  return {
    ...viewOf(client),
    subscribed: Array.from(client.subscriptions.values(), (each) => ({ ...each })),
    topicIds: Array.from(client.topics.values(), ({ asked: _, ...entry }) => entry),
    will: will && { topic: will.topic, qos: will.qos, retain: will.retain, octets: will.payload.length },
    events,
  };
}

function linkOf({ renewal, link }: ClientRecord): ClientView["link"] {
  if (renewal.underWay) return "renewing";
  if (!link.exists) return "none";
  return link.isOpen ? "open" : "opening";
}
