import { expect, test } from "vitest";
import { Log } from "../../src/app/log/log.ts";
import { WrongTokenReport } from "../../src/app/log/wrong-token-report.ts";

test("wrong tokens are told of at once, then once a minute at most, with how many there were", () => {
  const told: unknown[] = [];
  const write = (line: string) => {
    const { level, event, address, count } = JSON.parse(line);
    told.push([level, event, address, count]);
  };
  let nowMs = 0;
  const report = new WrongTokenReport(
    new Log({ level: "info", format: "json", colour: false }, { write }),
    () => nowMs,
  );
  report.add("10.0.0.7");
  nowMs = 59_999;
  for (let count = 0; count < 5; count += 1) report.add("10.0.0.8");
  expect(told).toHaveLength(1);
  nowMs = 60_000;
  report.add("10.0.0.9");
  nowMs = 120_000;
  report.add("10.0.0.9");
  const line = (address: string, count: number) => ["warn", "http.wrong-token", address, count];
  expect(told).toEqual([line("10.0.0.7", 1), line("10.0.0.9", 6), line("10.0.0.9", 1)]);
});
