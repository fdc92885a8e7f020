import { readFileSync } from "node:fs";
import type { Target } from "./target.ts";

const { version } = JSON.parse(readFileSync(new URL("../../node_modules/aedes/package.json", import.meta.url), "utf8"));

/** The broker inside the gateway. */
export const EMBEDDED: Target = {
  name: "embedded",
  title: "the broker inside",
  table: "others",
  head: "embedded",
  missing: () => undefined,
  start: async () => ({ version: `aedes ${version}`, options: { "broker.url": "embedded:" }, peer: undefined }),
  abilities: { lowersQos: false, sharesSubscriptions: false },
};
