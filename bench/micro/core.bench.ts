/** What whole exchanges cost in the core, with 1000 clients that are connected and 1000 that sleep. */
import { bench, describe } from "vitest";
import { BareCore } from "./bare-core.ts";
import { EXCHANGE_NAMES, Exchanges } from "./exchanges.ts";

describe("the core", () => {
  for (const name of EXCHANGE_NAMES) {
    const exchanges = new Exchanges(new BareCore(), 1000);
    bench(name, () => exchanges.run(name));
  }
});
