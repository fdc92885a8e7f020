import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { NOTE_REASONS } from "../../src/app/figures/note-reasons.ts";
import { REASONS } from "../../src/app/figures/reasons.ts";
import { METRICS } from "../../src/http/metrics-table.ts";
import { parseMetrics } from "../app/metric-text.ts";
import { metricsOf } from "../app/metrics-of.ts";

const ALERTS = new URL("../../packaging/prometheus/alerts.yaml", import.meta.url);

interface Alert {
  alert: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; runbook: string };
}

/** docs/metrics.md, from the tables by which `/metrics` answers. */
export async function metricsPage(): Promise<string> {
  const { text } = await metricsOf().answer();
  const ofProcess = [...parseMetrics(text)].filter(([name]) => METRICS[name] === undefined);
  const { groups } = parse(readFileSync(ALERTS, "utf8")) as { groups: { rules: Alert[] }[] };
  return `<!-- Generated from src/http/metrics-table.ts, src/app/figures/reasons.ts, src/app/figures/note-reasons.ts and packaging/prometheus/alerts.yaml by
\`npm run docs\`. Change those, not this. -->

# Metrics

\`/metrics\` at \`http.listen\` answers in the text format of Prometheus:

\`\`\`sh
curl http://127.0.0.1:9884/metrics
\`\`\`

Where \`http.token_file\` is set it asks for the token as \`Authorization: Bearer …\`. Names and labels stay as they are; new ones may come. No
label has to do with a single client, and every label has a bounded number of values. Counters begin at 0 with each start of the gateway,
and all that there can be are there from the start. Who never asks pays nothing for it: what writes the answer is loaded at the first one.

## Of the gateway

${table(
  ["metric", "type", "labels", "meaning"],
  Object.entries(METRICS).map(([name, { type, labels, help }]) => [
    `\`${name}\``,
    type,
    Object.entries(labels)
      .map(([label, meaning]) => `\`${label}\`: ${meaning}`)
      .join("<br>"),
    help,
  ]),
)}

The histograms have classes from 1 ms to 1 min. What a sleeping client has to wait for is not in them: a delivery is timed from when the
message is sent to it.

## Reasons

The label \`reason\` is one of these words. The [log](log.md) says more, and of which client.

${table(
  ["reason", "meaning", "in"],
  Object.entries(REASONS).map(([reason, meaning]) => [`\`${reason}\``, meaning, notesWith(reason)]),
)}

## Of the process

These have the names that prom-client gives them in any program.

${table(
  ["metric", "type", "meaning"],
  ofProcess.map(([name, { type, help }]) => [`\`${name}\``, type, help]),
)}

## Prometheus and Grafana

- [packaging/prometheus/scrape.yaml](../packaging/prometheus/scrape.yaml): what to put into \`prometheus.yml\`.
- [packaging/prometheus/alerts.yaml](../packaging/prometheus/alerts.yaml): the alerts below.
- [packaging/grafana/mqtt-sn-gateway.json](../packaging/grafana/mqtt-sn-gateway.json): a dashboard. In Grafana: Dashboards, New, Import; the
  data source, the job and the gateways are chosen at its top.

${table(
  ["alert", "severity", "after", "what it is about", "what to do"],
  groups.flatMap(({ rules }) =>
    rules.map(({ alert, for: after, labels, annotations: { summary, runbook } }) => {
      const [, anchor] = runbook.split("#");
      const about = summary.replace(/\{\{ \$labels\.(\w+) \}\}/g, "`$1`").replace(/\{\{[^}]*\}\}/g, "…");
      return [alert, labels.severity, after ?? "", about, `[troubleshooting](troubleshooting.md#${anchor})`];
    }),
  ),
)}
`;
}

/** The notes of the log that may have this reason. */
function notesWith(reason: string): string {
  return Object.entries(NOTE_REASONS)
    .filter(([, reasons]) => (reasons as readonly string[]).includes(reason))
    .map(([name]) => `\`${name}\``)
    .join(", ");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
