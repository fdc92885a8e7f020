import { setTimeout as delay } from "node:timers/promises";
import type { Figures } from "./figures.ts";
import type { Job } from "./job.ts";
import { Meter } from "./meter.ts";
import { OpenLoad, type OpenStep } from "./open-load.ts";
import { highestRate } from "./rate-search.ts";

const LOST_SHARE_MAX = 0.001;

/** Of a core: where the generator takes more, it is what did not keep up. */
const GENERATOR_PERCENT_MAX = 90;

const FIRST_RATE = 20_000;

const STEP_MS = 1000;

/** What passed in a short step need not pass in a long one: by so much the rate is taken back then. */
const STEP_BACK = 0.95;

/** Code is compiled at this rate. */
const WARM_UP_RATE = 5000;

/** The highest rate at which less than one message in a thousand is lost, and what there is to see at it. */
export async function measureOpenLoop(job: Job, publish: boolean, qos: 0 | 1): Promise<Figures> {
  const load = await OpenLoad.prepare(publish, job.nodes, qos, job.gatewayPort, job.brokerPort);
  await load.step(WARM_UP_RATE, job.warmUpMs);
  let sentPerSecond = 0;
  let isGeneratorLimit = false;
  const passes = (step: OpenStep): boolean => {
    sentPerSecond = Math.max(sentPerSecond, step.sentPerSecond);
    const isGood = step.lost < LOST_SHARE_MAX * step.due;
    if (!isGood) isGeneratorLimit = step.generatorPercent > GENERATOR_PERCENT_MAX;
    return isGood;
  };
  let rate = await highestRate(FIRST_RATE, async (tried) => passes(await load.step(tried, STEP_MS)));
  if (rate === 0) throw new Error("messages are lost at every rate");
  for (;;) {
    await delay(STEP_MS);
    const meter = new Meter(job);
    const step = await load.step(rate, job.measureMs);
    if (!passes(step)) {
      rate *= STEP_BACK;
      continue;
    }
    // Of the time in which nothing is sent any more there is no share.
    const { gatewayUs, brokerUs, ratio, generatorUs } = meter.figures(step.sent);
    const percent = (us: number): number => (us * step.sentPerSecond) / 10_000;
    const p50Us = load.latency.quantileUs(0.5);
    const p99Us = load.latency.quantileUs(0.99);
    await load.step(rate / 2, STEP_MS);
    return {
      ratePerSecond: step.sentPerSecond,
      lostPercent: (100 * step.lost) / step.due,
      sentPerSecond,
      isGeneratorLimit: isGeneratorLimit ? 1 : 0,
      gatewayUs,
      brokerUs,
      ratio,
      generatorUs,
      gatewayPercent: percent(gatewayUs),
      generatorPercent: percent(generatorUs),
      p50Us,
      p99Us,
      halfP50Us: load.latency.quantileUs(0.5),
      halfP99Us: load.latency.quantileUs(0.99),
    };
  }
}
