import type { GatewayStatus } from "../../src/http/answers.ts";

/** The figures of a gateway over which nothing has come. */
export function nothingHappened() {
  return {
    queued: 0,
    queuedOctets: 0,
    published: [0, 0, 0],
    publishedWithoutConnection: 0,
    delivered: [0, 0, 0],
    repeatedByClients: 0,
    repeatedToClients: 0,
    wakeUps: 0,
    datagramsIn: 0,
    octetsIn: 0,
    datagramsOut: 0,
    octetsOut: 0,
    limitsReached: {},
    log: [],
  } satisfies Partial<GatewayStatus>;
}
