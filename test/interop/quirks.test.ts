import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { EmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import type { AtEnd } from "../process/gateway-process.ts";
import { Mosquitto } from "./mosquitto.ts";
import type { Habit } from "./quirk-habit.ts";
import {
  bearsNoneOf,
  deliversOncePerFilter,
  endsAtQos2,
  endsAtRetained,
  grantsAtMost,
  keepAliveAtMost,
  lasts,
  letsInPerSecond,
  neverSaysSessionPresent,
  rewrites,
  subscribesAtMost,
  takesQos2AsQos1,
} from "./quirk-habits.ts";
import { QuirkSite } from "./quirk-site.ts";
import { sharedQuirkSite } from "./shared-quirk-site.ts";

const BOUND = { timeout: 10_000, interval: 5 };

const ends: (() => void)[] = [];
let brokerPort = 0;

beforeAll(async () => {
  if (Mosquitto.isInstalled) {
    brokerPort = (await Mosquitto.start((end) => ends.push(end))).port;
    return;
  }
  const broker = await EmbeddedBroker.start({ listen: { host: "127.0.0.1", port: 0 } });
  ends.push(() => broker.close());
  brokerPort = broker.port;
});
afterAll(() => {
  for (const end of ends.reverse()) end();
});

const start = (atEnd: AtEnd, habits: readonly Habit[], ...flags: string[]) =>
  QuirkSite.start(brokerPort, habits, flags, atEnd);

const shared = (habits: readonly Habit[], ...flags: string[]) =>
  sharedQuirkSite(() => start((end) => ends.push(end), habits, ...flags));

/** A gateway that was told that messages cannot be kept, and was told right. */
const strippingSite = shared([endsAtRetained], "--broker-retain", "strip");

/** A gateway that was told nothing of what its broker does not bear. */
const untoldSite = shared([endsAtQos2, endsAtRetained, bearsNoneOf(".")], "--log-level", "trace");

/** What a device sends through reaches an MQTT client at this QoS, and the broker has nothing to complain about. */
async function reaches(site: QuirkSite, topic: string, qos: 0 | 1 | 2, arrivesAt: 0 | 1 | 2, retain = false) {
  const peer = await site.peer();
  await peer.subscribe(topic);
  const device = await site.device(`to-${topic.replaceAll("/", "-")}`);
  await device.publish(topic, "one", qos, retain);
  await device.publish(topic, "two", qos, retain);
  const common = { topic, qos: arrivesAt, retain: false };
  await peer.receives({ ...common, data: "one" }, { ...common, data: "two" });
  expect(site.proxy.offences).toEqual([]);
}

/** How often a client has sent PUBLISH, by the log of a gateway that tells everything. */
function publishesFrom(site: QuirkSite, clientId: string): number {
  const addresses = new Set(site.noted("client.connected", clientId).map(({ address }) => address));
  return site.noted("message.in").filter(({ address, message }) => {
    return addresses.has(address) && /PUBLISH/.test(String(message));
  }).length;
}

/** A device that goes on whatever becomes of it. */
const STEADY = { reconnect: true, reconnectMinMs: 50, reconnectMaxMs: 200, tRetryMs: 300, nRetry: 3 } as const;

describe.concurrent("a broker with habits of its own", () => {
  test("6a a broker that answers QoS 2 with PUBACK: the device's exchange comes to its end", async ({
    onTestFinished,
  }) => {
    const site = await start(onTestFinished, [takesQos2AsQos1]);
    await reaches(site, "puback/two", 2, 1);
    expect(site.proxy.packetsOf("to-puback-two", "publish").map(({ qos }) => qos)).toEqual([2, 2]);
    expect(site.proxy.packetsOf("to-puback-two", "pubrel")).toEqual([]);
  });

  test("6a broker.max_qos 1: QoS 2 goes out as QoS 1, and a broker without QoS 2 has nothing to close the connection for", async ({
    onTestFinished,
  }) => {
    const site = await start(onTestFinished, [endsAtQos2], "--broker-max-qos", "1");
    await reaches(site, "capped/two", 2, 1);
  });

  test("6a broker.max_qos 0: only QoS 0 goes out, and nothing is promised", async ({ onTestFinished }) => {
    const site = await start(onTestFinished, [endsAtQos2], "--broker-max-qos", "0");
    await reaches(site, "capped/zero", 0, 0);
    const device = await site.device("promised-nothing");
    for (const qos of [1, 2] as const) {
      const outcome = await device.tryPublish("capped/zero", "no", qos);
      expect(outcome).toMatchObject({ result: "refused", returnCode: RETURN_CODE.notSupported });
    }
  });

  test("P8 broker.retain strip: a broker that closes at Retain has nothing to close the connection for", async ({
    onTestFinished,
  }) => {
    const site = await strippingSite(onTestFinished);
    await reaches(site, "stripped", 1, 1, true);
  });

  test("C broker.retain strip: nor at a will", async ({ onTestFinished }) => {
    const site = await strippingSite(onTestFinished);
    const will = { willTopic: "stripped/will", willMsg: Buffer.from("gone"), qos: 1 as const, retain: true };
    const peer = await site.peer();
    await peer.subscribe("stripped/will");
    const device = await site.device("stripped-will", { duration: 1, will });
    expect(site.proxy.packetsOf("stripped-will", "connect")[0]!.will).toMatchObject({ retain: false });
    device.vanish();
    await peer.receives({ topic: "stripped/will", data: "gone", qos: 1, retain: false });
  });

  test.for([
    ["QoS 2", "two", { topic: "closing/two", qos: 2, retain: false }, "broker.max_qos: 1"],
    ["Retain", "retained", { topic: "closing/kept", qos: 1, retain: true }, "broker.retain: strip"],
    ["a character", "dotted-at", { topic: "closing/a.b", qos: 1, retain: false }, "broker.forbidden"],
  ] as const)(
    "a broker that closes at %s, and a gateway that was not told: the log says what was sent, and what to set; others work on",
    async ([_, clientId, { topic, qos, retain }, remedy], { onTestFinished }) => {
      const site = await untoldSite(onTestFinished);
      const device = await site.device(clientId, STEADY);
      device.tryPublish(topic, "never", qos, retain).catch(() => undefined);
      await vi.waitFor(() => expect(site.noted("link.closed", clientId).length).toBeGreaterThan(0), BOUND);
      const [closed] = site.noted("link.closed", clientId);
      expect(closed!.lastSent).toContain(topic);
      expect(closed!.remedy).toContain(remedy);
      const other = await site.device(`${clientId}-other`);
      await other.publish("closing/one", "fine", 1);
      // A connection is made anew, and the device asks again: what the gateway sends by itself it would have sent by then.
      await vi.waitFor(() => expect(site.proxy.packetsOf(clientId, "connect").length).toBeGreaterThan(1), BOUND);
      await vi.waitFor(() => expect(publishesFrom(site, clientId)).toBeGreaterThan(1), BOUND);
      device.vanish();
      // Once for each time that the device has asked, and never by the gateway itself.
      const offences = () => site.proxy.offencesOf(clientId).length;
      await vi.waitFor(() => expect(publishesFrom(site, clientId)).toBeGreaterThanOrEqual(offences()), BOUND);
    },
  );

  test("broker.forbidden_characters: a topic with one of them never reaches a broker that closes for it", async ({
    onTestFinished,
  }) => {
    const site = await start(onTestFinished, [bearsNoneOf(". ")], "--broker-forbidden-characters", ". ");
    await reaches(site, "plain/topic", 1, 1);
    const device = await site.device("dotted");
    for (const topic of ["a.b/c", "a b/c"]) {
      expect(await device.tryPublish(topic, "no", 1)).toMatchObject({
        result: "refused",
        returnCode: RETURN_CODE.notSupported,
      });
      expect(await device.trySubscribe(topic, 1)).toMatchObject({
        result: "refused",
        returnCode: RETURN_CODE.notSupported,
      });
    }
    expect(site.proxy.offences).toEqual([]);
    expect(site.proxy.packetsOf("dotted", "publish")).toEqual([]);
  });

  test("6b a broker that grants less than was asked: the device is told what it has", async ({ onTestFinished }) => {
    const site = await start(onTestFinished, [grantsAtMost(1)]);
    const device = await site.device("modest");
    expect(await device.trySubscribe("granted/one", 2)).toMatchObject({ result: "accepted", qos: 1 });
    const peer = await site.peer();
    await peer.publish("granted/one", "two", 2);
    await device.receives({ topic: "granted/one", data: "two", qos: 1, retain: false });
  });

  test("a broker that takes few filters at once: fifty subscriptions are made anew one by one, and it has nothing to complain about", async ({
    onTestFinished,
  }) => {
    const site = await start(
      onTestFinished,
      [subscribesAtMost(8, 50), neverSaysSessionPresent],
      "--clients-max-subscriptions",
      "50",
    );
    const device = await site.device("subscriber", { cleanSession: false });
    for (let index = 0; index < 50; index += 1) await device.subscribe(`filters/${index}`, 1);
    site.proxy.cutAll();
    await vi.waitFor(() => expect(site.noted("link.restored", "subscriber")).toHaveLength(1), BOUND);
    const peer = await site.peer();
    await peer.publish("filters/49", "still there", 1);
    await device.receives({ topic: "filters/49", data: "still there", qos: 1, retain: false });
    expect(site.proxy.offences).toEqual([]);
  });

  test("a broker that wants a short keep alive: broker.keep_alive is what it is told, whatever devices say", async ({
    onTestFinished,
  }) => {
    const site = await start(onTestFinished, [keepAliveAtMost(1177)], "--broker-keep-alive", "1177s");
    const device = await site.device("slow", { duration: 3600 });
    await device.publish("keep/alive", "fine", 1);
    expect(site.proxy.offences).toEqual([]);
  });

  test("S11 a broker that never says that it has kept the session, and has: nothing is lost or doubled", async ({
    onTestFinished,
  }) => {
    const site = await start(onTestFinished, [neverSaysSessionPresent]);
    const before = await site.device("kept-session", { cleanSession: false });
    await before.subscribe("kept/session", 2);
    const peer = await site.peer();
    await peer.publish("kept/session", "0", 2);
    await before.receives({ topic: "kept/session", data: "0", qos: 2, retain: false });
    site.proxy.cutAll();
    for (const data of ["1", "2", "3"]) await peer.publish("kept/session", data, 2);
    await before.receives(
      ...["0", "1", "2", "3"].map((data) => ({ topic: "kept/session", data, qos: 2, retain: false })),
    );
    await before.disconnect();
    for (const data of ["4", "5"]) await peer.publish("kept/session", data, 2);
    const after = await site.device("kept-session", { cleanSession: false });
    await after.receives(...["4", "5"].map((data) => ({ topic: "kept/session", data, qos: 2, retain: false })));
  });

  test("S11 the same for a sleeping device: what waited here and there comes once", async ({ onTestFinished }) => {
    const site = await start(onTestFinished, [neverSaysSessionPresent]);
    const device = await site.device("kept-asleep", { cleanSession: false });
    await device.subscribe("kept/asleep", 1);
    await device.sleep(60);
    const peer = await site.peer();
    for (const data of ["1", "2"]) await peer.publish("kept/asleep", data, 1);
    await vi.waitFor(() => expect(site.proxy.deliveredTo("kept-asleep")).toBe(2), BOUND);
    site.proxy.cutAll();
    await vi.waitFor(() => expect(site.noted("link.restored", "kept-asleep")).toHaveLength(1), BOUND);
    await peer.publish("kept/asleep", "3", 1);
    await vi.waitFor(() => expect(site.proxy.deliveredTo("kept-asleep")).toBe(5), BOUND);
    await device.wake();
    await device.receives(...["1", "2", "3"].map((data) => ({ topic: "kept/asleep", data, qos: 1, retain: false })));
  });

  test("a broker that rewrites topics: the device is told the name that the message came under", async ({
    onTestFinished,
  }) => {
    const site = await start(onTestFinished, [rewrites({ ".": "/" })]);
    const device = await site.device("rewritten");
    await device.subscribe("rewritten/a.b", 1);
    const peer = await site.peer();
    await peer.publish("rewritten/a.b", "21", 1);
    await device.receives({ topic: "rewritten/a/b", data: "21", qos: 1, retain: false });
  });

  test("a broker that makes a wildcard of a topic: its message is passed over, and the next one comes", async ({
    onTestFinished,
  }) => {
    const site = await start(onTestFinished, [rewrites({ "*": "+" })]);
    const device = await site.device("starred");
    await device.subscribe("starred/#", 1);
    const peer = await site.peer();
    await peer.publish("starred/*", "nowhere", 1);
    await peer.publish("starred/a", "here", 1);
    await device.receives({ topic: "starred/a", data: "here", qos: 1, retain: false });
    expect(site.noted("delivery.dropped", "starred")).toHaveLength(1);
  });

  test("overlapping subscriptions: a message comes as often as the broker sends it", async ({ onTestFinished }) => {
    const once = await start(onTestFinished, []);
    const twice = await start(onTestFinished, [deliversOncePerFilter]);
    for (const [site, name, times] of [
      [once, "once", Mosquitto.isInstalled ? 1 : undefined],
      [twice, "twice", Mosquitto.isInstalled ? 2 : undefined],
    ] as const) {
      for (const qos of [0, 1, 2] as const) {
        const device = await site.device(`overlap-${name}-${qos}`);
        await device.subscribe(`overlap/${name}/${qos}`, qos);
        await device.subscribe(`overlap/${name}/+`, qos);
        const peer = await site.peer();
        await peer.publish(`overlap/${name}/${qos}`, "x", qos);
        await peer.publish(`overlap/${name}/${qos}`, "end", qos);
        await vi.waitFor(() => expect(device.received.at(-1)).toMatchObject({ data: "end" }), BOUND);
        const counted = device.received.filter(({ data }) => data === "x");
        if (times !== undefined) expect(counted).toHaveLength(times);
      }
    }
  });

  test("6c a broker that lets in few clients a second: devices are told congestion, and are let in by and by", async ({
    onTestFinished,
  }) => {
    const site = await start(onTestFinished, [letsInPerSecond(4)]);
    const devices = await Promise.all(
      Array.from({ length: 8 }, (_, index) => site.device(`crowd-${index}`, { ...STEADY, tWaitMs: 300 })),
    );
    for (const device of devices) await device.publish("crowd", "here", 1);
    for (const refused of site.noted("client.refused"))
      expect(refused).toMatchObject({ returnCode: RETURN_CODE.congestion });
  });

  test("a broker that ends every connection after its time: the device notices nothing, and nothing is lost", async ({
    onTestFinished,
  }) => {
    const site = await start(onTestFinished, [lasts(700)]);
    const peer = await site.peer();
    await peer.subscribe("token/up");
    const device = await site.device("token", { ...STEADY, cleanSession: false, duration: 1 });
    await device.subscribe("token/down", 1);
    const sent: string[] = [];
    for (let index = 0; index < 30; index += 1) {
      sent.push(String(index));
      await device.publish("token/up", String(index), 1);
      await peer.publish("token/down", String(index), 1);
      await vi.waitFor(() => expect(device.received.some(({ data }) => data === String(index))).toBe(true), BOUND);
    }
    const arrived = new Set(peer.received.map(({ data }) => data));
    for (const each of sent) expect(arrived).toContain(each);
  });
});
