import { describe, expect, test } from "vitest";
import { countOf } from "../../src/page/count-text.ts";
import { diagnosis } from "../../src/page/diagnosis.ts";
import { dueText } from "../../src/page/due-text.ts";
import { durationText } from "../../src/page/duration-text.ts";
import { GatewayClock } from "../../src/page/gateway-clock.ts";
import { apiQuery, listAddress, readListQuery } from "../../src/page/list-query.ts";
import { octetsText } from "../../src/page/octets-text.ts";
import { RateMeter } from "../../src/page/rate-meter.ts";
import { visibleText } from "../../src/page/visible-text.ts";
import { madeUpClient } from "./made-up-gateway.ts";

const MINUTE = 60_000;

describe("what is probably wrong with a client", () => {
  const now = Date.now();
  const day = now - 24 * 60 * MINUTE;

  test.each([
    ["active and heard", {}, undefined],
    ["asleep and not due", { state: "asleep", sleepSeconds: 60 }, undefined],
    ["disconnected", { state: "disconnected", parted: { how: "disconnected", at: now, reason: "" } }, undefined],
    [
      "asleep and overdue",
      { state: "asleep", sleepSeconds: 60, lastSeen: now - 5 * MINUTE, lostAt: now + 20_000 },
      "silent: was due to wake up 4 min ago; taken for lost in 20 s",
    ],
    [
      "active and silent",
      { keepAliveSeconds: 60, lastSeen: now - 80_000, lostAt: null },
      "silent for 80 s; it promised a sign of life every 60 s",
    ],
    [
      "refused",
      { state: "refused", parted: { how: "refused", at: now - 3000, reason: "not authorized" } },
      "refused 3 s ago: not authorized",
    ],
    ["lost", { state: "lost", parted: { how: "lost", at: now - 9000, reason: "silent" } }, "lost 9 s ago: silent"],
    [
      "abandoned",
      { state: "abandoned", parted: { how: "abandoned", at: now, reason: "" } },
      "began to connect 0 s ago and did not go on: do the gateway's answers reach it?",
    ],
    ["connecting for long", { state: "connecting", lastSeen: now - MINUTE }, "did not finish its CONNECT for 60 s"],
    ["without its link", { link: "renewing" }, "its connection to the broker is gone and is being made anew"],
    ["waiting for the broker", { unanswered: 7 }, "7 of its requests wait for the broker's answer"],
    [
      "sending everything twice",
      { repeatedIn: 30, published: 30 },
      "sends everything twice: the answers do not reach it, or come too late",
    ],
    ["sending a little twice", { repeatedIn: 5, published: 300 }, undefined],
    [
      "needing messages twice",
      { repeatedOut: 9, delivered: 10 },
      "needs messages twice: they, or its answers, get lost on the way",
    ],
    [
      "refused whatever it publishes",
      { refused: 5, published: 0 },
      "5 of its requests were refused, and none of its messages was taken: its log lines say why",
    ],
    ["refused now and then", { refused: 5, published: 300 }, undefined],
    ["connecting again and again", { connects: 1440 }, "connects anew every 60 s: does it restart, or ignore answers?"],
    ["given little of what there was", { dropped: 40, delivered: 2 }, "40 messages for it were given up"],
  ] as const)("of one that is %s", (_, differences, expected) => {
    const client = { ...madeUpClient("d", { lastSeen: now - 1000 }), ...differences };
    expect(diagnosis(client, now, day)?.text).toBe(expected);
  });

  test("silence is worse than waste", () => {
    const client = madeUpClient("d", { state: "asleep", sleepSeconds: 1, lastSeen: now - MINUTE, repeatedIn: 99 });
    expect(diagnosis(client, now, day)?.severity).toBe("bad");
  });
});

test.each(["lost", "disconnected", "refused", "abandoned"] as const)("since when a client is %s is said", (state) => {
  const parted = { how: state, at: 40_000, reason: "" };
  expect(dueText(madeUpClient("d", { state, parted }), 100_000)).toBe("60 s ago");
});

test("a query goes to the page's address and back, and what is not understood there is left out", () => {
  const query = { search: "a&b=ü", states: ["asleep", "lost"], sort: "queued", order: "desc", page: 3 } as const;
  const address = listAddress(query);
  expect(readListQuery(address, ["queued", "clientId"])).toEqual(query);
  expect(new URLSearchParams(apiQuery(query)).get("offset")).toBe("150");
  const first = { search: "", states: [], sort: "clientId", order: "asc", page: 0 };
  expect(readListQuery("?state=hungry&sort=__proto__&order=up&page=-7&x=1", ["queued"])).toEqual(first);
  expect(listAddress(readListQuery("", []))).toBe("");
});

test("durations and octets are told in the unit that fits", () => {
  expect([0, 99_000, 100_000, 120 * MINUTE, 72 * 60 * MINUTE, -5].map(durationText)).toEqual([
    "0 s",
    "99 s",
    "2 min",
    "2 h",
    "3 days",
    "0 s",
  ]);
  expect([0, 999, 1000, 123_456, 999_999, 5e9].map((octets) => octetsText(octets).replace("\u00a0", " "))).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "123 kB",
    "1.0 MB",
    "5.0 GB",
  ]);
});

test("a count of one is told in the singular", () => {
  expect([0, 1, 12_345].map((count) => countOf(count, "datagram"))).toEqual([
    "0 datagrams",
    "1 datagram",
    "12,345 datagrams",
  ]);
});

describe("the gateway's clock", () => {
  test("is told by the answer that was least late", () => {
    let here = 100_000;
    const clock = new GatewayClock(() => here);
    clock.hear(700_000);
    here += 1000;
    clock.hear(700_400);
    expect(clock.now()).toBe(701_000);
  });

  test("is followed when one of the clocks is set, there or here, and where it goes wrong slowly", () => {
    let here = 100_000;
    const clock = new GatewayClock(() => here);
    clock.hear(700_000);
    clock.hear(640_000);
    expect(clock.now()).toBe(640_000);
    here += 60_000;
    clock.hear(640_100);
    expect(clock.now()).toBe(640_100);
    for (let count = 0; count < 5; count += 1) clock.hear(638_100);
    expect(clock.now()).toBe(638_100);
  });
});

test("a rate is that of the last ten seconds, and begins anew when the gateway does", () => {
  const meter = new RateMeter();
  expect(meter.perSecond).toBeUndefined();
  for (let second = 0; second <= 60; second += 1) meter.add(second * 1000, second < 30 ? 0 : (second - 30) * 5);
  expect(meter.perSecond).toBe(5);
  meter.add(61_000, 3);
  expect(meter.perSecond).toBeUndefined();
});

test("two texts that differ look different", () => {
  expect(visibleText("a\u0000b\u200bc\u202ed\u007f")).toBe("a␀b⟨200B⟩c⟨202E⟩d⟨007F⟩");
  expect(visibleText("")).toBe("(empty)");
  expect(visibleText("größe 温度")).toBe("größe 温度");
});
