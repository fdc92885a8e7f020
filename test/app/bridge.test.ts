import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { NoteName } from "../../src/gateway/contract.ts";
import type { SavedSession } from "../../src/gateway/saved-session.ts";
import { BridgeSite, valuesOf } from "./bridge-site.ts";

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

describe("what the gateway tells of itself", () => {
  test("begins with state and info, retained, and its health, when it has a connection", () => {
    const { bridge, published } = new BridgeSite();
    expect(published).toEqual([]);
    bridge.reachable();
    expect(published.map(({ topic, qos, retain }) => [topic, qos, retain])).toEqual([
      ["mqttsn/bridge/state", 1, true],
      ["mqttsn/bridge/info", 1, true],
      ["mqttsn/bridge/health", 0, false],
    ]);
    expect(published[0]!.content).toEqual({ state: "online" });
    expect(published[1]!.content).toMatchObject({
      version: "1.2.3",
      gateway_id: 1,
      started: "1970-01-01T00:00:00.000Z",
      listeners: ["udp://127.0.0.1:1883"],
      broker: "mqtt://broker:1883",
      log_level: "info",
      config: { clients_max: 10_000, health_interval_sec: 60 },
    });
  });

  test("has a will that says that it is gone", () => {
    const { will } = new BridgeSite({ "bridge.base_topic": "plant/north" }).bridge;
    expect(will).toMatchObject({ topic: "plant/north/bridge/state", qos: 1, retain: true });
    expect(Buffer.from(will.payload).toString()).toBe('{"state":"offline"}');
  });

  test("is without Retain and QoS where the broker is said not to have them", () => {
    const { bridge, published } = new BridgeSite({ "broker.retain": "strip", "broker.max_qos": "0" });
    bridge.reachable();
    bridge.note({ type: "note", name: "client.connected", fields: { clientId: "a" } });
    vi.advanceTimersByTime(100);
    expect(published).toHaveLength(4);
    for (const { qos, retain } of [...published, bridge.will]) expect([qos, retain]).toEqual([0, false]);
  });

  test("has no secret in it, whatever is configured", () => {
    const site = new BridgeSite({
      "broker.url": "mqtts://someone:geheim@broker.example",
      "broker.password": "geheim",
      "bridge.home_assistant": "true",
    });
    site.bridge.reachable();
    expect(site.published).toHaveLength(4);
    expect(JSON.stringify(site.published)).not.toMatch(/geheim|someone/);
  });

  test("is told again after each connection, and nothing is told without one", () => {
    const site = new BridgeSite();
    site.note("client.connected", "a");
    vi.advanceTimersByTime(300_000);
    expect(site.published).toEqual([]);
    site.bridge.reachable();
    vi.advanceTimersByTime(100);
    expect(site.news()).toEqual(["mqttsn/a/availability online"]);
    vi.advanceTimersByTime(10_000);
    site.bridge.unreachable(true);
    for (const reachable of [true, false]) site.counts.broker.reached(reachable);
    vi.advanceTimersByTime(300_000);
    expect(site.published).toEqual([]);
    site.bridge.reachable();
    vi.advanceTimersByTime(100);
    expect(site.published.map(({ topic }) => topic)).toEqual([
      "mqttsn/bridge/state",
      "mqttsn/bridge/info",
      "mqttsn/bridge/health",
      "mqttsn/a/availability",
    ]);
    expect(site.content("mqttsn/bridge/health")).toMatchObject({ mqtt: { connected: true, outages: 1 } });
  });

  test("is told as soon as there is room where the own connection takes nothing at first", () => {
    const site = new BridgeSite();
    site.room = 0;
    site.bridge.reachable();
    vi.advanceTimersByTime(1000);
    expect(site.published).toEqual([]);
    site.room = 10;
    vi.advanceTimersByTime(1000);
    expect(site.published.map(({ topic }) => topic)).toEqual(["mqttsn/bridge/state", "mqttsn/bridge/info"]);
  });

  test("is tried seldom where the own connection does not take it, and at once as before when it takes anything", () => {
    const site = new BridgeSite();
    let tries = 0;
    site.bridge.reachable();
    site.onTry = () => {
      tries += 1;
    };
    site.room = 0;
    site.note("client.connected", "a");
    vi.advanceTimersByTime(59_000);
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(15);
    site.room = Number.POSITIVE_INFINITY;
    vi.advanceTimersByTime(10_000);
    site.news();
    site.note("client.lost", "a");
    vi.advanceTimersByTime(100);
    expect(site.news()).toEqual(["mqttsn/a/availability offline"]);
  });

  test("is tried as often as ever over another connection", () => {
    const site = new BridgeSite();
    site.bridge.reachable();
    site.room = 0;
    site.note("client.connected", "a");
    vi.advanceTimersByTime(60_000);
    site.bridge.unreachable(false);
    site.bridge.reachable();
    site.room = Number.POSITIVE_INFINITY;
    vi.advanceTimersByTime(100);
    expect(site.news()).toEqual(["mqttsn/a/availability online"]);
  });

  test("is its health at each interval, with rates of the time since the last", () => {
    const site = new BridgeSite({ "bridge.health_interval": "30s" });
    Object.assign(site.states, { active: 1, asleep: 2, awake: 1, "awaiting broker": 1, lost: 1, refused: 1 });
    site.bridge.reachable();
    site.published = [];
    site.figures.published[1] += 8;
    site.figures.delivered[0] += 2;
    site.counts.in.add(Uint8Array.of(2, 0x16));
    vi.advanceTimersByTime(29_999);
    expect(site.published).toEqual([]);
    vi.advanceTimersByTime(1);
    // A broker that has noticed late that an earlier connection is dead has published the will of that one.
    expect(site.published.map(({ topic }) => topic)).toEqual(["mqttsn/bridge/state", "mqttsn/bridge/health"]);
    expect(site.content("mqttsn/bridge/health")).toMatchObject({
      process: { uptime_sec: expect.any(Number), memory_used_mb: expect.any(Number) },
      clients: { connected: 4, active: 1, asleep: 2, awake: 1, connecting: 1, disconnected: 0, lost: 1 },
      messages: { from_clients: 8, to_clients: 2, per_minute: 20, waiting: 3, waiting_bytes: 300 },
      datagrams: { received: 1, received_bytes: 2, sent: 0, sent_bytes: 0 },
    });
    vi.advanceTimersByTime(30_000);
    expect(site.content("mqttsn/bridge/health")).toMatchObject({ messages: { from_clients: 8, per_minute: 0 } });
  });

  test("is its info again when it may have changed", () => {
    const site = new BridgeSite();
    site.bridge.reachable();
    site.published = [];
    site.values = valuesOf({ "log.level": "debug" });
    site.bridge.reload();
    vi.advanceTimersByTime(100);
    expect(site.content("mqttsn/bridge/info")).toMatchObject({ log_level: "debug" });
  });

  test("is told in the log once where the broker refuses it", () => {
    const site = new BridgeSite();
    for (const topic of ["mqttsn/bridge/state", "mqttsn/bridge/info"]) {
      site.bridge.publishRefused(topic, "not authorized (0x87)");
    }
    expect(site.log).toMatchObject([{ event: "bridge.refused", topic: "mqttsn/bridge/state", level: "warn" }]);
  });

  test("ends where the broker ends the connection for it three times, with one line in the log", () => {
    const site = new BridgeSite();
    for (let count = 0; count < 5; count += 1) {
      site.bridge.reachable();
      vi.advanceTimersByTime(200);
      site.bridge.unreachable(true);
    }
    expect(site.published.filter(({ topic }) => topic === "mqttsn/bridge/state")).toHaveLength(3);
    expect(site.log.map(({ event }) => event)).toEqual(["bridge.given-up"]);
  });

  test("goes on where connections are short because nobody can be reached, or not in succession", () => {
    const site = new BridgeSite();
    for (const [byBroker, lastedMs] of [
      [true, 1],
      [true, 1],
      [false, 1],
      [true, 1],
      [true, 1],
      [true, 6000],
      [true, 1],
    ] as const) {
      site.bridge.reachable();
      vi.advanceTimersByTime(lastedMs);
      site.bridge.unreachable(byBroker);
    }
    site.published = [];
    site.bridge.reachable();
    expect(site.published).toHaveLength(3);
  });
});

