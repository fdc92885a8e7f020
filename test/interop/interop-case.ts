import type { Site } from "./site.ts";

/** One thing that must work from a device through the gateway to an MQTT client, or back, whichever broker there is. */
export interface InteropCase {
  name: string;
  run: (site: Site) => Promise<void>;
}
