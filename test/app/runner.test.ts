import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Core, Runner, type RunnerLink, type Surroundings } from "../../src/app/runner.ts";
import type { Effect, GatewayEvent, Instant, LinkConnect, LinkId, Note } from "../../src/gateway/contract.ts";
import { DEFAULT_SETTINGS } from "../../src/gateway/settings.ts";

/** A core whose answers are written by the test; it records what it was told, and when. */
class ScriptedCore implements Core {
  deadline: Instant = Number.POSITIVE_INFINITY;
  readonly seen: { event: GatewayEvent; now: Instant }[] = [];
  answer: (event: GatewayEvent, now: Instant) => Effect[] = () => [];

  handle(event: GatewayEvent, now: Instant): Effect[] {
    this.seen.push({ event, now });
    return this.answer(event, now);
  }

  get types(): string[] {
    return this.seen.map(({ event }) => event.type);
  }
}

class RecordedLink implements RunnerLink {
  readonly calls: unknown[] = [];
  readonly emit: (event: GatewayEvent) => void;
  constructor(emit: (event: GatewayEvent) => void) {
    this.emit = emit;
  }
  write = (packet: unknown) => this.calls.push(["write", packet]);
  probe = () => this.calls.push(["probe"]);
  pause = () => this.calls.push(["pause"]);
  resume = () => this.calls.push(["resume"]);
  close = (disconnect: boolean) => this.calls.push(["close", disconnect]);
}

const CONNECT: LinkConnect = { clientId: "d1", cleanSession: true, will: undefined };
const OPEN: Effect = { type: "open", link: 1, connect: CONNECT };
const NOTE: Note = { type: "note", name: "client.connected", fields: { clientId: "d1" } };

function setUp(trace?: Surroundings["trace"]) {
  const core = new ScriptedCore();
  const performed: unknown[] = [];
  const links = new Map<LinkId, RecordedLink>();
  const runner = new Runner(core, {
    send: (to, data) => performed.push(["send", to, [...data]]),
    broadcast: (near, radius, data) => performed.push(["broadcast", near, radius, [...data]]),
    publish: (topic, payload, retain) => performed.push(["publish", topic, [...payload], retain]),
    openLink: (id, _connect, emit) => {
      const link = new RecordedLink(emit);
      links.set(id, link);
      performed.push(["open", id]);
      return link;
    },
    linkOpened: () => performed.push(["link opened"]),
    note: ({ name }) => performed.push(["note", name]),
    save: (clientId) => performed.push(["save", clientId]),
    stalled: (stalledMs) => performed.push(["stalled", stalledMs]),
    trace,
    failed: (error) => performed.push(["failed", (error as Error).message]),
  });
  return { core, runner, performed, links };
}

