import { setTimeout as delay } from "node:timers/promises";
import type { Figures } from "./figures.ts";
import type { Job } from "./job.ts";
import { Meter } from "./meter.ts";
import { OpenLoad, type OpenStep } from "./open-load.ts";
import { highestRate } from "./rate-search.ts";

const LOST_SHARE_MAX = 0.001;

/** Below it, it is the generator that did not keep up. */
const SENT_SHARE_MIN = 0.97;

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
  const passes = (rate: number, step: OpenStep): boolean => {
    sentPerSecond = Math.max(sentPerSecond, step.sentPerSecond);
    const isSent = step.sentPerSecond >= SENT_SHARE_MIN * rate;
    const isLossless = step.lost < LOST_SHARE_MAX * step.sent;
    if (!isSent || !isLossless) isGeneratorLimit = isLossless;
    return isSent && isLossless;
  };
  let rate = await highestRate(FIRST_RATE, async (tried) => passes(tried, await load.step(tried, STEP_MS)));
  if (rate === 0) throw new Error("messages are lost at every rate");
  for (;;) {
    await delay(STEP_MS);
    const meter = new Meter(job);
    const step = await load.step(rate, job.measureMs);
    if (!passes(rate, step)) {
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
      lostPercent: (100 * step.lost) / step.sent,
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
