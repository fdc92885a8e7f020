import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { OPTION_KEYS } from "../../src/app/configuration/option-names.ts";
import { LIMIT_KEYS, NoteCounts } from "../../src/app/figures/note-counts.ts";
import { NOTE_REASONS, type ReasonedNote } from "../../src/app/figures/note-reasons.ts";
import { REASONS, reasonIn } from "../../src/app/figures/reasons.ts";
import type { NoteFields } from "../../src/gateway/contract.ts";

const CORE = new URL("../../src/gateway/", import.meta.url);

/** What the core's files say, without their comments. */
const SOURCE = readdirSync(CORE)
  .filter((file) => !["contract.ts", "transitions.ts"].includes(file))
  .map((file) => readFileSync(new URL(file, CORE), "utf8").replaceAll(/^\s*(\/\*\*|\*|\/\/).*$/gm, ""))
  .join("\n");

/** Texts of several words in the core that are not the reason of anything: states, phases, advice, and what a failure is told with. */
const NO_REASONS =
  /^(awaiting (will topic|will message|broker)|handed over|given up|kept back|something that cannot be told|broker\.\S+(: |, ).+)$/;

/** Reasons that come with the limit which was reached. */
const WITH_LIMIT = [
  "the queue is full",
  "too many",
  "larger than clients.max_datagram",
  "topic name larger than clients.max_datagram",
  "the broker only takes QoS 0, with which nothing can be acknowledged",
  "no topic id is left: clients.max_topics",
  "no room is left for topic names: clients.max_topic_bytes",
];

function countedOf(name: ReasonedNote, fields: NoteFields): string[] {
  const counts = new NoteCounts();
  counts.count(name, fields);
  return Object.entries(counts.byReason(name))
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${reason} ${count}`);
}

describe("notes are counted", () => {
  test("by name, all of them from the start", () => {
    const counts = new NoteCounts();
    expect(counts.byName["client.asleep"]).toBe(0);
    counts.count("client.asleep", { clientId: "a", duration: 60 });
    counts.count("client.asleep", { clientId: "b", duration: 60 });
    counts.count("client.awake", { clientId: "a" });
    expect([counts.byName["client.asleep"], counts.byName["client.awake"], counts.byName["client.lost"]]).toEqual([
      2, 1, 0,
    ]);
  });

  test("by the limit that was reached, whose key is one of the configuration", () => {
    const counts = new NoteCounts();
    counts.count("client.refused", { clientId: "a", limit: "clients.max", reason: "clients.max is reached" });
    counts.count("queue.paused", { clientId: "a", limit: "clients.max_queued" });
    counts.count("queue.paused", { clientId: "a", limit: "made up by somebody" });
    expect(Object.entries(counts.byLimit).filter(([, count]) => count > 0)).toEqual([
      ["clients.max", 1],
      ["clients.max_queued", 1],
    ]);
    expect(LIMIT_KEYS.filter((key) => !OPTION_KEYS.some((option) => option === key))).toEqual([]);
  });

  test("with every limit that the core speaks of", () => {
    const spokenOf = new Set(SOURCE.match(/"(?:clients|broker)\.max\w*"/g));
    expect(spokenOf.size).toBeGreaterThan(10);
    const unknown = [...spokenOf]
      .map((quoted) => quoted.slice(1, -1))
      .filter((key) => !(LIMIT_KEYS as readonly string[]).includes(key));
    expect(unknown).toEqual([]);
  });
});

describe("the reason of a note comes to one word", () => {
  test.each<[ReasonedNote, NoteFields, string]>([
    ["client.refused", { reason: "clients.max is reached", limit: "clients.max" }, "limit"],
    ["client.refused", { reason: "the client id is empty" }, "client_id"],
    ["client.refused", { reason: "ProtocolId 4" }, "protocol"],
    ["client.refused", { reason: "refused by the broker; see broker.username" }, "broker"],
    ["client.refused", { reason: "refused by the broker: go away" }, "broker"],
    ["client.refused", { reason: "connect ECONNREFUSED 127.0.0.1:1883" }, "broker_connection"],
    ["client.lost", { reason: "no answer to a message" }, "no_answer"],
    ["datagram.dropped", { reason: "CONNACK is not for a gateway" }, "not_for_gateway"],
    ["publish.refused", { returnCode: 2 }, "topic_id"],
    ["publish.refused", { returnCode: 3 }, "not_supported"],
    ["publish.refused", { returnCode: 1, brokerReasonCode: 0x97 }, "broker"],
    ["subscribe.refused", { filter: "a", reason: "the broker refused it when it was made again" }, "broker"],
    ["delivery.dropped", { reason: "the client does not know the topic id" }, "topic_id"],
    ["delivery.dropped", { reason: "what a broker or a client made up" }, "other"],
    ["delivery.dropped", { reason: "keep_alive" }, "other"],
  ])("%s %j: %s", (name, fields, word) => {
    expect(countedOf(name, fields)).toEqual([`${word} 1`]);
  });

  test("which is one of those of its note, whatever the text", () => {
    const words = Object.keys(NOTE_REASONS).flatMap((name) =>
      Object.keys(new NoteCounts().byReason(name as ReasonedNote)),
    );
    expect(new Set(words)).toEqual(new Set(Object.keys(REASONS)));
  });

  test("every text of the core that may be a reason has its word", () => {
    const texts = new Set(SOURCE.match(/(?<=")[a-z][\w−'+/#$,.:()]*(?: [\w−'+/#$,.:();]+)+(?=")/g));
    expect(texts.size).toBeGreaterThan(40);
    const maybe = [...texts].filter((text) => !NO_REASONS.test(text) && !WITH_LIMIT.includes(text));
    const without = maybe.filter((text) => reasonIn({ reason: text }) === undefined);
    expect(without).toEqual([]);
  });
});
