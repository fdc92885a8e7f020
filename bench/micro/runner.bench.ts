/** What whole exchanges cost in the core and its runner, with doubles of sockets and connections. */
import { afterAll, bench, describe } from "vitest";
import { CoreInRunner } from "./core-in-runner.ts";
import { EXCHANGE_NAMES, Exchanges } from "./exchanges.ts";

describe("the core in its runner", () => {
  const runners: CoreInRunner[] = [];
  afterAll(() => {
    for (const runner of runners) runner.end();
  });
  for (const name of EXCHANGE_NAMES) {
    const runner = new CoreInRunner();
    runners.push(runner);
    const exchanges = new Exchanges(runner, 1000);
    bench(name, () => exchanges.run(name));
  }
});
