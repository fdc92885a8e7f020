import type { Metric } from "prom-client";
import type { DurationReading, MetricsReading } from "./metrics-reading.ts";
import type { MetricEntry, Sample } from "./metrics-table.ts";

/** A line as prom-client writes it; `metricName` where it is not the metric's own. */
interface Line extends Sample {
  readonly metricName?: string;
}

/**
 * A metric whose numbers are counted elsewhere and read when somebody asks for them. Those of prom-client count themselves, and its
 * histograms cannot be given what was counted.
 */
export class PulledMetric {
  readonly name: string;
  readonly help: string;
  readonly type: MetricEntry["type"];
  readonly aggregator = "sum";
  readonly #entry: MetricEntry;
  readonly #reading: () => MetricsReading;

  constructor(name: string, entry: MetricEntry, reading: () => MetricsReading) {
    this.name = name;
    this.help = entry.help;
    this.type = entry.type;
    this.#entry = entry;
    this.#reading = reading;
  }

  /** What prom-client asks for. */
  get() {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: this.#lines };
  }

  get #lines(): readonly Line[] {
    const entry = this.#entry;
    const reading = this.#reading();
    return entry.type === "histogram" ? histogramLines(this.name, entry.durations(reading)) : entry.samples(reading);
  }

  /** For `Registry.registerMetric`, whose type names prom-client's own classes, and which asks for no more than this has. */
  get asMetric(): Metric {
    return this as unknown as Metric;
  }
}

/** In seconds, and each class with all below it. */
function histogramLines(name: string, { boundsMs, counts, sumMs }: DurationReading): Line[] {
  let count = 0;
  const lines: Line[] = counts.map((inClass, index) => {
    count += inClass;
    const bound = boundsMs[index];
    const le = bound === undefined ? "+Inf" : String(bound / 1000);
    return { metricName: `${name}_bucket`, labels: { le }, value: count };
  });
  lines.push({ metricName: `${name}_sum`, labels: {}, value: sumMs / 1000 });
  lines.push({ metricName: `${name}_count`, labels: {}, value: count });
  return lines;
}
