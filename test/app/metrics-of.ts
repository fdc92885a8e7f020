import { EventLoopDelay } from "../../src/app/figures/event-loop-delay.ts";
import { GatewayCounts } from "../../src/app/figures/gateway-counts.ts";
import { GatewayMetrics, type MetricsParts } from "../../src/app/figures/gateway-metrics.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { DEFAULT_SETTINGS } from "../../src/gateway/settings.ts";

/** The metrics of a gateway in memory: of one that has done nothing, but for what a test says. */
export function metricsOf(parts: Partial<MetricsParts> = {}): GatewayMetrics {
  return new GatewayMetrics({
    version: "1.2.3",
    options: () => ({ "gateway.id": 7, "clients.max": 100, "clients.max_buffered_bytes": 4096 }),
    core: new Gateway(DEFAULT_SETTINGS, 0),
    counts: new GatewayCounts(),
    datagramsRefused: () => 0,
    stateWrites: () => ({ done: 0, failed: 0 }),
    logLinesOmitted: () => 0,
    eventLoopDelay: new EventLoopDelay(),
    ...parts,
  });
}
