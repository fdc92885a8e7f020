import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Mosquitto } from "../interop/mosquitto.ts";
import type { MqttPeer } from "../interop/mqtt-peer.ts";
import { Site } from "../interop/site.ts";
import { stop } from "./gateway-process.ts";

const BOUND = { timeout: 20_000, interval: 10 };

/** Of all tests that need Mosquitto, those in test/interop say so when it is missing. */
const withMosquitto = test.skipIf(!Mosquitto.isInstalled && process.env.REQUIRE_MOSQUITTO !== "1");

/** A gateway that tells of itself, at the broker of this URL. */
function start(brokerUrl: string, ...flags: string[]): Promise<Site> {
  return Site.start(brokerUrl, ["--bridge-enabled", "true", ...flags]);
}

/** Whoever looks at the broker from now on. */
async function onlooker(site: Site): Promise<MqttPeer> {
  const peer = await site.mqttPeer();
  await peer.subscribe("#");
  return peer;
}

/** What has come at this topic, in order. */
function statesAt(peer: MqttPeer, topic: string): string[] {
  return peer.received.filter((each) => each.topic === topic).map(({ data }) => JSON.parse(data).state);
}

/** Resolves when this is the last that has come at this topic, retained. */
async function lastAt(site: Site, topic: string, state: string): Promise<void> {
  await vi.waitFor(async () => {
    const peer = await onlooker(site);
    await vi.waitFor(() => expect(statesAt(peer, topic)).not.toEqual([]), { timeout: 500 });
    expect(peer.received.findLast((each) => each.topic === topic)).toMatchObject({ retain: true });
    expect(statesAt(peer, topic)).toEqual([state]);
  }, BOUND);
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-bridge-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe("on the broker stands", () => {
  withMosquitto("that the gateway is there, until it stops in order, or is killed", async () => {
    const mosquitto = await Mosquitto.start(onTestFinished);
    const site = await start(mosquitto.url, "--bridge-base-topic", "plant/sn");
    await lastAt(site, "plant/sn/bridge/state", "online");
    const peer = await onlooker(site);
    await vi.waitFor(() => expect(peer.received.map(({ topic }) => topic)).toContain("plant/sn/bridge/info"), BOUND);
    const info = JSON.parse(peer.received.find(({ topic }) => topic === "plant/sn/bridge/info")!.data);
    expect(info).toMatchObject({ gateway_id: 1, broker: mosquitto.url, listeners: [site.gatewayUrl] });
    await stop(site.process);
    await lastAt(site, "plant/sn/bridge/state", "offline");

    const next = await start(mosquitto.url, "--bridge-base-topic", "plant/sn");
    await lastAt(next, "plant/sn/bridge/state", "online");
    next.process.child.kill("SIGKILL");
    await lastAt(site, "plant/sn/bridge/state", "offline");
  });

  withMosquitto("of a device whether it is there: also while it sleeps, and not when it is lost", async () => {
    const mosquitto = await Mosquitto.start(onTestFinished);
    const site = await start(mosquitto.url, "--bridge-health-interval", "1s", "--clients-keep-alive-factor", "1");
    const peer = await onlooker(site);
    const door = await site.device("hall/door", { duration: 1 });
    const lamp = await site.device("lamp");
    await vi.waitFor(() => expect(statesAt(peer, "mqttsn/lamp/availability")).toEqual(["online"]), BOUND);
    await lamp.sleep(60);
    await lamp.wake();
    door.vanish();
    await vi.waitFor(
      () => expect(statesAt(peer, "mqttsn/hall/door/availability")).toEqual(["online", "offline"]),
      BOUND,
    );
    await vi.waitFor(() => {
      const health = peer.received.findLast(({ topic }) => topic === "mqttsn/bridge/health");
      expect(JSON.parse(health!.data)).toMatchObject({ clients: { connected: 1, asleep: 1, active: 0 } });
    }, BOUND);
    expect(statesAt(peer, "mqttsn/lamp/availability")).toEqual(["online"]);
    await lamp.connect();
    await lamp.disconnect();
    await lastAt(site, "mqttsn/lamp/availability", "offline");
  });

  withMosquitto("everything again where the broker has lost it", async () => {
    const mosquitto = await Mosquitto.start(onTestFinished);
    const site = await start(mosquitto.url, "--broker-reconnect-min", "50ms", "--broker-reconnect-max", "200ms");
    await site.device("lamp");
    await lastAt(site, "mqttsn/lamp/availability", "online");
    await mosquitto.stop("SIGTERM");
    await mosquitto.start();
    await lastAt(site, "mqttsn/bridge/state", "online");
    await lastAt(site, "mqttsn/lamp/availability", "online");
  });

  withMosquitto("after a restart of the gateway which clients have come back, and which have not", async () => {
    const mosquitto = await Mosquitto.start(onTestFinished);
    const folder = temporaryFolder();
    const site = await start(mosquitto.url, "--state-path", folder);
    const asleep = await site.device("asleep");
    await site.device("active");
    await asleep.sleep(60);
    await lastAt(site, "mqttsn/active/availability", "online");
    await stop(site.process);
    // It was told that the gateway stops; one that sleeps finds everything as it was.
    await lastAt(site, "mqttsn/active/availability", "offline");
    const next = await start(mosquitto.url, "--state-path", folder);
    await lastAt(next, "mqttsn/asleep/availability", "online");
    await lastAt(next, "mqttsn/active/availability", "offline");
  });
});

test("the same stands on the broker inside", async () => {
  const site = await start("embedded:");
  await lastAt(site, "mqttsn/bridge/state", "online");
  await site.device("lamp");
  await lastAt(site, "mqttsn/lamp/availability", "online");
});

test("nothing stands there where it is switched off", async () => {
  const site = await Site.start("embedded:", ["--bridge-enabled", "false"]);
  const peer = await onlooker(site);
  const device = await site.device("lamp");
  await device.publish("last", "1", 1);
  await vi.waitFor(() => expect(peer.received.map(({ topic }) => topic)).toEqual(["last"]), BOUND);
});
