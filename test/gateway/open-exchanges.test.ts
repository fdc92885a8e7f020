import fc from "fast-check";
import { expect, test } from "vitest";
import type { OpenExchange } from "../../src/gateway/open-exchange.ts";
import { OpenExchanges } from "../../src/gateway/open-exchanges.ts";
import { DEFAULT_SETTINGS } from "../../src/gateway/settings.ts";

const TYPES = ["subscribe", "unsubscribe"] as const;

/** Few numbers, so that they meet. */
const number = fc.integer({ min: 1, max: 6 });
const type = fc.constantFrom(...TYPES);

type Step = { does: "add"; exchange: OpenExchange } | { does: "delete"; packetId: number } | { does: "clear" };

const exchange = fc.record({ type, packetId: number, msgId: number }).map(({ type, packetId, msgId }) => {
  const common = { packetId, msgId, askedIn: 0 };
  return type === "subscribe"
    ? { ...common, type, topic: { filter: "a", topicIdType: "normal" as const, topicId: 1 }, qos: 0 as const }
    : { ...common, type, filter: "a" };
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant("add" as const), exchange }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant("delete" as const), packetId: number }) },
  { weight: 1, arbitrary: fc.constant({ does: "clear" as const }) },
);

test("what is open is what a map by packet identifiers would hold, in the order in which it was begun", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const open = new OpenExchanges(DEFAULT_SETTINGS);
      const model = new Map<number, OpenExchange>();
      for (const step of steps) {
        take(step, open, model);
        isSame(open, model);
      }
    }),
    { numRuns: 500 },
  );
});

function take(step: Step, open: OpenExchanges, model: Map<number, OpenExchange>): void {
  switch (step.does) {
    case "add":
      // Nothing is begun under a packet identifier that is taken.
      if (model.has(step.exchange.packetId)) return;
      open.add(step.exchange);
      model.set(step.exchange.packetId, step.exchange);
      return;
    case "delete": {
      const gone = model.get(step.packetId);
      if (gone === undefined) return;
      open.delete(gone);
      model.delete(step.packetId);
      return;
    }
    case "clear":
      open.clear();
      model.clear();
  }
}

function isSame(open: OpenExchanges, model: ReadonlyMap<number, OpenExchange>): void {
  expect([...open.values()]).toEqual([...model.values()]);
  expect(open.size).toBe(model.size);
  expect(open.empty).toBe(model.size === 0);
  for (let number = 1; number <= 6; number += 1) {
    expect(open.get(number)).toBe(model.get(number));
    expect(open.has(number)).toBe(model.has(number));
    for (const type of TYPES) {
      // Where several of one type have one MsgId, any of them.
      const known = [...model.values()].filter((each) => each.type === type && each.msgId === number);
      const found = open.find(number, type);
      if (known.length === 0) expect(found).toBeUndefined();
      else expect(known).toContain(found);
    }
  }
}
