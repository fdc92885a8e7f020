import { connectAsync, type MqttClient } from "mqtt";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Mosquitto, type MosquittoOptions } from "../interop/mosquitto.ts";
import type { UdpDevice } from "../interop/udp-device.ts";
import { OutageSite } from "./outage-site.ts";

const BOUND = { timeout: 15_000, interval: 10 };
const RESTARTS = 10;
/** What each has to have got through before the next restart. */
const PROGRESS = 50;
/** Messages that are on their way at once. */
const WINDOW = 20;

const isInstalled = Mosquitto.isInstalled;

/** A gateway at a Mosquitto. */
async function siteAt(options: MosquittoOptions): Promise<{ mosquitto: Mosquitto; site: OutageSite }> {
  const mosquitto = await Mosquitto.start(onTestFinished, options);
  return { mosquitto, site: await OutageSite.start([], mosquitto.port) };
}

/** Publishes one message after the other, at QoS 1 and QoS 2 in turn, and knows what was acknowledged and what has come. */
class Stream {
  /** Payloads that were acknowledged. */
  readonly acknowledged: string[] = [];
  readonly #received: () => string[];
  readonly #ended: Promise<void>;
  #isOver = false;

  constructor(publish: (data: string, qos: 1 | 2) => Promise<unknown>, received: () => string[]) {
    this.#received = received;
    this.#ended = this.#run(publish);
  }

  /** Everything that was acknowledged has come, and nothing of QoS 2 twice. */
  async arrives(): Promise<void> {
    await vi.waitFor(() => {
      const received = new Set(this.#received());
      expect(this.acknowledged.filter((data) => !received.has(data))).toEqual([]);
    }, BOUND);
    const exactlyOnce = (all: readonly string[]) => all.filter((data) => data.startsWith("2/")).sort();
    expect(exactlyOnce(this.#received())).toEqual(exactlyOnce(this.acknowledged));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
  }

  async #run(publish: (data: string, qos: 1 | 2) => Promise<unknown>): Promise<void> {
    for (let number = 0; !this.#isOver; number += 1) {
      const qos = number % 2 === 0 ? 1 : 2;
      const data = `${qos}/${number}`;
      await publish(data, qos);
      this.acknowledged.push(data);
      // More than what Mosquitto keeps for a client it throws away.
      await vi.waitFor(() => expect(this.#received().length).toBeGreaterThan(this.acknowledged.length - WINDOW), BOUND);
    }
  }
}

/** An MQTT client that is there again whenever the broker is, and misses nothing. */
async function steadyPeer(mosquitto: Mosquitto): Promise<MqttClient> {
  const client = await connectAsync(mosquitto.url, { clientId: "peer", clean: false, reconnectPeriod: 20 });
  client.on("error", () => {});
  onTestFinished(() => void client.end(true));
  return client;
}

describe.skipIf(!isInstalled)("Mosquitto", () => {
  test(`restarts ${RESTARTS} times under traffic both ways: what was acknowledged has come, at QoS 2 once, and no device notices`, async () => {
    const { mosquitto, site } = await siteAt({ persistence: true });
    const peer = await steadyPeer(mosquitto);
    const atPeer: string[] = [];
    peer.on("message", (_topic, payload) => atPeer.push(payload.toString()));
    await peer.subscribeAsync("up", { qos: 2 });
    const publisher = await site.device("publisher", { nRetry: 10 });
    const subscriber = await site.device("subscriber", { nRetry: 10 });
    await subscriber.subscribe("down", 2);
    const atDevice = () => subscriber.received.map(({ data }) => data);

    const up = new Stream(
      (data, qos) => publisher.publish("up", data, qos),
      () => atPeer,
    );
    const down = new Stream((data, qos) => peer.publishAsync("down", data, { qos }), atDevice);
    for (let count = 0; count < RESTARTS; count += 1) {
      const before = [up, down].map(({ acknowledged }) => acknowledged.length + PROGRESS);
      await vi.waitFor(() => {
        expect(up.acknowledged.length).toBeGreaterThan(before[0]!);
        expect(down.acknowledged.length).toBeGreaterThan(before[1]!);
      }, BOUND);
      await mosquitto.stop("SIGTERM");
      await mosquitto.start();
    }
    await up.end();
    await down.end();
    await up.arrives();
    await down.arrives();
    await site.restored(["publisher", "subscriber"], RESTARTS);
    for (const device of [publisher, subscriber]) expect(device.heard).not.toContain("DISCONNECT");
  });

  test("is killed without its persistence: what devices have subscribed to they still have, active or asleep, and do not notice", async () => {
    const { mosquitto, site } = await siteAt({ persistence: false });
    const names = ["durable", "clean", "sleeper"];
    const devices: UdpDevice[] = [];
    for (const name of names) {
      const device = await site.device(name, { cleanSession: name === "clean" });
      await device.subscribe(`to/${name}/+`, 1);
      devices.push(device);
    }
    await devices[2]!.sleep(60);
    await mosquitto.stop("SIGKILL");
    await mosquitto.start();
    await site.restored(names);
    const peer = await site.peer();
    for (const name of names) await peer.publish(`to/${name}/state`, "still here", 1);
    await devices[2]!.wake();
    for (const [index, name] of names.entries()) {
      await devices[index]!.receives({ topic: `to/${name}/state`, data: "still here", qos: 1, retain: false });
    }
    for (const { heard } of devices.slice(0, 2)) expect(heard).not.toContain("DISCONNECT");
    expect(devices[2]!.heardAsleep).toEqual([]);
  });

  test("takes a client id away, and has no second CONNECT of the gateway", async () => {
    const { mosquitto, site } = await siteAt({});
    const device = await site.device("roamer");
    const elsewhere = await connectAsync(mosquitto.url, { clientId: "roamer", reconnectPeriod: 0 });
    onTestFinished(() => void elsewhere.end(true));
    await site.noted("client.taken-over", "roamer");
    expect(site.proxy.connects).toHaveLength(1);
    expect(elsewhere.connected).toBe(true);
    expect(device.heard).not.toContain("DISCONNECT");
  });
});
