import type { OptionValues } from "../configuration/options.ts";

/** What bridge/info tells of a gateway. Nothing of it may be a secret. */
export interface DescribedGateway {
  version: string;
  /** When it was started, in milliseconds since 1970, by the clock as it is set now. */
  startedAtMs: () => number;
  /** Asked each time: a reload may have changed them. */
  values: () => OptionValues;
  /** Where SN clients come in. */
  listenerUrls: () => readonly string[];
  /** Without user name and password. */
  brokerUrl: string;
}

/** What bridge/info says: see docs/bus.md. */
export function bridgeInfo(gateway: DescribedGateway): Record<string, unknown> {
  const values = gateway.values();
  return {
    version: gateway.version,
    node: process.version,
    gateway_id: values["gateway.id"],
    started: new Date(gateway.startedAtMs()).toISOString(),
    listeners: gateway.listenerUrls(),
    broker: gateway.brokerUrl,
    log_level: values["log.level"],
    config: {
      mountpoint: values["topics.mountpoint"],
      clients_max: values["clients.max"],
      broker_profile: values["broker.profile"],
      availability: values["bridge.availability"],
      health_interval_sec: values["bridge.health_interval"] / 1000,
    },
  };
}
