import { describe, expect, test } from "vitest";
import { GatewayCounts } from "../../src/app/figures/gateway-counts.ts";
import { GatewayFigures } from "../../src/gateway/gateway-figures.ts";
import { LATENCY_BOUNDS_MS } from "../../src/gateway/latencies.ts";
import { noStateCounts } from "../../src/gateway/state-counts.ts";
import { METRICS } from "../../src/http/metrics-table.ts";
import { type MetricFamily, metricValue, parseMetrics } from "../app/metric-text.ts";
import { metricsOf } from "../app/metrics-of.ts";
import { Script } from "../gateway/script.ts";

type Families = ReadonlyMap<string, MetricFamily>;

async function familiesOf(parts: Parameters<typeof metricsOf>[0] = {}): Promise<Families> {
  return parseMetrics((await metricsOf(parts).answer()).text);
}

/** Series by name and labels, each of which there may be only once. */
function seriesOf(families: Families): string[] {
  return [...families.values()].flatMap(({ samples }) =>
    samples.map(({ name, labels }) => name + JSON.stringify(labels)),
  );
}

describe("the answer", () => {
  test("is the text format of Prometheus, and each series is there once", async () => {
    const { contentType, text } = await metricsOf().answer();
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(text.endsWith("\n")).toBe(true);
    const series = seriesOf(parseMetrics(text));
    expect(series.length).toBeGreaterThan(300);
    expect(series.filter((each, index) => series.indexOf(each) !== index)).toEqual([]);
  });

  test("has every metric of the table with its type, its help and no labels but those of the table", async () => {
    const families = await familiesOf();
    for (const [name, { type, help, labels }] of Object.entries(METRICS)) {
      const family = families.get(name);
      expect(family, name).toMatchObject({ type, help });
      const own = type === "histogram" ? ["le"] : [];
      const used = new Set(family!.samples.flatMap((sample) => Object.keys(sample.labels)));
      expect([...used].filter((label) => !own.includes(label)).sort(), name).toEqual(Object.keys(labels).sort());
    }
  });

  test("names are those that Prometheus wants", () => {
    for (const [name, { type }] of Object.entries(METRICS)) {
      expect(name).toMatch(/^mqttsn_[a-z0-9_]+$/);
      expect(name.endsWith("_total"), name).toBe(type === "counter");
    }
  });

  test("has everything that is counted from the start, at 0", async () => {
    const families = await familiesOf();
    const labels = { direction: "in", type: "PUBLISH" };
    expect(metricValue(families, "mqttsn_messages_total", labels)).toBe(0);
    expect(metricValue(families, "mqttsn_refusals_total", { request: "connect", reason: "limit" })).toBe(0);
    expect(metricValue(families, "mqttsn_limits_reached_total", { limit: "clients.max" })).toBe(0);
    expect(metricValue(families, "mqttsn_clients", { state: "asleep" })).toBe(0);
    expect(metricValue(families, "mqttsn_publish_duration_seconds_count")).toBe(0);
  });

  test("has the figures of the process", async () => {
    const families = await familiesOf();
    expect(metricValue(families, "process_resident_memory_bytes")).toBeGreaterThan(1e6);
    expect(metricValue(families, "nodejs_heap_size_used_bytes")).toBeGreaterThan(1e6);
    expect(metricValue(families, "process_start_time_seconds")).toBeGreaterThan(1e9);
    expect(metricValue(families, "mqttsn_event_loop_delay_p99_seconds")).toBeGreaterThanOrEqual(0);
  });

  test("leaves out what there is none of: writes where nothing is kept", async () => {
    const kept = await familiesOf({ stateWrites: () => ({ done: 5, failed: 2 }) });
    expect(metricValue(kept, "mqttsn_state_writes_total", { result: "failed" })).toBe(2);
    const families = await familiesOf({ stateWrites: () => undefined });
    expect(families.get("mqttsn_state_writes_total")?.samples).toEqual([]);
  });

  test("tells of the configuration that holds now", async () => {
    let max = 10;
    const metrics = metricsOf({
      options: () => ({ "gateway.id": 1, "clients.max": max, "clients.max_buffered_bytes": 1000 }),
    });
    const maxOf = async () => metricValue(parseMetrics((await metrics.answer()).text), "mqttsn_clients_max");
    expect(await maxOf()).toBe(10);
    max = 20;
    expect(await maxOf()).toBe(20);
  });

  test("has each figure where it belongs", async () => {
    const figures = Object.assign(new GatewayFigures(), {
      published: [1, 2, 3],
      publishedWithoutConnection: 4,
      delivered: [5, 6, 7],
      repeatedByClients: 8,
      repeatedToClients: 9,
      wakeUps: 10,
    });
    const stateCounts = { ...noStateCounts(), "awaiting will topic": 1, "awaiting broker": 2, active: 11, lost: 12 };
    const core = { figures, stateCounts, buffered: { messages: 13, octets: 14 } };
    const families = await familiesOf({ core, datagramsRefused: () => 15, logLinesOmitted: () => 16 });
    const value = (name: string, labels: Record<string, string> = {}) => metricValue(families, name, labels);
    const byQos = (name: string) => ["0", "1", "2", "-1"].map((qos) => value(name, { qos }));
    expect(byQos("mqttsn_publishes_total")).toEqual([1, 2, 3, 4]);
    expect(byQos("mqttsn_deliveries_total")).toEqual([5, 6, 7, undefined]);
    expect(value("mqttsn_retransmissions_total", { direction: "in" })).toBe(8);
    expect(value("mqttsn_retransmissions_total", { direction: "out" })).toBe(9);
    expect(value("mqttsn_wake_ups_total")).toBe(10);
    const inState = (state: string) => value("mqttsn_clients", { state });
    expect(["connecting", "active", "lost", "asleep"].map(inState)).toEqual([3, 11, 12, 0]);
    expect([value("mqttsn_queued_messages"), value("mqttsn_queued_bytes")]).toEqual([13, 14]);
    expect([value("mqttsn_queued_bytes_max"), value("mqttsn_clients_max")]).toEqual([4096, 100]);
    expect([value("mqttsn_source_refusals_total"), value("mqttsn_log_lines_omitted_total")]).toEqual([15, 16]);
  });

  test("two at once are both whole", async () => {
    const metrics = metricsOf();
    const [one, other] = await Promise.all([metrics.answer(), metrics.answer()]);
    expect(seriesOf(parseMetrics(one.text))).toEqual(seriesOf(parseMetrics(other.text)));
  });
});

