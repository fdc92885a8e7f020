import type { OptionValues } from "../configuration/options.ts";
import { programVersion } from "../program-version.ts";
import type { Bridge, BridgeOptions } from "./bridge.ts";

/** What the daemon knows of the gateway that is told of. */
interface BridgeSurroundings extends Omit<BridgeOptions, "gateway"> {
  values: () => OptionValues;
  listenerUrls: () => readonly string[];
  /** Without user name and password. */
  brokerUrl: string;
}

/** What tells of the gateway on the broker, where that is wanted (bridge.enabled). */
export async function openBridge(around: BridgeSurroundings): Promise<Bridge | undefined> {
  const { values, listenerUrls, brokerUrl, ...rest } = around;
  if (!values()["bridge.enabled"]) return undefined;
  // Only here: what is not used is not loaded.
  const { Bridge } = await import("./bridge.ts");
  const beganMs = performance.now();
  // By the time that it has run: somebody may set the clock, and at the start of many a machine it is not set yet.
  const startedAtMs = () => Date.now() - (performance.now() - beganMs);
  const gateway = { startedAtMs, version: programVersion(), values, listenerUrls, brokerUrl };
  return new Bridge({ ...rest, gateway });
}
