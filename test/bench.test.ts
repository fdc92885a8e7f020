import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { doubts } from "../bench/doubts.ts";
import { FIGURES } from "../bench/figures.ts";
import { Histogram } from "../bench/histogram.ts";
import { Ledger } from "../bench/ledger.ts";
import type { Machine } from "../bench/machine.ts";
import { MODES } from "../bench/modes.ts";
import { Pace } from "../bench/pace.ts";
import { parsePlan } from "../bench/plan.ts";
import { assertReadable, assertWritable } from "../bench/prerequisites.ts";
import { highestRate } from "../bench/rate-search.ts";
import { measuredSection, withMeasured } from "../bench/readme-section.ts";
import { summarize } from "../bench/results.ts";
import { figureText, spreads } from "../bench/summary.ts";
import { tables } from "../bench/tables.ts";
import { TARGETS } from "../bench/targets.ts";

const README = readFileSync(new URL("../bench/README.md", import.meta.url), "utf8");

const MACHINE: Machine = {
  cpu: "a processor",
  arch: "x64",
  cores: 2,
  memoryMib: 4000,
  kernel: "6.1",
  node: "20.20.0",
  mosquitto: "2.0.11",
  date: "2026-11-22T12:00:00.000Z",
  commit: "0123456",
};

const OPTIONS = { warmUpMs: 2000, measureMs: 3000, repetitions: 3 };

function loadRun(ratio: number, lost = 0) {
  return { messagesPerSecond: 50_000, gatewayUs: 8, brokerUs: 8 / ratio, ratio, p50Us: 2000, p99Us: 3000, lost };
}

describe("times in a histogram", () => {
  test("a time is true to 0.6 %, from 1 µs to a minute", () => {
    for (let us = 1.01; us < 60_000_000; us *= 1.0123) {
      const histogram = new Histogram();
      histogram.add(us);
      expect(Math.abs(histogram.quantileUs(0.5) / us - 1)).toBeLessThan(0.006);
    }
  });

  test("half of the times are at most the median, and one in a hundred is above the 99th hundredth", () => {
    const histogram = new Histogram();
    for (let us = 1; us <= 10_000; us += 1) histogram.add(us);
    expect(histogram.quantileUs(0.5) / 5000).toBeCloseTo(1, 1);
    expect(histogram.quantileUs(0.99) / 9900).toBeCloseTo(1, 1);
    expect(histogram.quantileUs(1) / 10_000).toBeCloseTo(1, 1);
  });

  test("what is too short or too long counts as the shortest or the longest, and without times there is no quantile", () => {
    const histogram = new Histogram();
    expect(histogram.quantileUs(0.5)).toBeNaN();
    histogram.add(0.01);
    histogram.add(1e12);
    expect(histogram.count).toBe(2);
    expect(histogram.quantileUs(0.5)).toBeLessThan(1.1);
    expect(histogram.quantileUs(1)).toBeGreaterThan(6e7);
    histogram.clear();
    expect(histogram.quantileUs(0.5)).toBeNaN();
  });
});

describe("the search for the highest rate", () => {
  const limitOf = (limit: number) => async (rate: number) => rate <= limit;

  test.each([300, 21_000, 47_000, 333_000])("finds %i nearly, and never more than that", async (limit) => {
    const rate = await highestRate(20_000, limitOf(limit));
    expect(rate).toBeLessThanOrEqual(limit);
    // Where it had to go down by halves first, what is unknown is larger.
    expect(rate / limit).toBeGreaterThan(limit < 20_000 ? 0.9 : 0.96);
  });

  test("finds nothing where nothing passes", async () => {
    expect(await highestRate(20_000, limitOf(0))).toBe(0);
  });

  test("a rate that fails once and then passes counts as passed", async () => {
    const failed = new Set<number>();
    const rate = await highestRate(20_000, async (tried) => {
      const isSecond = failed.has(tried);
      failed.add(tried);
      return isSecond && tried <= 40_000;
    });
    expect(rate).toBeGreaterThan(38_000);
  });
});

