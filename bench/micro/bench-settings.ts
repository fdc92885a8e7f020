import { DEFAULT_SETTINGS, type Settings } from "../../src/gateway/settings.ts";

/** As the gateway is by default, with a store, and without a limit to CONNECTs per second: it is what is measured. */
export const BENCH_SETTINGS: Settings = {
  ...DEFAULT_SETTINGS,
  savesSessions: true,
  connectsPerSecond: Number.POSITIVE_INFINITY,
};
