import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, test, vi } from "vitest";
import { Daemon } from "../../src/app/daemon.ts";
import { Log } from "../../src/app/log/log.ts";
import { valuesOf } from "./bridge-site.ts";

afterEach(() => void vi.restoreAllMocks());

test("a start that fails for want of a listener leaves nothing that goes on", async () => {
  const taken = createSocket("udp4").bind(0, "127.0.0.1");
  await once(taken, "listening");
  const begun = vi.spyOn(globalThis, "setInterval");
  const ended = vi.spyOn(globalThis, "clearInterval");
  const log = new Log({ level: "error", format: "json", colour: false }, { write: () => {} });
  const values = valuesOf({
    "broker.url": "embedded:",
    "embedded.listen": "127.0.0.1:0",
    listen: `udp://127.0.0.1:${taken.address().port}`,
    "http.listen": "127.0.0.1:0",
  });
  await expect(Daemon.start(values, log, { onReady: () => {}, onFailure: () => {} })).rejects.toThrow(
    /another program has this port/,
  );
  taken.close();
  const left = begun.mock.results
    .map(({ value }) => value)
    .filter((timer) => !ended.mock.calls.some(([one]) => one === timer));
  expect(begun.mock.results.length).toBeGreaterThan(0);
  expect(left).toEqual([]);
});
