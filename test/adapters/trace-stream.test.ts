import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { EventStream } from "../../src/http/event-stream.ts";
import { TraceStream } from "../../src/http/trace-stream.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A trace, and what its reader has had of it. */
function setUp() {
  const reader = { isSlow: false, datagrams: 0, omitted: [] as string[] };
  const stream = {
    get isSlow() {
      return reader.isSlow;
    },
    write(text: string) {
      if (reader.isSlow) return false;
      reader.datagrams += text.split("event: datagram").length - 1;
      return true;
    },
    send(event: string, data: string) {
      if (reader.isSlow) return false;
      reader.omitted.push(`${event} ${data}`);
      return true;
    },
  };
  const trace = new TraceStream(stream as unknown as EventStream);
  const come = (count: number) => {
    for (let each = 0; each < count; each += 1) {
      trace.add(() => ({ at: 1, direction: "in", octets: 2, text: "PINGREQ", hex: "0216" }));
    }
  };
  return { reader, trace, come };
}

describe("what of a trace is left out", () => {
  test("is told once: the next time it is counted from the beginning", () => {
    const { reader, come } = setUp();
    come(60);
    vi.advanceTimersByTime(100);
    come(1);
    vi.advanceTimersByTime(100);
    come(53);
    vi.advanceTimersByTime(100);
    expect(reader.datagrams).toBe(101);
    expect(reader.omitted).toEqual(['omitted {"count":10}', 'omitted {"count":3}']);
    vi.advanceTimersByTime(60_000);
    expect([reader.omitted.length, vi.getTimerCount()]).toEqual([2, 0]);
  });

  test("is told a slow reader when it reads on, with what came meanwhile", () => {
    const { reader, come } = setUp();
    come(5);
    reader.isSlow = true;
    vi.advanceTimersByTime(100);
    come(7);
    vi.advanceTimersByTime(5000);
    expect(reader.omitted).toEqual([]);
    reader.isSlow = false;
    vi.advanceTimersByTime(1000);
    expect([reader.datagrams, reader.omitted]).toEqual([0, ['omitted {"count":12}']]);
  });

  test("is not told any more when the trace has ended", () => {
    const { reader, trace, come } = setUp();
    come(60);
    trace.end();
    come(1);
    vi.advanceTimersByTime(5000);
    expect([reader.datagrams, reader.omitted, vi.getTimerCount()]).toEqual([0, [], 0]);
  });
});
