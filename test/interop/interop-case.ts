import type { CaseRow } from "./case-rows.ts";
import type { Site } from "./site.ts";

/** One thing that must work from a device through the gateway to an MQTT client, or back, whichever broker there is. */
export interface InteropCase {
  name: string;
  /** What it is part of in the table of brokers. */
  row: CaseRow;
  /** What the broker has to have for it to be tried: users, or a way to restart it. */
  needs?: "accounts" | "restart";
  /** Fails where something is wrong. What is only different is told to the site. */
  run: (site: Site) => Promise<void>;
}
