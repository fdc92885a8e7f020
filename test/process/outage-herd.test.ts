import { describe, expect, test, vi } from "vitest";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import { OutageSite } from "./outage-site.ts";
import { Sensor } from "./sensor.ts";

const BOUND = { timeout: 20_000, interval: 20 };
const CLIENTS = 500;
/** Devices that connect at once. */
const BATCH = 50;
const TOPIC = { topicIdType: "short", topicId: 0x7474 } as const;
const PUBLISH = { type: "PUBLISH", qos: 1, msgId: 1, dup: false, retain: false, ...TOPIC } as const;

/** Devices that are connected, all of them. */
async function herd(site: OutageSite): Promise<Sensor[]> {
  const sensors = Array.from({ length: CLIENTS }, () => new Sensor(site.port));
  for (let start = 0; start < CLIENTS; start += BATCH) {
    const batch = sensors.slice(start, start + BATCH);
    for (const [index, sensor] of batch.entries()) sensor.connect(`device-${start + index}`);
    for (const sensor of batch) expect((await sensor.message("CONNACK")).returnCode).toBe(RETURN_CODE.accepted);
  }
  return sensors;
}

/** Resolves when what each of them says reaches the broker. */
async function allAreBack({ proxy }: OutageSite, sensors: readonly Sensor[]): Promise<void> {
  await vi.waitFor(() => expect(new Set(proxy.clientIds).size).toBe(CLIENTS), BOUND);
  for (const sensor of sensors) sensor.send({ ...PUBLISH, data: Buffer.from("back") });
  for (const sensor of sensors) {
    expect((await sensor.message("PUBACK")).returnCode).toBe(RETURN_CODE.accepted);
    expect(sensor.received.map(({ type }) => type)).toEqual(["CONNACK", "PUBACK"]);
  }
}

/** The most of them that came within so many milliseconds. */
function mostWithin(windowMs: number, timesMs: readonly number[]): number {
  let first = 0;
  let most = 0;
  for (const [index, atMs] of timesMs.entries()) {
    while (timesMs[first]! <= atMs - windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

describe(`the broker restarts under ${CLIENTS} clients`, () => {
  test("there are never more than max_reconnect_rate attempts a second, failed ones among them, and all come back", async () => {
    const rate = 200;
    const site = await OutageSite.start([
      ...["--broker-max-reconnect-rate", `${rate}`],
      ...["--broker-reconnect-min", "10ms"],
      ...["--broker-reconnect-max", "100ms"],
    ]);
    const sensors = await herd(site);
    site.proxy.connects.length = 0;
    site.proxy.refusal = 3;
    site.proxy.cutAll();
    await vi.waitFor(() => expect(site.proxy.connects.length).toBeGreaterThan(rate), BOUND);
    await site.proxy.comeBack();
    await allAreBack(site, sensors);
    const times = site.proxy.connects.map(({ atMs }) => atMs);
    expect(times.length).toBeGreaterThan(CLIENTS + rate);
    // Who has been busy for a moment sees several at once: there is half a second for that.
    const tookMs = times.at(-1)! - times[0]!;
    expect(times.length).toBeLessThanOrEqual((rate * (tookMs + 500)) / 1000);
    expect(mostWithin(1000, times)).toBeLessThanOrEqual(1.5 * rate);
  });

  test("where only their connections break, the first attempts are spread over the wait before them", async () => {
    const site = await OutageSite.start([
      ...["--broker-max-reconnect-rate", "100000"],
      ...["--broker-reconnect-min", "2s"],
      ...["--broker-reconnect-max", "60s"],
    ]);
    const sensors = await herd(site);
    site.proxy.connects.length = 0;
    const cutMs = performance.now();
    for (const clientId of site.proxy.clientIds) site.proxy.cut(clientId);
    await allAreBack(site, sensors);
    const times = site.proxy.connects.map(({ atMs }) => atMs);
    expect(times).toHaveLength(CLIENTS);
    expect(times[0]! - cutMs).toBeGreaterThan(1990);
    // From two seconds to four: a good part in each half, and more than what 500 at once take.
    const middleMs = times[CLIENTS / 2]!;
    expect(middleMs - times[0]!).toBeGreaterThan(600);
    expect(times.at(-1)! - middleMs).toBeGreaterThan(600);
  });
});
