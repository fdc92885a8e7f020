import type { Configuration } from "../configuration/configuration.ts";
import type { Log } from "./log.ts";

/** Logs what works and is better otherwise, where the configuration is right; and hands it on. */
export function tellOfWarnings(log: Log, configuration: Configuration): Configuration {
  if (configuration.ok) for (const warning of configuration.warnings) log.warn("configuration.warning", {}, warning);
  return configuration;
}
