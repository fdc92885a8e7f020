import { describe, expect, test, vi } from "vitest";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import { OutageSite } from "./outage-site.ts";
import { Sensor } from "./sensor.ts";

const BOUND = { timeout: 15_000, interval: 10 };
const PUBLISH = { type: "PUBLISH", dup: false, retain: false, topicIdType: "short", topicId: 0x7474 } as const;

/** What a busy machine may add. */
const DELAY_MS = 4000;

describe("the broker is away", () => {
  test("a device that publishes is not acknowledged before the broker has it, and not disturbed", async () => {
    const site = await OutageSite.start();
    const peer = await site.peer();
    await peer.subscribe("tt", 2);
    const sensor = new Sensor(site.port);
    sensor.connect("sensor");
    await sensor.message("CONNACK");
    await site.proxy.goAway();
    await site.gateway.line("link.closed");
    for (const qos of [1, 2] as const) sensor.send({ ...PUBLISH, qos, msgId: qos, data: Buffer.from(`${qos}`) });
    sensor.send({ type: "PINGREQ", clientId: "" });
    await sensor.message("PINGRESP");
    expect(sensor.received.map(({ type }) => type)).toEqual(["CONNACK", "PINGRESP"]);
    await site.proxy.comeBack();
    expect(await sensor.message("PUBACK")).toMatchObject({ msgId: 1, returnCode: RETURN_CODE.accepted });
    expect(await sensor.message("PUBREC")).toMatchObject({ msgId: 2 });
    sensor.send({ type: "PUBREL", msgId: 2 });
    await sensor.message("PUBCOMP");
    const common = { topic: "tt", retain: false };
    await peer.receives({ ...common, data: "1", qos: 1 }, { ...common, data: "2", qos: 2 });
  });

  test("for longer than outage_limit: who is active is told, who sleeps is not, and both get their messages afterwards", async () => {
    const site = await OutageSite.start(["--broker-outage-limit", "600ms"]);
    const [active, sleeper] = await Promise.all([site.device("active"), site.device("sleeper")]);
    for (const device of [active, sleeper]) await device.subscribe("news", 1);
    await sleeper.sleep(60);
    const began = performance.now();
    await site.proxy.goAway();
    await active.isDisconnectedByGateway();
    expect(performance.now() - began).toBeGreaterThan(590);
    // An attempt has failed: the answer does not wait for the broker.
    await sleeper.wake();
    expect(sleeper.received).toEqual([]);
    const peer = await site.peer();
    await peer.publish("news", "all is well", 1);
    await site.proxy.comeBack();
    await site.restored(["sleeper"]);
    const message = { topic: "news", data: "all is well", qos: 1, retain: false };
    await sleeper.wake();
    expect(sleeper.received).toEqual([message]);
    expect(sleeper.heardAsleep).toEqual([]);
    await active.connect();
    await active.receives(message);
  });

  test("refusing with 5: who is active is told at once, who sleeps is not, and is let in afterwards", async () => {
    const site = await OutageSite.start();
    const [active, sleeper] = await Promise.all([site.device("active"), site.device("sleeper")]);
    await sleeper.subscribe("news", 1);
    await sleeper.sleep(60);
    site.proxy.refusal = 5;
    site.proxy.cutAll();
    await active.isDisconnectedByGateway();
    await vi.waitFor(() => {
      expect(site.proxy.connects.filter(({ clientId }) => clientId === "sleeper").length).toBeGreaterThan(3);
    }, BOUND);
    await sleeper.wake();
    const peer = await site.peer();
    await peer.publish("news", "welcome", 1);
    await site.proxy.comeBack();
    await site.restored(["sleeper"]);
    await sleeper.wake();
    expect(sleeper.received).toMatchObject([{ data: "welcome" }]);
    expect(sleeper.heardAsleep).toEqual([]);
  });

  test("refusing with 3 for a while: no device is told", async () => {
    const site = await OutageSite.start();
    const device = await site.device("device");
    site.proxy.refusal = 3;
    site.proxy.cutAll();
    await vi.waitFor(() => expect(site.proxy.connects.length).toBeGreaterThan(4), BOUND);
    await site.proxy.comeBack();
    await device.publish("news", "all is well", 1);
    expect(device.heard).not.toContain("DISCONNECT");
  });
});

