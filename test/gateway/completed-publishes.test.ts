import { describe, expect, test } from "vitest";
import { CompletedPublishes, fingerprintOf } from "../../src/gateway/completed-publishes.ts";
import type { Publish } from "../../src/sn/message.ts";

const publish = (fields: Partial<Publish> = {}): Publish => ({
  type: "PUBLISH",
  dup: false,
  qos: 2,
  retain: false,
  topicIdType: "normal",
  topicId: 1,
  msgId: 3,
  data: Buffer.from("21.5"),
  ...fields,
});

describe("completed QoS 2 exchanges", () => {
  test("P10 a copy is what has the MsgId and the content of a message completed a moment ago", () => {
    const completed = new CompletedPublishes({ tRetryMs: 10_000 });
    completed.add(3, 77, true, 1000);
    expect(completed.isCopy(3, 77, 5999)).toBe(true);
    expect(completed.isCopy(3, 77, 6000)).toBe(false);
    expect(completed.isCopy(3, 78, 1000)).toBe(false);
    expect(completed.isCopy(4, 77, 1000)).toBe(false);
  });

  test("P10 a MsgId that was used again counts from its last exchange", () => {
    const completed = new CompletedPublishes({ tRetryMs: 10_000 });
    completed.add(3, 77, true, 0);
    completed.add(3, 78, true, 4000);
    expect(completed.isCopy(3, 77, 4000)).toBe(false);
    expect(completed.isCopy(3, 78, 8999)).toBe(true);
  });

  test("P10 of an exchange of which only PUBREL was seen, anything with its MsgId is a copy", () => {
    const completed = new CompletedPublishes({ tRetryMs: 10_000 });
    completed.add(3, undefined, true, 0);
    expect(completed.isCopy(3, 77, 4999)).toBe(true);
    expect(completed.isCopy(3, 77, 5000)).toBe(false);
  });

  test("what is older than any copy is not kept", () => {
    const completed = new CompletedPublishes({ tRetryMs: 10_000 });
    completed.add(3, 77, true, 0);
    completed.add(4, 77, true, 5000);
    expect([completed.has(3, 5000), completed.has(4, 5000)]).toEqual([false, true]);
  });

  test("256 MsgIds are remembered, then the oldest is forgotten", () => {
    const completed = new CompletedPublishes({ tRetryMs: 10_000 });
    for (let msgId = 1; msgId <= 256; msgId += 1) completed.add(msgId, 0, true, 0);
    // Used again, the first is the newest.
    completed.add(1, 0, true, 0);
    expect(completed.has(2, 0)).toBe(true);
    completed.add(257, 0, true, 0);
    expect([completed.has(1, 0), completed.has(2, 0), completed.has(3, 0), completed.has(257, 0)]).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  test("P10 the fingerprint depends on topic, its kind and the data, not on DUP", () => {
    const same = fingerprintOf(publish());
    expect(fingerprintOf(publish({ dup: true }))).toBe(same);
    expect(fingerprintOf(publish({ topicId: 2 }))).not.toBe(same);
    expect(fingerprintOf(publish({ topicIdType: "predefined" }))).not.toBe(same);
    expect(fingerprintOf(publish({ data: Buffer.from("21.6") }))).not.toBe(same);
    expect(fingerprintOf(publish({ data: Buffer.from("21.50") }))).not.toBe(same);
    expect(fingerprintOf(publish({ data: Buffer.alloc(0) }))).not.toBe(same);
  });
});
