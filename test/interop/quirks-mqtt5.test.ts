import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import type { AtEnd } from "../process/gateway-process.ts";
import { Mosquitto } from "./mosquitto.ts";
import type { Habit } from "./quirk-habit.ts";
import { answersAfter, letsInPerSecond, speaks311Only } from "./quirk-habits.ts";
import {
  answersPublish,
  answersSubscribe,
  keepsAlive,
  keepsSessionsFor,
  packetsOfAtMost,
  qosAtMost,
  receivesAtMost,
  retainsNothing,
} from "./quirk-mqtt5-habits.ts";
import { QuirkSite } from "./quirk-site.ts";
import { sharedQuirkSite } from "./shared-quirk-site.ts";

const BOUND = { timeout: 10_000, interval: 5 };

const isInstalled = Mosquitto.isInstalled;
const ends: (() => void)[] = [];
let brokerPort = 0;

beforeAll(async () => {
  if (isInstalled) brokerPort = (await Mosquitto.start((end) => ends.push(end))).port;
});
afterAll(() => {
  for (const end of ends.reverse()) end();
});

const start = (atEnd: AtEnd, habits: readonly Habit[], ...flags: string[]) =>
  QuirkSite.start(brokerPort, habits, ["--broker-version", "5", ...flags], atEnd);

/** Where PUBLISH to `answered/CODE` and SUBSCRIBE to `denied/CODE` are answered with this reason code, and nothing else is otherwise. */
const answeringSite = sharedQuirkSite(() => {
  const habits = [
    ...[0x97, 0x87, 0x83, 0x10].map((code) => answersPublish(`answered/${code}`, code)),
    ...[0x87, 0x8f].map((code) => answersSubscribe(`denied/${code}`, code)),
  ];
  return start((end) => ends.push(end), habits);
});

const common = { retain: false } as const;

