import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** The package of this name, loaded when the first file is read: a gateway without one has no use for it. */
export function yaml(): typeof import("yaml") {
  return require("yaml") as typeof import("yaml");
}
