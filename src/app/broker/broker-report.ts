import type { Log } from "../log/log.ts";
import type { BrokerFindings } from "./broker-access.ts";

/** Prints what the broker at `url` turns out to be. */
export function brokerReport(log: Log, url: string): BrokerFindings {
  return {
    onFallback: (reason) => {
      const message = `the broker at ${url} does not speak MQTT 5: ${reason}. The gateway goes on with MQTT 3.1.1. Set broker.version: 4, and it does not try MQTT 5 first.`;
      log.warn("broker.version", { url, version: 4, reason }, message);
    },
    onLimits: (limits) => {
      const told = limits.length === 0 ? "none any more" : limits.join("; ");
      log.info("broker.limits", { url, limits: told }, `the limits of the broker at ${url}: ${told}`);
    },
  };
}
