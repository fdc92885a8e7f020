import { ACCESS_CASES } from "./access-cases.ts";
import { EXCHANGE_CASES } from "./exchange-cases.ts";
import type { InteropCase } from "./interop-case.ts";
import { PLACE_CASES } from "./place-cases.ts";
import { PREDEFINED } from "./predefined.ts";
import { RETAINED_CASES } from "./retained-cases.ts";
import { SESSION_CASES } from "./session-cases.ts";
import { SLEEP_CASES } from "./sleep-cases.ts";
import { SUBSCRIPTION_CASES } from "./subscription-cases.ts";
import type { GatewayOptions } from "./target.ts";
import { WILL_CASES } from "./will-cases.ts";

/** Every case, for the broker inside as for any other. Those that wait for time to pass come first: the others run meanwhile. */
export const INTEROP_CASES: readonly InteropCase[] = [
  ...SLEEP_CASES,
  ...PLACE_CASES,
  ...WILL_CASES,
  ...SESSION_CASES,
  ...EXCHANGE_CASES,
  ...SUBSCRIPTION_CASES,
  ...RETAINED_CASES,
  ...ACCESS_CASES,
];

/** What the cases need of a gateway. */
export const INTEROP_OPTIONS: GatewayOptions = {
  "clients.retry_interval": "1s",
  "topics.predefined": [...PREDEFINED].map(([id, topic]) => ({ id, topic })),
};