describe("the pace of an open loop", () => {
  /** What a timer sends that comes every `tickMs`, but for a pause. */
  function sent(pace: Pace, ms: number, tickMs: number, pauseFrom = ms, pauseTo = ms): number {
    let count = 0;
    for (let now = 0; now <= ms; now += tickMs) {
      if (now >= pauseFrom && now < pauseTo) continue;
      count += Math.min(pace.burstMax, pace.behind(count, now));
    }
    return count + Math.min(pace.burstMax, pace.behind(count, ms));
  }

  test.each([100, 5000, 200_000])("a timer that comes every 1.2 ms keeps up %i a second", (rate) => {
    const pace = new Pace(rate, 1200, 0);
    expect(pace.total).toBe((rate * 1200) / 1000);
    expect(sent(pace, 1200, 1.2)).toBe(pace.total);
  });

  test("who was late makes up for it, in bursts of what is due in 4 ms", () => {
    const pace = new Pace(20_000, 1200, 0);
    expect(pace.burstMax).toBe(80);
    expect(sent(pace, 1200, 1.2, 300, 500)).toBe(pace.total);
  });

  test("what a late sender never sends was due all the same, and when it was due does not move", () => {
    const pace = new Pace(20_000, 1000, 50);
    expect(pace.dueAt(200)).toBe(60);
    expect(pace.behind(0, 60)).toBe(201);
    expect(pace.dueAt(200)).toBe(60);
    expect(pace.behind(100, 5000)).toBe(pace.total - 100);
  });
});

describe("the ledger of a closed loop", () => {
  test("a message that comes again does not stand for one that does not come", () => {
    const ledger = new Ledger();
    for (const message of [0, 1, 2]) ledger.acknowledge(message);
    expect([0, 0, 1].map((message) => ledger.arrive(message))).toEqual([true, false, true]);
    expect([ledger.owed, ledger.duplicates]).toEqual([1, 1]);
  });

  test("nor does one that was never acknowledged, and an acknowledgement may come last", () => {
    const ledger = new Ledger();
    ledger.arrive(0);
    ledger.acknowledge(1);
    expect(ledger.owed).toBe(1);
    ledger.arrive(2);
    ledger.acknowledge(2);
    expect(ledger.owed).toBe(1);
    ledger.arrive(1);
    ledger.acknowledge(1);
    expect([ledger.owed, ledger.duplicates]).toEqual([0, 0]);
  });
});

describe("what a run needs", () => {
  test("the other gateway and the file to write are looked at before it begins", () => {
    expect(() => assertReadable("against", "no/such/main.js")).toThrow("--against: there is no file no/such/main.js");
    expect(() => assertReadable("against", "bench")).toThrow("--against");
    expect(() => assertWritable("out", "no/such/folder/results.json")).toThrow("--out: no/such/folder/results.json");
    expect(() => assertWritable("out", "bench")).toThrow("it is a folder");
    assertReadable("against", "package.json");
    assertWritable("out", "package.json");
    assertWritable("out", "bench/not-there-yet.json");
  });
});

describe("the summary of runs", () => {
  test("a figure is the median of its runs, with the least and the most; losses are added up", () => {
    const figures = spreads([loadRun(1.9, 2), loadRun(1.5), loadRun(1.6, 1)]);
    expect(figures.ratio).toEqual({ median: 1.6, min: 1.5, max: 1.9 });
    expect(figures.lost).toEqual({ median: 3, min: 0, max: 2 });
    expect(spreads([loadRun(1), loadRun(2)]).ratio?.median).toBe(1.5);
  });

  test("a figure that not every run has is none", () => {
    expect(spreads([{ ratio: 1, lost: 0 }, { lost: 0 }])).not.toHaveProperty("ratio");
  });

  test("figures are written with their unit's digits, thousands apart, and the range where it is wanted", () => {
    expect(figureText("messagesPerSecond", { median: 96_493.4, min: 0, max: 0 })).toBe("96,493");
    expect(figureText("p50Us", { median: 1234, min: 1000, max: 2000 }, true)).toBe("1.23 (1.00–2.00)");
    expect(figureText("ratio", { median: 1.5, min: 1.5, max: 1.5 }, true)).toBe("1.50");
    expect(figureText("isGeneratorLimit", { median: 0, min: 0, max: 1 })).toBe("yes");
  });

  test("a target is compared with the gateway's median, of its number of nodes, and not with what stands beside it", () => {
    const one = { mode: "publish-qos0", failures: [] };
    const { targets } = summarize(MACHINE, OPTIONS, [
      { ...one, nodes: 100, subject: "gateway", runs: [loadRun(5)] },
      { ...one, nodes: 1000, subject: "gateway", runs: [loadRun(1.1), loadRun(1.3), loadRun(1.15, 1)] },
      { ...one, nodes: 1000, subject: "bare", runs: [loadRun(0.9)] },
    ]);
    expect(targets.map(({ nodes, figure, value, isReached }) => [nodes, figure, value, isReached])).toEqual([
      [100, "lost", 0, true],
      [1000, "ratio", 1.15, true],
      [1000, "lost", 1, false],
    ]);
  });
});

