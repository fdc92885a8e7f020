import { createRequire } from "node:module";

/** The package mqtt. It is CommonJS, and required: to import it costs memory (docs/decisions/0008-small-at-the-start.md). */
export const mqttJs = createRequire(import.meta.url)("mqtt") as typeof import("mqtt");