describe("the availability of clients", () => {
  test.each<[NoteName, string]>([
    ["client.connected", "online"],
    ["client.asleep", "online"],
    ["client.awake", "online"],
    ["client.resumed", "online"],
    ["client.lost", "offline"],
    ["client.disconnected", "offline"],
    ["client.taken-over", "offline"],
    ["session.failed", "offline"],
  ])("after %s is %s", (name, availability) => {
    const site = new BridgeSite();
    site.bridge.reachable();
    site.note(name, "hall/door");
    vi.advanceTimersByTime(100);
    expect(site.published.at(-1)).toEqual({
      topic: "mqttsn/hall/door/availability",
      content: { state: availability },
      qos: 1,
      retain: true,
    });
  });

  test.each<NoteName>(["client.refused", "setup.abandoned"])(
    "after %s is offline where the client was there before and its session does not go on",
    (name) => {
      const site = new BridgeSite();
      site.bridge.reachable();
      for (const clientId of ["gone", "forgotten", "goes on"]) site.note("client.connected", clientId);
      vi.advanceTimersByTime(100);
      site.news();
      site.clients.set("gone", "disconnected").set("goes on", "active");
      for (const clientId of ["gone", "forgotten", "goes on", "stranger"]) site.note(name, clientId);
      site.bridge.note({ type: "note", name, fields: { reason: "the client id is longer than allowed" } });
      vi.advanceTimersByTime(100);
      expect(site.news()).toEqual(["mqttsn/gone/availability offline", "mqttsn/forgotten/availability offline"]);
    },
  );

  test("after a restart is what became of the session", () => {
    const site = new BridgeSite();
    const sessions = ["back", "asleep", "stored", "dropped"].map((clientId) => ({ clientId }) as SavedSession);
    const states: Record<string, SavedSession["state"]> = { back: "active", asleep: "asleep", stored: "disconnected" };
    site.bridge.restored(sessions, (clientId) =>
      states[clientId] === undefined ? undefined : ({ clientId, state: states[clientId] } as SavedSession),
    );
    site.bridge.reachable();
    vi.advanceTimersByTime(100);
    expect(site.news()).toEqual([
      "mqttsn/back/availability online",
      "mqttsn/asleep/availability online",
      "mqttsn/stored/availability offline",
      "mqttsn/dropped/availability offline",
    ]);
  });

  test("of ten thousand that connect at once is told at 200 a second", () => {
    const site = new BridgeSite();
    site.bridge.reachable();
    for (let i = 0; i < 10_000; i += 1) site.note("client.connected", `c${i}`);
    site.news();
    vi.advanceTimersByTime(1000);
    expect(site.news()).toHaveLength(200);
    // Who goes meanwhile is not told of as being there.
    site.note("client.lost", "c9999");
    vi.advanceTimersByTime(49_000);
    const rest = site.news();
    expect(rest).toHaveLength(9800);
    expect(rest.filter((line) => line.startsWith("mqttsn/c9999/"))).toEqual(["mqttsn/c9999/availability offline"]);
    expect(vi.getTimerCount()).toBe(1);
  });

  test("is not told where it is switched off", () => {
    const site = new BridgeSite({ "bridge.availability": "false" });
    site.bridge.reachable();
    site.note("client.connected", "a");
    site.note("client.forgotten", "a");
    vi.advanceTimersByTime(1000);
    expect(site.news()).toEqual([]);
  });

  test("of an id that cannot stand in a topic is left out, which is said once", () => {
    const site = new BridgeSite();
    site.bridge.reachable();
    for (const clientId of ["a+b", "#", "a\u0000b", "good"]) site.note("client.connected", clientId);
    vi.advanceTimersByTime(1000);
    expect(site.news()).toEqual(["mqttsn/good/availability online"]);
    expect(site.log).toMatchObject([{ event: "bridge.client-unnamed", level: "warn", clientId: "a+b" }]);
  });

  test("of an id for which the broker would close the connection is left out", () => {
    const site = new BridgeSite({ "broker.profile": "nats" });
    site.bridge.reachable();
    for (const clientId of ["hall.door", "hall door", "hall-door"]) site.note("client.connected", clientId);
    vi.advanceTimersByTime(1000);
    expect(site.news()).toEqual(["mqttsn/hall-door/availability online"]);
  });

  test("is taken back of a client that was sent away for good, and stays of one that is forgotten for want of room", () => {
    const site = new BridgeSite();
    site.bridge.reachable();
    for (const clientId of ["sent", "old"]) site.note("client.disconnected", clientId);
    vi.advanceTimersByTime(100);
    site.news();
    site.note("client.forgotten", "sent", { reason: "sent away" });
    site.note("client.forgotten", "old", { limit: "clients.max" });
    vi.advanceTimersByTime(100);
    expect(site.published).toEqual([{ topic: "mqttsn/sent/availability", content: "", qos: 1, retain: true }]);
  });

  test("is not taken back where the broker retains nothing", () => {
    const site = new BridgeSite({ "broker.retain": "strip" });
    site.bridge.reachable();
    site.note("client.disconnected", "a");
    vi.advanceTimersByTime(100);
    site.news();
    site.note("client.forgotten", "a", { reason: "sent away" });
    vi.advanceTimersByTime(1000);
    expect(site.news()).toEqual([]);
  });
});

