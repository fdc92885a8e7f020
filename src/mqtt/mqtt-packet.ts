import { createRequire } from "node:module";

/** The package of this name. It is CommonJS, and required: to import it costs memory (docs/decisions/0008-small-at-the-start.md). */
export const mqttPacket = createRequire(import.meta.url)("mqtt-packet") as typeof import("mqtt-packet");
