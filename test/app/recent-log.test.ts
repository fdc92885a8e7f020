import { expect, test } from "vitest";
import { Log } from "../../src/app/log/log.ts";
import { RecentLog } from "../../src/app/log/recent-log.ts";

function recent(level: "trace" | "info" | "warn" = "trace") {
  const log = new Log({ level, format: "json", colour: false }, { write: () => {} });
  return { log, lines: new RecentLog(log) };
}

test("the last lines at info and above are kept, oldest first, as far as they are logged", () => {
  const { log, lines } = recent();
  log.at("debug", "client.asleep", { clientId: "d1" });
  log.at("info", "client.connected", { clientId: "d1", address: "10.0.0.7:1", will: false, reason: undefined });
  log.at("warn", "client.lost", { clientId: "d2", reason: "not heard of" });
  log.info("gateway.ready", {}, "the gateway is ready");
  expect(lines.last(2)).toEqual([
    {
      at: expect.any(Number),
      level: "warn",
      name: "client.lost",
      message: expect.stringMatching(/^not heard of \(a client was silent for too long, .*\)$/),
      clientId: "d2",
    },
    { at: expect.any(Number), level: "info", name: "gateway.ready", message: "the gateway is ready", clientId: null },
  ]);
  expect(lines.of("d1")).toMatchObject([
    { message: "address 10.0.0.7:1, will false (a client's CONNECT was accepted)" },
  ]);
  const quiet = recent("warn");
  quiet.log.info("gateway.ready", {}, "the gateway is ready");
  expect(quiet.lines.last(10)).toEqual([]);
});

test("two hundred of them are kept, and a thousand characters of each", () => {
  const { log, lines } = recent();
  for (let count = 0; count < 450; count += 1) log.at("info", "client.connected", { clientId: `d${count}` });
  expect(lines.last(1000).map(({ clientId }) => clientId)).toEqual(
    Array.from({ length: 200 }, (_, index) => `d${250 + index}`),
  );
  log.info("gateway.ready", {}, "x".repeat(5000));
  expect(lines.last(1)[0]!.message).toHaveLength(1001);
});
