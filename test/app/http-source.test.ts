import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HttpSource } from "../../src/app/http/http-source.ts";
import { BridgeSite, valuesOf } from "./bridge-site.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

/** A source whose core has this time; what nobody asks for here is not there. */
function sourceOf(time: { now: number }): HttpSource {
  const { figures, states, counts } = new BridgeSite();
  const parts = {
    core: { figures, buffered: { messages: 0, octets: 0 }, stateCounts: states },
    runner: {
      counts,
      get now() {
        return time.now;
      },
    },
    version: "1.2.3",
    values: () => valuesOf({}),
    listenerUrls: () => [],
    brokerUrl: "mqtt://broker:1883",
    brokerStatus: { now: { reachable: true, since: null, reason: null } },
    isReady: () => true,
    log: { last: () => [] },
    eventLoopDelay: { p99Ms: 0 },
  };
  return new HttpSource(parts as unknown as ConstructorParameters<typeof HttpSource>[0]);
}

test("a gateway that was started before the clock was set has run for as long as it has", () => {
  const time = { now: 7000 };
  const source = sourceOf(time);
  time.now += 60_000;
  vi.setSystemTime(1_060_000);
  expect(source.status()).toMatchObject({ startedAt: 1_000_000, now: 1_060_000 });
  // A small machine without a clock of its own learns the time when it has a network.
  vi.setSystemTime(1_700_000_000_000);
  expect(source.status()).toMatchObject({ startedAt: 1_700_000_000_000 - 60_000, now: 1_700_000_000_000 });
});