const DATAGRAM = Uint8Array.of(2, 0x16);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("effects", () => {
  test("are performed in their order", () => {
    const { core, runner, performed } = setUp();
    core.answer = () => [
      { type: "send", to: "a", data: Uint8Array.of(1) },
      NOTE,
      OPEN,
      { type: "send", to: "b", data: Uint8Array.of(2) },
    ];
    runner.datagram("a", DATAGRAM);
    expect(core.seen[0]!.event).toEqual({ type: "datagram", from: "a", data: DATAGRAM });
    expect(performed).toEqual([
      ["send", "a", [1]],
      ["note", "client.connected"],
      ["open", 1],
      ["send", "b", [2]],
    ]);
  });

  test("for a link reach that link, and those for one that is gone reach nobody", () => {
    const { core, runner, links } = setUp();
    const packet = { cmd: "puback", messageId: 7 } as const;
    const effects: Effect[] = [
      { type: "write", link: 1, packet },
      { type: "probe", link: 1 },
      { type: "pause", link: 1 },
      { type: "resume", link: 1 },
      { type: "close", link: 1, disconnect: true },
    ];
    core.answer = () => [OPEN, ...effects, ...effects.map((effect) => ({ ...effect, link: 99 }) as Effect)];
    runner.datagram("a", DATAGRAM);
    const calls = [["write", packet], ["probe"], ["pause"], ["resume"], ["close", true]];
    expect(links.get(1)!.calls).toEqual(calls);

    core.answer = () => [];
    links.get(1)!.emit({ type: "link-closed", link: 1, reason: "test" });
    core.answer = () => effects;
    runner.datagram("a", DATAGRAM);
    expect(links.get(1)!.calls).toEqual(calls);
  });

  test("to the discovery groups and to the gateway's own client are performed with all that they say", () => {
    const { core, runner, performed } = setUp();
    core.answer = () => [
      { type: "broadcast", near: "a", radius: 3, data: Uint8Array.of(1) },
      { type: "broadcast", near: undefined, radius: 0, data: Uint8Array.of(2) },
      { type: "publish", topic: "t", payload: Uint8Array.of(3), retain: true },
    ];
    runner.datagram("a", DATAGRAM);
    expect(performed).toEqual([
      ["broadcast", "a", 3, [1]],
      ["broadcast", undefined, 0, [2]],
      ["publish", "t", [3], true],
    ]);
  });

  test("that make events at once do not enter the core twice: the event waits", () => {
    const { core, runner, links, performed } = setUp();
    core.answer = (event) => (event.type === "datagram" ? [OPEN, { type: "probe", link: 1 }, NOTE] : []);
    const openLink = vi.spyOn(links, "set").mockImplementation((id, link) => {
      link.probe = () => {
        link.emit({ type: "link-probed", link: id });
        expect(core.types).toEqual(["datagram"]);
        return 0;
      };
      return links;
    });
    runner.datagram("a", DATAGRAM);
    expect(openLink).toHaveBeenCalled();
    expect(core.types).toEqual(["datagram", "link-probed"]);
    expect(performed.at(-1)).toEqual(["note", "client.connected"]);
  });

  test("a message that waits keeps its octets, though they are written over meanwhile", () => {
    const { core, runner, links } = setUp();
    const payload = Buffer.from("21.5");
    const seen: string[] = [];
    core.answer = (event) => {
      if (event.type === "datagram") return [OPEN, { type: "probe", link: 1 }];
      if (event.type === "packet" && event.packet.cmd === "publish")
        seen.push(String.fromCharCode(...event.packet.payload));
      return [];
    };
    vi.spyOn(links, "set").mockImplementation((id, link) => {
      link.probe = () => {
        const packet = {
          cmd: "publish" as const,
          topic: "a",
          payload,
          qos: 0 as const,
          retain: false,
          dup: false,
          messageId: 0,
        };
        link.emit({ type: "packet", link: id, packet });
        return payload.fill(0).length;
      };
      return links;
    });
    runner.datagram("a", DATAGRAM);
    expect(seen).toEqual(["21.5"]);
  });
});

test("an open link is told, and the end of one is not", () => {
  const { core, runner, links, performed } = setUp();
  core.answer = (event) => (event.type === "datagram" ? [OPEN] : []);
  runner.datagram("a", DATAGRAM);
  links.get(1)!.emit({ type: "link-opened", link: 1, sessionPresent: false });
  links.get(1)!.emit({ type: "link-closed", link: 1, reason: "test" });
  expect(performed).toEqual([["open", 1], ["link opened"]]);
  expect(core.types).toEqual(["datagram", "link-opened", "link-closed"]);
});

test("what the broker does not do is told to the core with the broker", () => {
  const { core, runner } = setUp();
  const limits = { receiveMax: 20, maxQos: 1, retains: false, packetOctetsMax: 1000 } as const;
  runner.brokerReachable(true, limits);
  expect(core.seen[0]!.event).toEqual({ type: "broker-reachable", reachable: true, limits });
  // A connection that has taken the place of another one may have been told something else.
  runner.brokerReachable(true, { ...limits, maxQos: 2 });
  expect(core.seen[1]!.event).toMatchObject({ type: "broker-reachable", limits: { maxQos: 2 } });
});