describe("what there is to measure", () => {
  test("the tables of modes have every mode, and none that there is not", () => {
    const rows = README.split("\n").filter((line) => line.startsWith("| `"));
    const told = rows.flatMap((row) => [...row.split("|")[1]!.matchAll(/`([^`]+)`/g)]);
    expect(new Set(told.map((match) => match[1]))).toEqual(new Set(Object.keys(MODES)));
  });

  test("a target is of a mode that there is, and of a figure that some table shows", () => {
    for (const { mode, figure } of TARGETS) {
      expect(MODES).toHaveProperty(mode);
      expect(FIGURES).toHaveProperty(figure);
    }
  });

  test("without options every mode is measured, and messages with 100 and with 1,000 nodes", () => {
    const cases = parsePlan([])?.cases ?? [];
    expect(new Set(cases.map(({ mode }) => mode))).toEqual(new Set(Object.keys(MODES)));
    expect(cases.filter(({ mode }) => mode === "deliver-qos2").map(({ nodes }) => nodes)).toEqual([100, 1000]);
  });

  test("what is compared follows the gateway in each case", () => {
    const cases = parsePlan(["--only", "publish-qos0,publish-qos2", "--nodes", "10", "--against", "bare"])?.cases ?? [];
    expect(cases.map(({ mode, subject }) => `${mode} ${subject}`)).toEqual([
      "publish-qos0 gateway",
      "publish-qos0 bare",
      "publish-qos2 gateway",
    ]);
  });

  test.each([
    [["--only", "publish-qos3"], "publish-qos3"],
    [["--seconds", "ten"], "--seconds"],
    [["--repetitions", "1.5"], "--repetitions"],
    [["--write", "--only", "base"], "--only base"],
    [["--write", "--nodes", "1000"], "--nodes 1000"],
    [["--write", "--connects", "20000"], "--connects"],
    [["--write", "--sleepers", "10"], "--sleepers"],
    [["--write", "--seconds", "2"], "--seconds 2"],
    [["--write", "--warm-up", "1"], "--warm-up"],
    [["--write", "--idle-seconds", "59"], "--idle-seconds"],
    [["--write", "--repetitions", "1"], "--repetitions"],
    [["--write", "--against", "other/main.js"], "--against"],
  ])("%j is refused with what is wrong", (args, wrong) => {
    expect(() => parsePlan(args)).toThrow(wrong);
  });

  test("a whole run may be written, beside the bare relay and with more of it too", () => {
    expect(parsePlan(["--write", "--against", "bare", "--seconds", "5", "--repetitions", "5"])).toHaveProperty(
      "write",
      true,
    );
  });

  test("what others would not measure alike is told: files that no commit has, and a machine that did something else", () => {
    const one = { mode: "publish-qos0", nodes: 100, subject: "gateway", failures: [] };
    const { cases } = summarize(MACHINE, OPTIONS, [
      { ...one, runs: [{ othersPercent: 3 }, { othersPercent: 34.6 }] },
      { ...one, nodes: 1000, runs: [{ othersPercent: 20 }] },
    ]);
    expect(doubts(MACHINE, cases)).toEqual(["publish-qos0, 100 nodes, gateway: something else took 35 % of a core"]);
    expect(doubts({ ...MACHINE, commit: "0123456+" }, [])).toEqual(["the files are not those of commit 0123456"]);
  });
});

describe("the written tables", () => {
  const cases = [{ mode: "publish-qos0", nodes: 1000, subject: "gateway", runs: [loadRun(1.25)], failures: [] }];
  const results = summarize(MACHINE, OPTIONS, cases);

  test("they tell machine and date, and whether a target was reached", () => {
    const section = measuredSection(results);
    expect(section).toMatch(
      /On 2026-11-22, commit 0123456: a processor, x64, 2 cores .* Node 20.20.0, Mosquitto 2.0.11/,
    );
    expect(section).toContain("| publish-qos0 | 1,000 | 50,000 | 8.0 | 6.4 | 1.25 | 2.00 | 3.00 | 0 | – | – |");
    expect(section).toContain("| publish-qos0 | 1,000 | ratio | 1.25 | 1.20 | not reached |");
  });

  test("they take the place of those of before, and the rest of the page stays", () => {
    const once = withMeasured(README, "one");
    const twice = withMeasured(once, "two");
    expect(once).toContain("\n\none\n\n");
    expect(twice).toBe(once.replace("\n\none\n\n", "\n\ntwo\n\n"));
    expect(twice).toContain("## What a restart costs");
    expect(() => withMeasured("# A page\n", "one")).toThrow("no place");
  });

  test("only what was measured has a table", () => {
    const titles = tables(results).map(({ title }) => title);
    expect(titles).toEqual(["Messages, closed loop", "The generator, and everything else, meanwhile", "Targets"]);
  });
});
