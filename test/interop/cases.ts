import { EXCHANGE_CASES } from "./exchange-cases.ts";
import type { InteropCase } from "./interop-case.ts";
import { SESSION_CASES } from "./session-cases.ts";
import { SLEEP_CASES } from "./sleep-cases.ts";
import { WILL_CASES } from "./will-cases.ts";

/** Every case, for the broker inside as for any other. */
export const INTEROP_CASES: readonly InteropCase[] = [
  ...EXCHANGE_CASES,
  ...SESSION_CASES,
  ...SLEEP_CASES,
  ...WILL_CASES,
];

/** Flags of the gateway that the cases need besides the predefined topics: the sleeping device outlasts the broker's keep alive. */
export const INTEROP_FLAGS = ["--broker-keep-alive", "1s", "--clients-retry-interval", "1s"] as const;
