import type { ClientView } from "../../gateway/client-view.ts";
import type { Instant } from "../../gateway/contract.ts";
import type { ClientState, ClientSummary } from "../../http/answers.ts";
import type { WhereIs } from "../where-is.ts";

/** The steps of a CONNECT are one to people. */
const STATES: Readonly<Record<ClientView["state"], ClientState>> = {
  "awaiting will topic": "connecting",
  "awaiting will message": "connecting",
  "awaiting broker": "connecting",
  active: "active",
  asleep: "asleep",
  awake: "awake",
  lost: "lost",
  disconnected: "disconnected",
  refused: "refused",
  abandoned: "abandoned",
};

/** What people are told of a client. `timeOf` is the time of day of an instant, in milliseconds since 1970. */
export function clientSummary(view: ClientView, timeOf: (instant: Instant) => number, whereIs: WhereIs): ClientSummary {
  const { figures: counts, lostAt } = view;
  const { parted } = counts;
  return {
    clientId: view.clientId,
    state: STATES[view.state],
    address: whereIs(view.address).address,
    wirelessNodeId: view.wirelessNodeId ?? null,
    durable: view.durable,
    keepAliveSeconds: view.keepAlive,
    sleepSeconds: view.sleepDuration,
    lastSeen: timeOf(view.heardAt),
    lostAt: lostAt === undefined ? null : timeOf(lostAt),
    link: view.link,
    queued: view.waiting,
    queuedOctets: view.waitingOctets,
    unanswered: view.unanswered,
    subscriptions: view.subscriptions,
    topics: view.topics,
    datagramsIn: counts.datagramsIn,
    octetsIn: counts.octetsIn,
    datagramsOut: counts.datagramsOut,
    octetsOut: counts.octetsOut,
    published: counts.published,
    delivered: counts.delivered,
    dropped: counts.dropped,
    refused: counts.refused,
    repeatedIn: counts.repeatedIn,
    repeatedOut: counts.repeatedOut,
    connects: counts.connects,
    wakeUps: counts.wakeUps,
    parted: parted === undefined ? null : { how: parted.how, at: timeOf(parted.at), reason: parted.reason },
  };
}
