import { connectAsync } from "mqtt";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Site } from "../interop/site.ts";
import { UdpDevice } from "../interop/udp-device.ts";
import { OutageSite } from "./outage-site.ts";
import { Sensor } from "./sensor.ts";

const BOUND = { timeout: 15_000, interval: 10 };

/** For how long nobody may come back: many times what a gateway waits before it connects again. */
const STILL_MS = 3000;

const BYSTANDERS = 20;

/** Resolves when no CONNECT of a client has come by for a while. */
async function isStill({ proxy }: OutageSite): Promise<void> {
  await vi.waitFor(() => {
    const last = proxy.connects.at(-1)!.atMs;
    expect(performance.now() - last).toBeGreaterThan(STILL_MS);
  }, BOUND);
}

/** A second gateway at the same broker, behind the same proxy. */
async function neighbour({ proxy }: OutageSite): Promise<Site> {
  const flags = ["--gateway-id", "2", "--broker-reconnect-min", "50ms", "--broker-reconnect-max", "200ms"];
  return Site.start(proxy.url, flags);
}

describe("the broker closes one connection, for the client id is used elsewhere", () => {
  test("by an MQTT client: the gateway keeps still, and the device is told when it says something", async () => {
    const site = await OutageSite.start();
    const sensor = new Sensor(site.port);
    sensor.connect("roamer");
    await sensor.message("CONNACK");
    const elsewhere = await connectAsync(site.proxy.url, { clientId: "roamer", reconnectPeriod: 0 });
    onTestFinished(() => void elsewhere.end(true));
    await site.noted("client.taken-over", "roamer");
    await isStill(site);
    expect(elsewhere.connected).toBe(true);
    expect(site.proxy.connects.map(({ clientId }) => clientId)).toEqual(["roamer", "roamer"]);
    expect(sensor.received.map(({ type }) => type)).toEqual(["CONNACK"]);
    sensor.send({ type: "PINGREQ", clientId: "" });
    await sensor.message("DISCONNECT");
  });

  test("by a device that has roamed to another gateway, active or from its sleep: no ping-pong, and its messages reach it there", async () => {
    const site = await OutageSite.start();
    const second = await neighbour(site);
    // Two of many: the broker would have closed the connections of more.
    for (let index = 0; index < BYSTANDERS; index += 1) await site.device(`bystander-${index}`);
    const names = ["active", "sleeper"];
    const before = await Promise.all(names.map((name) => site.device(name)));
    for (const [index, device] of before.entries()) await device.subscribe(`to/${names[index]}`, 1);
    await before[1]!.sleep(60);
    const after: UdpDevice[] = [];
    for (const [index, name] of names.entries()) {
      const device = new UdpDevice(second.gateway, name, { cleanSession: false });
      after.push(device);
      before[index]!.vanish();
      await device.connect();
    }
    for (const name of names) await site.noted("client.taken-over", name);
    await isStill(site);
    expect(site.proxy.connects.map(({ clientId }) => clientId).slice(BYSTANDERS)).toEqual([...names, ...names]);
    const peer = await site.peer();
    for (const [index, name] of names.entries()) {
      await peer.publish(`to/${name}`, "here", 1);
      await after[index]!.receives({ topic: `to/${name}`, data: "here", qos: 1, retain: false });
    }
    // And back again.
    const home = new UdpDevice({ host: "127.0.0.1", port: site.port }, "active", { cleanSession: false });
    await home.connect();
    await isStill(site);
    await peer.publish("to/active", "home", 1);
    await home.receives({ topic: "to/active", data: "home", qos: 1, retain: false });
    expect(site.proxy.connects).toHaveLength(BYSTANDERS + 5);
  });

  test("by many at once, as on a train that leaves: it looks as if the broker had gone, and ends all the same", async () => {
    const site = await OutageSite.start();
    const second = await neighbour(site);
    const names = Array.from({ length: 8 }, (_, index) => `passenger-${index}`);
    for (const name of names) await (await site.device(name)).vanish();
    const devices = names.map((name) => new UdpDevice(second.gateway, name, { cleanSession: false }));
    await Promise.all(devices.map((device) => device.connect()));
    await isStill(site);
    // Each of the two gateways may have tried once.
    expect(site.proxy.connects.length).toBeLessThanOrEqual(4 * names.length);
    for (const [index, device] of devices.entries()) await device.publish("train/seat", `${index}`, 1);
    for (const { heard } of devices) expect(heard).not.toContain("DISCONNECT");
  });
});

describe("the network closes one connection", () => {
  test("which looks the same: the device is told when it says something, and what it missed comes then", async () => {
    const site = await OutageSite.start();
    const device = await site.device("alone", { reconnect: true, reconnectMinMs: 20, reconnectMaxMs: 50 });
    await device.subscribe("news", 1);
    site.proxy.cut("alone");
    await site.noted("client.taken-over", "alone");
    const peer = await site.peer();
    await peer.publish("news", "missed", 1);
    await device.publish("tt", "hello", 1);
    await device.receives({ topic: "news", data: "missed", qos: 1, retain: false });
  });
});
