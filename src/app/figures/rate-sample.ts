import type { GatewayCounts } from "./gateway-counts.ts";
import type { MetricsParts } from "./gateway-metrics.ts";
import type { RateSample } from "./rate-history.ts";

/** What the history keeps of a gateway, as it is now. */
export function rateSample({ figures, stateCounts }: MetricsParts["core"], counts: GatewayCounts): RateSample {
  const { active, asleep, awake } = stateCounts;
  const { published, publishedWithoutConnection, delivered } = figures;
  return {
    datagramsIn: counts.in.datagrams,
    datagramsOut: counts.out.datagrams,
    published: published[0] + published[1] + published[2] + publishedWithoutConnection,
    delivered: delivered[0] + delivered[1] + delivered[2],
    repeated: figures.repeatedByClients + figures.repeatedToClients,
    clients: active + asleep + awake,
    asleep,
    brokerReachable: counts.broker.reachable,
  };
}
