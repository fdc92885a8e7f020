import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
import { type MetricFamily, parseMetrics } from "../app/metric-text.ts";
import { metricsOf } from "../app/metrics-of.ts";
import { promqlNames } from "./promql-names.ts";
import { hasCommand, requirement } from "./requirement.ts";

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { uid: string };
  targets?: { expr: string; legendFormat: string; datasource: { uid: string } }[];
}

interface Dashboard {
  id: null;
  schemaVersion: number;
  panels: Panel[];
  templating: { list: { name: string; type: string; query: string | { query: string } }[] };
  annotations: { list: { expr?: string }[] };
}

/** What Prometheus adds to whatever it reads. */
const ADDED = ["job", "instance"];

const fileOf = (path: string) => fileURLToPath(new URL(`../../packaging/${path}`, import.meta.url));
const ALERTS = fileOf("prometheus/alerts.yaml");
const RULES = (parse(readFileSync(ALERTS, "utf8")) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  ({ rules }) => rules,
);
const RULE_TESTS = fileURLToPath(new URL("alerts.test.yaml", import.meta.url));
const DASHBOARD = JSON.parse(readFileSync(fileOf("grafana/mqtt-sn-gateway.json"), "utf8")) as Dashboard;
const TARGETS = DASHBOARD.panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })));
const EXPRESSIONS = [
  ...RULES.map(({ alert, expr }) => [alert, expr] as const),
  ...TARGETS.map(({ title, expr }) => [title, expr] as const),
  ...DASHBOARD.annotations.list.flatMap(({ expr }) => (expr === undefined ? [] : [["annotation", expr] as const])),
];

const TEXT = (await metricsOf().answer()).text;
const FAMILIES: ReadonlyMap<string, MetricFamily> = parseMetrics(TEXT);

/** What of an expression the gateway does not have. */
function missingIn(expression: string): string[] {
  const { series, groupedBy } = promqlNames(expression);
  const known = new Set([...ADDED, "le"]);
  const missing = series.flatMap(({ name, labels }) => {
    // Whether it could be read at all, Prometheus says itself.
    if (name === "up") return [];
    const samples = [...FAMILIES.values()].flatMap((family) => family.samples.filter((sample) => sample.name === name));
    if (samples.length === 0) return [name];
    for (const label of samples.flatMap((sample) => Object.keys(sample.labels))) known.add(label);
    const wrong = labels.filter(({ label, value, operator }) => {
      if (ADDED.includes(label)) return false;
      const values = samples.map((sample) => sample.labels[label]);
      const wanted = operator.includes("~") ? value.split("|") : [value];
      return !wanted.every((each) => values.includes(each));
    });
    return wrong.map(({ label, operator, value }) => `${name}{${label}${operator}"${value}"}`);
  });
  return [...missing, ...groupedBy.filter((label) => !known.has(label))];
}

describe("every metric, label and value is one that a gateway has", () => {
  test.each(EXPRESSIONS)("%s: %s", (_, expression) => {
    expect(promqlNames(expression).series.length).toBeGreaterThan(0);
    expect(missingIn(expression)).toEqual([]);
  });

  test("and what is none would be found", () => {
    const wrong = [
      "mqttsn_client",
      'mqttsn_clients{state="sleeping"}',
      'mqttsn_clients{states="asleep"}',
      "sum by (client) (mqttsn_clients)",
    ];
    for (const expression of wrong) expect(missingIn(expression), expression).toHaveLength(1);
    expect(missingIn('rate(mqttsn_wake_up_total{job="x"}[5m]) > 1 and on (job) mqttsn_links offset 1d')).toHaveLength(
      1,
    );
  });
});

