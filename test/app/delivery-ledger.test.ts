import { describe, expect, test } from "vitest";
import { DeliveryLedger } from "../../src/app/device/delivery-ledger.ts";
import { LatencyHistogram } from "../../src/app/device/latency-histogram.ts";
import { simulatedPayload } from "../../src/app/device/simulated-payload.ts";

describe("the ledger of a simulation", () => {
  test("tells what was lost after it was accepted from what was lost before", () => {
    const ledger = new DeliveryLedger(2);
    for (const isAccepted of [true, true, false]) ledger.answer(1, ledger.send(1), isAccepted, 1);
    ledger.send(1);
    ledger.arrive(1, 0, 1);
    expect(ledger.totals).toMatchObject({ sent: 4, accepted: 2, failed: 1, pending: 1, delivered: 1 });
    expect(ledger.totals).toMatchObject({ lostAccepted: 1, lostUnaccepted: 2, duplicated: 0 });
  });

  test("counts an arrival before the acknowledgement, and every further one", () => {
    const ledger = new DeliveryLedger(1);
    const sequence = ledger.send(0);
    for (let count = 0; count < 100; count += 1) ledger.arrive(0, sequence, 1);
    ledger.answer(0, sequence, true, 1);
    expect(ledger.totals).toMatchObject({ accepted: 1, delivered: 1, lostAccepted: 0, duplicated: 99 });
  });

  test("counts what nobody sent", () => {
    const ledger = new DeliveryLedger(1);
    ledger.arrive(0, 0, 1);
    ledger.arrive(7, 0, 1);
    expect(ledger.totals).toMatchObject({ delivered: 0, foreign: 2 });
  });

  test("has room for any number of messages of a node", () => {
    const ledger = new DeliveryLedger(1);
    for (let count = 0; count < 1000; count += 1) ledger.arrive(0, ledger.send(0), 1);
    expect(ledger.totals).toMatchObject({ sent: 1000, delivered: 1000, duplicated: 0 });
  });
});

test("percentiles of latency are exact to about 2 %", () => {
  const histogram = new LatencyHistogram();
  expect(histogram.percentileMs(0.5)).toBeUndefined();
  for (let ms = 1; ms <= 1000; ms += 1) histogram.add(ms);
  expect(histogram.percentileMs(0.5)! / 500).toBeCloseTo(1, 1);
  expect(histogram.percentileMs(0.99)! / 990).toBeCloseTo(1, 1);
});

test("a simulated payload says who sent it, and others are not mistaken for one", () => {
  const head = { run: 3, node: 7, sequence: 8, sentAt: 1234.5 };
  const data = simulatedPayload.encode(32, head);
  expect(data).toHaveLength(32);
  expect(simulatedPayload.decode(data)).toEqual(head);
  expect(simulatedPayload.decode(Buffer.from("short"))).toBeNull();
});