test("other settings are told to the core, but not after the end", async () => {
  const { core, runner } = setUp();
  runner.reload(DEFAULT_SETTINGS);
  expect(core.seen[0]!.event).toEqual({ type: "reload", settings: DEFAULT_SETTINGS });
  await runner.stop(1000);
  runner.reload(DEFAULT_SETTINGS);
  expect(core.types).toEqual(["reload", "stop"]);
});

test("D1 the core is told whether the broker can be reached, at each change", () => {
  const { core, runner } = setUp();
  for (const reachable of [false, true, true, false, false, true]) runner.brokerReachable(reachable);
  const told = core.seen.map(({ event }) => (event.type === "broker-reachable" ? event.reachable : event.type));
  expect(told).toEqual([true, false, true]);
});

describe("the deadline", () => {
  test("is kept", async () => {
    const { core, runner } = setUp();
    core.answer = (event) => {
      core.deadline = event.type === "deadline" ? Number.POSITIVE_INFINITY : performance.now() + 10_000;
      return [];
    };
    runner.datagram("a", DATAGRAM);
    await vi.advanceTimersByTimeAsync(9999);
    expect(core.types).toEqual(["datagram"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(core.types).toEqual(["datagram", "deadline"]);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(core.types).toEqual(["datagram", "deadline"]);
    // Its own heartbeat.
    expect(vi.getTimerCount()).toBe(1);
  });

  test("that comes nearer is kept, and one that moves away wakes nobody", async () => {
    const { core, runner } = setUp();
    const start = performance.now();
    const deadlines = [start + 10_000, start + 5000, start + 20_000];
    core.answer = (event) => {
      core.deadline = event.type === "deadline" ? Number.POSITIVE_INFINITY : deadlines.shift()!;
      return [];
    };
    runner.datagram("a", DATAGRAM);
    runner.datagram("a", DATAGRAM);
    runner.datagram("a", DATAGRAM);
    await vi.advanceTimersByTimeAsync(19_999);
    expect(core.types).not.toContain("deadline");
    await vi.advanceTimersByTimeAsync(1);
    expect(core.seen.at(-1)).toEqual({ event: { type: "deadline" }, now: start + 20_000 });
  });

  test("is not set anew for every event", () => {
    const { core, runner } = setUp();
    const setTimer = vi.spyOn(globalThis, "setTimeout");
    core.deadline = performance.now() + 1000;
    for (let count = 0; count < 100; count += 1) {
      core.deadline += 10;
      runner.datagram("a", DATAGRAM);
    }
    expect(setTimer).toHaveBeenCalledTimes(1);
  });

  test("may be farther away than a timer of Node can wait", () => {
    const { core, runner } = setUp();
    const day = 86_400_000;
    core.deadline = performance.now() + 26 * day;
    runner.datagram("a", DATAGRAM);
    core.answer = (event) => {
      if (event.type === "deadline") core.deadline = Number.POSITIVE_INFINITY;
      return [];
    };
    vi.advanceTimersByTime(26 * day - 1);
    expect(core.types).toEqual(["datagram"]);
    vi.advanceTimersByTime(1);
    expect(core.types).toEqual(["datagram", "deadline"]);
  });
});

describe("stopping", () => {
  test("tells the core, and is done when the last link has closed", async () => {
    const { core, runner, links } = setUp();
    core.answer = (event) => {
      if (event.type === "datagram") return [OPEN, { ...OPEN, link: 2 }];
      return event.type === "stop" ? [{ type: "close", link: 1, disconnect: true }] : [];
    };
    runner.datagram("a", DATAGRAM);
    const stopped = vi.fn();
    const stopping = runner.stop(2000).then(stopped);
    expect(links.get(1)!.calls).toEqual([["close", true]]);
    links.get(1)!.emit({ type: "link-closed", link: 1, reason: "test" });
    await vi.advanceTimersByTimeAsync(10);
    expect(stopped).not.toHaveBeenCalled();
    links.get(2)!.emit({ type: "link-refused", link: 2, returnCode: 5 });
    await stopping;
    expect(core.types).toEqual(["datagram", "stop", "link-closed", "link-refused"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("closes hard what has not closed within the bound", async () => {
    const { core, runner, links } = setUp();
    core.answer = (event) => (event.type === "datagram" ? [OPEN] : []);
    runner.datagram("a", DATAGRAM);
    const stopping = runner.stop(2000);
    await vi.advanceTimersByTimeAsync(2000);
    await stopping;
    expect(links.get(1)!.calls).toEqual([["close", false]]);
  });

  test("ends the taking of datagrams at once, and the timer in the end", async () => {
    const { core, runner, links } = setUp();
    core.answer = (event) => (event.type === "datagram" ? [OPEN] : []);
    runner.datagram("a", DATAGRAM);
    core.seen.length = 0;
    core.deadline = performance.now() + 1000;
    const stopping = runner.stop(2000);
    runner.datagram("a", DATAGRAM);
    links.get(1)!.emit({ type: "link-closed", link: 1, reason: "test" });
    await stopping;
    runner.datagram("a", DATAGRAM);
    await vi.advanceTimersByTimeAsync(5000);
    expect(core.types).toEqual(["stop", "link-closed"]);
  });
});

test("a core that throws is told once, and then nothing is done any more", async () => {
  const { core, runner, performed } = setUp();
  core.deadline = performance.now() + 1000;
  core.answer = () => {
    throw new Error("broken");
  };
  runner.datagram("a", DATAGRAM);
  runner.datagram("a", DATAGRAM);
  await vi.advanceTimersByTimeAsync(5000);
  expect(performed).toEqual([["failed", "broken"]]);
  expect(core.types).toEqual(["datagram"]);
  await runner.stop(2000);
});

test("a trace sees every datagram, in and out", () => {
  const traced: unknown[] = [];
  const { core, runner } = setUp((direction, address, data) => traced.push([direction, address, [...data]]));
  core.answer = () => [
    { type: "send", to: "b", data: Uint8Array.of(2, 0x17) },
    { type: "broadcast", near: "a", radius: 1, data: Uint8Array.of(3, 2, 1) },
  ];
  runner.datagram("a", DATAGRAM);
  expect(traced).toEqual([
    ["in", "a", [2, 0x16]],
    ["out", "b", [2, 0x17]],
    ["out to groups", "a", [3, 2, 1]],
  ]);
});

describe("what survives a restart", () => {
  test("is told to the core before anything else, and that it is safe when it is", () => {
    const { core, runner } = setUp();
    const saved = { sessions: [], lastTopicId: 7 };
    runner.restore(saved);
    runner.datagram("a", DATAGRAM);
    runner.saved();
    expect(core.types).toEqual(["restore", "datagram", "saved"]);
    expect(core.seen[0]!.event).toEqual({ type: "restore", saved });
  });

  test("has changed: it is told for whom", () => {
    const { core, runner, performed } = setUp();
    core.answer = () => [{ type: "save", clientId: "d1" }, NOTE];
    runner.datagram("a", DATAGRAM);
    expect(performed).toEqual([
      ["save", "d1"],
      ["note", "client.connected"],
    ]);
  });
});

test("a gateway that did not come to be closes its links with DISCONNECT, so that no will fires, and tells the core nothing", () => {
  const { core, runner, links } = setUp();
  core.answer = () => [OPEN];
  runner.datagram("a", DATAGRAM);
  runner.abandon();
  expect(links.get(1)!.calls).toEqual([["close", true]]);
  runner.datagram("a", DATAGRAM);
  expect(core.types).toEqual(["datagram"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("after a failure elsewhere nothing is done any more", () => {
  const { core, runner, links } = setUp();
  core.deadline = performance.now() + 1000;
  core.answer = () => [OPEN];
  runner.datagram("a", DATAGRAM);
  runner.fail();
  runner.datagram("a", DATAGRAM);
  vi.advanceTimersByTime(5000);
  expect(core.types).toEqual(["datagram"]);
  expect(links.get(1)!.calls).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