describe("alerts", () => {
  test("each has a name of its own, a severity, texts, and a place where it is said what to do", () => {
    expect(new Set(RULES.map(({ alert }) => alert)).size).toBe(RULES.length);
    for (const { alert, labels, annotations } of RULES) {
      expect(labels.severity, alert).toMatch(/^(warning|critical)$/);
      expect(annotations.runbook, alert).toMatch(/^docs\/troubleshooting\.md#[a-z0-9-]+$/);
      expect(`${annotations.summary}${annotations.description}`.length, alert).toBeGreaterThan(60);
    }
  });

  test("the labels that their texts name are there", () => {
    for (const { alert, expr, annotations } of RULES) {
      const named = Object.values(annotations).flatMap((text) => text.match(/(?<=\$labels\.)\w+/g) ?? []);
      const { groupedBy, series } = promqlNames(expr);
      const there =
        groupedBy.length > 0
          ? groupedBy
          : [...ADDED, ...series.flatMap(({ labels }) => labels.map(({ label }) => label))];
      expect(
        named.filter((label) => !there.includes(label)),
        alert,
      ).toEqual([]);
    }
  });

  test("each has a test", () => {
    const tests = readFileSync(RULE_TESTS, "utf8");
    expect(RULES.filter(({ alert }) => !tests.includes(alert.replace("Mqttsn", "")))).toEqual([]);
  });
});

describe("the dashboard", () => {
  const panels = DASHBOARD.panels;

  test("can be imported anywhere: no id, and the data source is chosen", () => {
    expect(DASHBOARD.id).toBeNull();
    expect(DASHBOARD.schemaVersion).toBeGreaterThanOrEqual(39);
    expect(DASHBOARD.templating.list[0]).toMatchObject({ name: "datasource", type: "datasource", query: "prometheus" });
    const sources = panels.flatMap(({ datasource, targets = [] }) => [
      datasource,
      ...targets.map((each) => each.datasource),
    ]);
    expect(new Set(sources.flatMap((source) => source?.uid ?? []))).toEqual(new Set([`\${datasource}`]));
  });

  test("its panels have ids of their own, and none lies on another", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
  });

  test("its variables are made of what is there, and every query keeps to the gateways that are chosen", () => {
    const queries = DASHBOARD.templating.list.flatMap(({ query }) => (typeof query === "string" ? [] : query.query));
    for (const query of queries) {
      const [, series] = /^label_values\((.*), \w+\)$/.exec(query)!;
      expect(missingIn(series!)).toEqual([]);
    }
    for (const { title, expr } of TARGETS) {
      for (const { labels } of promqlNames(expr).series) {
        expect(
          labels.map(({ label }) => label),
          title,
        ).toEqual(expect.arrayContaining(ADDED));
      }
    }
  });
});

const hasPromtool = requirement(
  "promtool",
  hasCommand("promtool"),
  "REQUIRE_PROMTOOL",
  "Debian: apt install prometheus",
);

function promtool(args: readonly string[], input = ""): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync("promtool", args, { input, encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "alerts-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe.skipIf(!hasPromtool)("promtool", () => {
  test("has nothing to say against the metrics", () => {
    expect(promtool(["check", "metrics"], TEXT)).toEqual({ status: 0, said: "" });
  });

  test("takes the alerts, and the file that says how the gateway is read", () => {
    expect(promtool(["check", "config", fileOf("prometheus/scrape.yaml")])).toMatchObject({ status: 0 });
  });

  test("sees the alerts fire when they are to, and only then", () => {
    const folder = scratch();
    copyFileSync(ALERTS, join(folder, "alerts.yaml"));
    copyFileSync(RULE_TESTS, join(folder, "alerts.test.yaml"));
    const { status, said } = promtool(["test", "rules", join(folder, "alerts.test.yaml")]);
    expect(status, said).toBe(0);
  });

  test("can read every query of the dashboard", () => {
    const file = join(scratch(), "queries.yaml");
    const rules = TARGETS.map(({ expr }, index) => {
      return { record: `query:${index}`, expr: expr.replaceAll("$__rate_interval", "1m") };
    });
    writeFileSync(file, stringify({ groups: [{ name: "dashboard", rules }] }));
    const { status, said } = promtool(["check", "rules", file]);
    expect(status, said).toBe(0);
  });
});