describe("a histogram", () => {
  const figures = new GatewayFigures();
  for (const durationMs of [0, 1, 1.5, 700, 61_000]) figures.publishLatencies.add(durationMs);
  const core = { figures, stateCounts: noStateCounts(), buffered: { messages: 0, octets: 0 } };

  test("has in each class all that took no longer, in seconds", async () => {
    const families = await familiesOf({ core });
    const name = "mqttsn_publish_duration_seconds";
    const bucket = (le: string) => metricValue(families, `${name}_bucket`, { le });
    expect([bucket("0.001"), bucket("0.002"), bucket("0.5"), bucket("1"), bucket("60"), bucket("+Inf")]).toEqual([
      2, 3, 3, 4, 4, 5,
    ]);
    expect(metricValue(families, `${name}_count`)).toBe(5);
    expect(metricValue(families, `${name}_sum`)).toBeCloseTo(61.7025, 6);
  });

  test("has one class for each bound, and one above", async () => {
    const families = await familiesOf({ core });
    const buckets = families.get("mqttsn_delivery_duration_seconds")!.samples.filter(({ labels }) => "le" in labels);
    expect(buckets.map(({ labels }) => labels.le)).toEqual([
      ...LATENCY_BOUNDS_MS.map((ms) => String(ms / 1000)),
      "+Inf",
    ]);
  });
});

test("no client id, topic, address or payload is anywhere in it", async () => {
  const counts = new GatewayCounts();
  const script = new Script();
  const gateway = script.gateway;
  const secrets = ["telltale-id", "telltale-address", "telltale/topic", "telltale-payload", "telltale-reason"];
  script.from("telltale-address").client("CONNECT", { clientId: "telltale-id" });
  script.opens({ clientId: "telltale-id" });
  for (const name of ["client.refused", "client.lost", "delivery.dropped", "queue.paused", "link.closed"] as const) {
    const [clientId, address, topic, , reason] = secrets;
    counts.notes.count(name, { clientId, address, topic, reason, limit: "telltale-limit" });
  }
  const { text } = await metricsOf({ core: gateway, counts }).answer();
  expect(metricValue(parseMetrics(text), "mqttsn_clients", { state: "connecting" })).toBe(1);
  expect(metricValue(parseMetrics(text), "mqttsn_events_total", { event: "queue.paused" })).toBe(1);
  expect(text).not.toContain("telltale");
});