describe("at the end", () => {
  test("offline is told first, then of the clients that are gone by it, within the time that there is", async () => {
    const site = new BridgeSite();
    site.bridge.reachable();
    for (let i = 0; i < 1000; i += 1) site.note("client.disconnected", `c${i}`);
    site.published = [];
    const stopped = site.bridge.stop(800);
    expect(site.published[0]).toEqual({
      topic: "mqttsn/bridge/state",
      content: { state: "offline" },
      qos: 1,
      retain: true,
    });
    await vi.advanceTimersByTimeAsync(100);
    await stopped;
    expect(site.news()).toHaveLength(1000);
    vi.advanceTimersByTime(300_000);
    expect(site.published).toEqual([]);
  });

  test("it does not wait longer for a connection that takes nothing", async () => {
    const site = new BridgeSite();
    site.bridge.reachable();
    site.note("client.disconnected", "a");
    site.room = 0;
    let isStopped = false;
    void site.bridge.stop(800).then(() => {
      isStopped = true;
    });
    await vi.advanceTimersByTimeAsync(700);
    expect(isStopped).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect(isStopped).toBe(true);
  });

  test("nothing is told without a connection", async () => {
    const site = new BridgeSite();
    site.note("client.connected", "a");
    await site.bridge.stop(800);
    expect(site.published).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
