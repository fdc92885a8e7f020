import { collectDefaultMetrics, Registry } from "prom-client";
import type { MetricsReading } from "./metrics-reading.ts";
import { METRICS } from "./metrics-table.ts";
import { PulledMetric } from "./pulled-metric.ts";

/** What is told of the process, of all that prom-client knows; the delay of the event loop has metrics of its own. */
const PROCESS_METRICS = [
  "process_cpu_user_seconds_total",
  "process_cpu_system_seconds_total",
  "process_cpu_seconds_total",
  "process_start_time_seconds",
  "process_resident_memory_bytes",
  "process_open_fds",
  "process_max_fds",
  "nodejs_heap_size_total_bytes",
  "nodejs_heap_size_used_bytes",
  "nodejs_external_memory_bytes",
  "nodejs_gc_duration_seconds",
  "nodejs_version_info",
];

/** prom-client measures the event loop too, which nobody asks for here: as seldom as it takes. */
const UNUSED_PRECISION_MS = 60_000;

/**
 * `/metrics`: the figures of the gateway and of its process, in the text format of Prometheus. To be loaded when somebody asks for the
 * first time.
 */
export class Metrics {
  readonly #read: () => MetricsReading;
  readonly #registry = new Registry();
  #reading: MetricsReading | undefined;

  /** `read` is called for each answer. */
  constructor(read: () => MetricsReading) {
    this.#read = read;
    const all = new Registry();
    collectDefaultMetrics({ register: all, eventLoopMonitoringPrecision: UNUSED_PRECISION_MS });
    for (const [name, entry] of Object.entries(METRICS)) {
      this.#registry.registerMetric(new PulledMetric(name, entry, () => this.#reading!).asMetric);
    }
    for (const name of PROCESS_METRICS) {
      // Not every system has each of them.
      const metric = all.getSingleMetric(name);
      if (metric !== undefined) this.#registry.registerMetric(metric);
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything as it is now. */
  text(): Promise<string> {
    // All that is pulled is asked for before the first of prom-client's own waits, so that two answers do not mix.
    this.#reading = this.#read();
    return this.#registry.metrics();
  }
}