describe("the broker is a black hole", () => {
  const KEEP_ALIVE_MS = 1000;
  const CONNECT_TIMEOUT_MS = 500;
  const KEEP_ALIVE = ["--broker-keep-alive", `${KEEP_ALIVE_MS}ms`];
  const CONNECT_TIMEOUT = ["--broker-connect-timeout", `${CONNECT_TIMEOUT_MS}ms`];

  test("a connection that nobody uses is given up after keep_alive and connect_timeout, and every attempt after connect_timeout", async () => {
    const site = await OutageSite.start([...KEEP_ALIVE, ...CONNECT_TIMEOUT, "--log-level", "debug"]);
    const device = await site.device("device");
    site.proxy.fallSilent();
    const began = performance.now();
    const closed = await site.gateway.line("link.closed");
    expect(closed.reason).toBe("no answer to PINGREQ for 0.5 s");
    expect(performance.now() - began).toBeLessThan(KEEP_ALIVE_MS + CONNECT_TIMEOUT_MS + DELAY_MS);
    expect((await site.gateway.line("broker.unreachable")).reason).toMatch(/PINGREQ|PINGRESP|connack/i);
    await vi.waitFor(() => {
      const retried = site.gateway.lines.filter(({ event }) => event === "link.retried");
      expect(retried.length).toBeGreaterThan(1);
      expect(retried[0]).toMatchObject({ reason: "no answer from the broker" });
    }, BOUND);
    await site.proxy.comeBack();
    await site.restored(["device"]);
    await device.publish("news", "all is well", 1);
    expect(device.heard).not.toContain("DISCONNECT");
  });

  test("one that owes an answer is given up after twice connect_timeout, however long the keep alive", async () => {
    const site = await OutageSite.start(CONNECT_TIMEOUT);
    const peer = await site.peer();
    await peer.subscribe("news", 2);
    const device = await site.device("device", { nRetry: 10 });
    await device.publish("news", "before", 2);
    site.proxy.fallSilent();
    const began = performance.now();
    const published = device.publish("news", "after", 2);
    expect((await site.gateway.line("link.closed")).reason).toBe("no answer to PINGREQ for 0.5 s");
    expect(performance.now() - began).toBeLessThan(2 * CONNECT_TIMEOUT_MS + DELAY_MS);
    expect(device.heard.filter((type) => type === "PUBREC")).toHaveLength(1);
    await site.proxy.comeBack();
    await published;
    const common = { topic: "news", qos: 2, retain: false };
    await peer.receives({ ...common, data: "before" }, { ...common, data: "after" });
    expect(device.heard).not.toContain("DISCONNECT");
  });
});

describe("the way to the broker is", () => {
  test("slow: everything is acknowledged in its time, and nobody loses the connection", async () => {
    const site = await OutageSite.start();
    const peer = await site.peer();
    await peer.subscribe("#", 1);
    const [busy, other] = await Promise.all([site.device("busy"), site.device("other")]);
    site.proxy.octetsPerSecond = 20_000;
    const data = "x".repeat(1000);
    const published = Array.from({ length: 20 }, () => busy.publish("busy", data, 1));
    for (let count = 0; count < 10; count += 1) await other.publish("other", `${count}`, 1);
    await Promise.all(published);
    await vi.waitFor(() => expect(peer.received).toHaveLength(30), BOUND);
    expect(site.gateway.lines.map(({ event }) => event)).not.toContain("link.closed");
  });

  test("long: a message of QoS 2 that is repeated meanwhile comes once, both ways", async () => {
    const site = await OutageSite.start(["--clients-retry-interval", "100ms"]);
    const peer = await site.peer();
    await peer.subscribe("up", 2);
    const device = await site.device("far", { tRetryMs: 150, nRetry: 10 });
    await device.subscribe("down", 2);
    site.proxy.delayMs = 200;
    await device.publish("up", "once", 2);
    await peer.publish("down", "once", 2);
    await device.receives({ topic: "down", data: "once", qos: 2, retain: false });
    await device.publish("up", "again", 2);
    const common = { topic: "up", qos: 2, retain: false };
    await peer.receives({ ...common, data: "once" }, { ...common, data: "again" });
    expect(site.gateway.lines.map(({ event }) => event)).not.toContain("link.closed");
  });
});