describe.skipIf(!isInstalled).concurrent("a broker of MQTT 5 that cannot do everything", () => {
  test("Receive Maximum 2: the broker never has more than two PUBLISHes to finish, and all of a burst arrive", async ({
    onTestFinished,
  }) => {
    const site = await start(onTestFinished, [receivesAtMost(2), answersAfter(30)]);
    const peer = await site.peer();
    await peer.subscribe("burst/+");
    const devices = await Promise.all(
      [1, 2].map((qos) => site.device(`burst-${qos}`, { tRetryMs: 100, nRetry: 20, tWaitMs: 50 })),
    );
    const sent = Array.from({ length: 12 }, (_, index) => String(index));
    await Promise.all(
      devices.flatMap((device, index) =>
        sent.map((data) => device.publish(`burst/${index + 1}`, data, index === 0 ? 1 : 2)),
      ),
    );
    const arrived = (topic: string) => peer.received.filter((each) => each.topic === topic).map(({ data }) => data);
    await vi.waitFor(() => expect(new Set(arrived("burst/1"))).toEqual(new Set(sent)), BOUND);
    await vi.waitFor(() => expect(arrived("burst/2").toSorted()).toEqual(sent.toSorted()), BOUND);
    expect(site.proxy.offences).toEqual([]);
  });

  test("Maximum QoS 1: QoS 2 goes out as QoS 1, in wills too", async ({ onTestFinished }) => {
    const site = await start(onTestFinished, [qosAtMost(1)]);
    const peer = await site.peer();
    await peer.subscribe("max-qos/+");
    const will = { willTopic: "max-qos/will", willMsg: Buffer.from("gone"), qos: 2 as const, retain: false };
    const device = await site.device("max-qos", { duration: 1, will });
    expect(await device.trySubscribe("max-qos/down", 2)).toMatchObject({ result: "accepted", qos: 1 });
    await device.publish("max-qos/up", "two", 2);
    device.vanish();
    await peer.receives(
      { ...common, topic: "max-qos/up", data: "two", qos: 1 },
      { ...common, topic: "max-qos/will", data: "gone", qos: 1 },
    );
    expect(site.proxy.offences).toEqual([]);
  });

  test("Retain Available 0: nothing is sent to be retained, no will neither", async ({ onTestFinished }) => {
    const site = await start(onTestFinished, [retainsNothing]);
    const peer = await site.peer();
    await peer.subscribe("retain-less/+");
    const will = { willTopic: "retain-less/will", willMsg: Buffer.from("gone"), qos: 1 as const, retain: true };
    const device = await site.device("retain-less", { duration: 1, will });
    await device.publish("retain-less/up", "live", 1, true);
    device.vanish();
    await peer.receives(
      { ...common, topic: "retain-less/up", data: "live", qos: 1 },
      { ...common, topic: "retain-less/will", data: "gone", qos: 1 },
    );
    expect(site.proxy.offences).toEqual([]);
  });

  test("Maximum Packet Size 200: what is larger is refused, and the connection stays", async ({ onTestFinished }) => {
    const site = await start(onTestFinished, [packetsOfAtMost(200)]);
    const device = await site.device("large");
    const refused = await device.tryPublish("packets/large", "x".repeat(300), 1);
    expect(refused).toMatchObject({ result: "refused", returnCode: RETURN_CODE.notSupported });
    await device.publish("packets/large", "x".repeat(150), 1);
    expect(site.proxy.offences).toEqual([]);
    expect(site.noted("publish.refused", "large")).toHaveLength(1);
  });

  test("Server Keep Alive 2: the gateway pings as often as the broker wants", async ({ onTestFinished }) => {
    const site = await start(onTestFinished, [keepsAlive(2)], "--broker-keep-alive", "60s");
    const device = await site.device("quiet", { duration: 60 });
    await vi.waitFor(() => expect(site.proxy.packetsOf("quiet", "pingreq").length).toBeGreaterThan(1), BOUND);
    expect(site.proxy.offences).toEqual([]);
    await device.publish("keep/alive", "fine", 1);
  });

  test("a broker that keeps sessions for a shorter time says so once", async ({ onTestFinished }) => {
    const site = await start(onTestFinished, [keepsSessionsFor(60)], "--broker-session-expiry", "1d");
    await site.device("forgotten-soon", { cleanSession: false });
    const [connect] = site.proxy.packetsOf("forgotten-soon", "connect");
    expect(connect!.properties).toMatchObject({ sessionExpiryInterval: 86_400 });
    expect(site.gateway.stdout).toMatch(/broker\.limits/);
  });

  test.for([
    ["0x97 quota exceeded", 0x97, "refused", RETURN_CODE.congestion],
    ["0x87 not authorized", 0x87, "refused", RETURN_CODE.notSupported],
    ["0x83 implementation specific", 0x83, "refused", RETURN_CODE.notSupported],
    ["0x10 nobody has subscribed", 0x10, "accepted", RETURN_CODE.accepted],
  ])("6c PUBLISH is answered with %s", async ([_, reasonCode, result, returnCode], { onTestFinished }) => {
    const topic = `answered/${reasonCode}`;
    const site = await answeringSite(onTestFinished);
    for (const qos of [1, 2] as const) {
      const clientId = `answered-${reasonCode}-${qos}`;
      const device = await site.device(clientId, { tWaitMs: 50, tRetryMs: 5000, nRetry: 1 });
      const outcome = device.tryPublish(topic, "x", qos);
      if (returnCode === RETURN_CODE.congestion) {
        // The device waits, and tries again.
        await vi.waitFor(() => expect(site.proxy.packetsOf(clientId, "publish").length).toBeGreaterThan(1), BOUND);
        outcome.catch(() => undefined);
        device.vanish();
        continue;
      }
      expect(await outcome).toMatchObject({ result, returnCode });
      await device.publish("answered/other", "fine", qos);
      expect(site.noted("link.closed", clientId)).toEqual([]);
    }
  });

  test.for([
    [0x87, RETURN_CODE.notSupported],
    [0x8f, RETURN_CODE.notSupported],
  ])("6c SUBSCRIBE is answered with reason code %i", async ([reasonCode, returnCode], { onTestFinished }) => {
    const site = await answeringSite(onTestFinished);
    const device = await site.device(`denied-${reasonCode}`);
    expect(await device.trySubscribe(`denied/${reasonCode}`, 1)).toMatchObject({ result: "refused", returnCode });
    await device.subscribe("allowed/filter", 1);
  });

  test("6c CONNECT is refused for want of quota: congestion, and a device that comes again is let in", async ({
    onTestFinished,
  }) => {
    const site = await start(onTestFinished, [letsInPerSecond(3)]);
    const devices = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        site.device(`many-${index}`, { tWaitMs: 300, reconnect: true, reconnectMinMs: 50, reconnectMaxMs: 200 }),
      ),
    );
    for (const device of devices) await device.publish("many", "here", 1);
    for (const refused of site.noted("client.refused")) {
      expect(refused).toMatchObject({ returnCode: RETURN_CODE.congestion });
    }
  });

  test("the broker ends a connection with DISCONNECT 0x8E: the client is elsewhere, and is not taken back", async ({
    onTestFinished,
  }) => {
    const site = await answeringSite(onTestFinished);
    await site.device("elsewhere");
    site.proxy.sendAway("elsewhere", 0x8e);
    await vi.waitFor(() => expect(site.noted("client.taken-over", "elsewhere")).toHaveLength(1), BOUND);
    expect(site.proxy.packetsOf("elsewhere", "connect")).toHaveLength(1);
  });

  test.for([
    ["shutting down", 0x8b],
    ["busy", 0x89],
    ["by an administrator", 0x98],
  ] as const)(
    "the broker ends a connection with DISCONNECT, %s: the device does not notice",
    async ([_, reasonCode], { onTestFinished }) => {
      const site = await answeringSite(onTestFinished);
      const clientId = `sent-away-${reasonCode}`;
      const device = await site.device(clientId, { cleanSession: false });
      await device.subscribe(`away/${reasonCode}`, 1);
      site.proxy.sendAway(clientId, reasonCode);
      await vi.waitFor(() => expect(site.noted("link.restored", clientId)).toHaveLength(1), BOUND);
      await device.publish(`away/${reasonCode}`, "back", 1);
      await device.receives({ ...common, topic: `away/${reasonCode}`, data: "back", qos: 1 });
      expect(device.heard).not.toContain("DISCONNECT");
    },
  );

  test.for(["CONNACK 1", "CONNACK 0x84", "closes"] as const)(
    "a broker of MQTT 3.1.1 only (%s): the gateway goes on with that, says so once, and devices work",
    async (how, { onTestFinished }) => {
      const site = await start(onTestFinished, [speaks311Only(how)]);
      const clientId = `before-2019-${how.replaceAll(" ", "-")}`;
      const device = await site.device(clientId, { tWaitMs: 100, reconnect: true, reconnectMinMs: 50 });
      await device.subscribe(`fallback/${clientId}`, 1);
      await device.publish(`fallback/${clientId}`, "works", 1);
      await device.receives({ ...common, topic: `fallback/${clientId}`, data: "works", qos: 1 });
      const told = site.gateway.lines.filter(
        ({ level, msg }) => level === "warn" && /broker\.version/.test(String(msg)),
      );
      expect(told).toHaveLength(1);
      expect(site.proxy.packetsOf(clientId, "connect").at(-1)!.protocolVersion).toBe(4);
    },
  );
});

// Whoever runs the tests sees what was not tested; where it must be tested, that is a failure.
test.skipIf(isInstalled)("without Mosquitto these tests are skipped, unless REQUIRE_MOSQUITTO=1", () => {
  const line = "Mosquitto is not installed: the habits of brokers of MQTT 5 are not tested";
  console.warn(`${line} (on Debian: apt-get install mosquitto)`);
  expect(process.env.REQUIRE_MOSQUITTO === "1", `${line}, and REQUIRE_MOSQUITTO=1 says that they must be`).toBe(false);
});
