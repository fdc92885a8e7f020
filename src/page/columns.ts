import type { ClientSummary } from "../http/answers.ts";
import { countText, shortCount } from "./count-text.ts";
import type { SortKey } from "./list-query.ts";
import { octetsText } from "./octets-text.ts";

/** A column of the list of clients that shows a number. */
interface Column {
  key: SortKey;
  /** Columns that belong together have one head; empty for one that stands alone. */
  group: string;
  label: string;
  meaning: string;
  /** Which columns go first where the page is narrow: 1 is the last to go. */
  rank: 1 | 2 | 3;
  text(client: ClientSummary): string;
  exact(client: ClientSummary): string;
}

type NumberKey = { [K in keyof ClientSummary]: ClientSummary[K] extends number ? K : never }[keyof ClientSummary];

function counted(key: NumberKey, group: string, label: string, meaning: string, rank: 1 | 2 | 3): Column {
  return {
    key,
    group,
    label,
    meaning,
    rank,
    text: (client) => shortCount(client[key]),
    exact: (client) => countText(client[key]),
  };
}

function octets(key: NumberKey, label: string, meaning: string): Column {
  return {
    ...counted(key, "Octets", label, meaning, 3),
    text: (client) => octetsText(client[key]),
    exact: (client) => `${countText(client[key])} octets`,
  };
}

/** The columns with numbers, after state, name, address and when it was heard last. */
export const COLUMNS: readonly Column[] = [
  counted("queued", "", "Queued", "messages that wait for it", 1),
  counted("wakeUps", "", "Wake-ups", "how often it came out of its sleep to ask for messages", 1),
  counted("subscriptions", "Has", "subs", "what it has subscribed to", 2),
  counted("topics", "Has", "ids", "topic ids that it was given", 2),
  counted("repeatedIn", "Repeated", "by it", "messages that it sent once more", 2),
  counted("repeatedOut", "Repeated", "to it", "messages that it was sent once more", 2),
  counted("datagramsIn", "Datagrams", "from", "datagrams that came from it", 2),
  counted("datagramsOut", "Datagrams", "to", "datagrams that it was sent", 2),
  octets("octetsIn", "from", "octets that came from it"),
  octets("octetsOut", "to", "octets that it was sent"),
];

/** What the list can be sorted by. */
export const SORT_KEYS: readonly SortKey[] = [
  "state",
  "clientId",
  "address",
  "lastSeen",
  ...COLUMNS.map(({ key }) => key),
];
