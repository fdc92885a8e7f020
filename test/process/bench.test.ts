import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import type { Results } from "../../bench/results.ts";
import { Mosquitto } from "../interop/mosquitto.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const run = promisify(execFile);

/** Compiles the benchmark and runs it briefly; what it found. */
async function bench(...args: string[]): Promise<Results> {
  const folder = mkdtempSync(join(tmpdir(), "bench-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const out = join(folder, "results.json");
  await run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "bench/tsconfig.json"], {
    cwd: ROOT,
  });
  const brief = ["--seconds", "0.5", "--warm-up", "0.2", "--repetitions", "1", "--out", out];
  await run(process.execPath, ["build/bench/main.js", ...args, ...brief], { cwd: ROOT });
  return JSON.parse(readFileSync(out, "utf8")) as Results;
}

test.skipIf(!Mosquitto.isInstalled && process.env.REQUIRE_MOSQUITTO !== "1")(
  "the benchmark measures the gateway and the bare relay with Mosquitto, and loses nothing (needs mosquitto)",
  async () => {
    const only = ["--only", "publish-qos1,deliver-qos0,wake-up", "--nodes", "10", "--sleepers", "10"];
    const { cases } = await bench(...only, "--against", "bare");
    expect(cases.map(({ mode, subject, failures }) => [mode, subject, failures])).toEqual([
      ["publish-qos1", "gateway", []],
      ["publish-qos1", "bare", []],
      ["deliver-qos0", "gateway", []],
      ["deliver-qos0", "bare", []],
      ["wake-up", "gateway", []],
    ]);
    for (const { figures } of cases) {
      expect(figures.lost).toEqual({ median: 0, min: 0, max: 0 });
      expect(figures.gatewayUs?.median).toBeGreaterThan(1);
      expect(figures.brokerUs?.median).toBeGreaterThan(1);
      expect(figures.p99Us!.median).toBeGreaterThanOrEqual(figures.p50Us!.median);
    }
    expect(cases[4]!.figures.duplicates?.median).toBe(0);
  },
);
