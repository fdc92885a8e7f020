/** The core in its runner, over long times, with a clock that is set meanwhile. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Runner, type RunnerLink } from "../../src/app/runner.ts";
import type { GatewayEvent, LinkId, Note } from "../../src/gateway/contract.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { DEFAULT_SETTINGS } from "../../src/gateway/settings.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";

const HOUR_MS = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A broker that accepts everybody, and answers pings. */
function linkOf(link: LinkId, emit: (event: GatewayEvent) => void): RunnerLink {
  setTimeout(() => emit({ type: "link-opened", link, sessionPresent: false }), 1);
  return {
    write: () => undefined,
    probe: () => void setTimeout(() => emit({ type: "link-probed", link }), 1),
    pause: () => undefined,
    resume: () => undefined,
    close: () => void setTimeout(() => emit({ type: "link-closed", link, reason: "closed" }), 1),
  };
}

function setUp() {
  const sent: string[] = [];
  const notes: Note[] = [];
  let pausedMs = 0;
  let closeLink = () => {};
  const running = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => running() + pausedMs);
  const runner = new Runner(new Gateway({ ...DEFAULT_SETTINGS, discovery: false }, 1), {
    send: (_to, data) => sent.push(decode(data).type),
    broadcast: () => undefined,
    publish: () => undefined,
    openLink: (link, _connect, emit) => {
      closeLink = () => emit({ type: "link-closed", link, reason: "end", byBroker: true });
      return linkOf(link, emit);
    },
    linkOpened: () => undefined,
    note: (note) => notes.push(note),
    save: undefined,
    stalled: () => undefined,
    trace: undefined,
    failed: (error) => {
      throw error;
    },
  });
  return {
    sent,
    say: (message: Message) => runner.datagram("10.0.0.1:1", encode(message)),
    brokerReachable: () => runner.brokerReachable(true),
    /** The broker ends the connection. */
    brokerCloses: () => closeLink(),
    noted: (name: Note["name"]) => notes.filter((note) => note.name === name).length,
    /** The process is stopped for so long. */
    pause: (ms: number) => {
      pausedMs += ms;
    },
  };
}

const CONNECT: Message = {
  type: "CONNECT",
  will: false,
  cleanSession: true,
  protocolId: 1,
  duration: 60,
  clientId: "d1",
};

test("Z2 a client may sleep for 18 hours, whatever becomes of the time of day meanwhile, and is lost when it stays away for a tenth longer", () => {
  const { say, sent, noted } = setUp();
  say(CONNECT);
  vi.advanceTimersByTime(10);
  say({ type: "DISCONNECT", duration: 64_800 });
  expect(sent).toEqual(["CONNACK", "DISCONNECT"]);

  for (const time of ["2050-06-01", "1980-01-01"]) {
    vi.setSystemTime(new Date(time));
    vi.advanceTimersByTime(9 * HOUR_MS);
  }
  say({ type: "PINGREQ", clientId: "d1" });
  vi.advanceTimersByTime(3000);
  expect(sent.at(-1)).toBe("PINGRESP");

  vi.advanceTimersByTime(19.7 * HOUR_MS);
  expect(noted("client.lost")).toBe(0);
  vi.advanceTimersByTime(0.2 * HOUR_MS);
  expect(noted("client.lost")).toBe(1);
});

test("K3 a client is not lost for a time in which the gateway did not run, and is lost the later by it", () => {
  const { say, noted, pause } = setUp();
  say(CONNECT);
  vi.advanceTimersByTime(50_000);
  say({ type: "PINGREQ", clientId: null });
  pause(3 * HOUR_MS);
  vi.advanceTimersByTime(85_000);
  expect(noted("client.lost")).toBe(0);
  vi.advanceTimersByTime(10_000);
  expect(noted("client.lost")).toBe(1);
});

test.each([
  ["the gateway did not run, and the broker gave up the connection: it is made anew", 90_000, 0],
  ["it did, and another one has the client: its session ends", 0, 1],
])("C14 %s", (_, pausedMs, takenOver) => {
  const { say, noted, pause, brokerReachable, brokerCloses } = setUp();
  brokerReachable();
  say(CONNECT);
  vi.advanceTimersByTime(10_000);
  pause(pausedMs);
  brokerCloses();
  vi.advanceTimersByTime(3000);
  expect(noted("client.taken-over")).toBe(takenOver);
  expect(noted("link.restored")).toBe(1 - takenOver);
});
