import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { LogLevel } from "../../src/app/configuration/log-level.ts";
import { reportListener } from "../../src/app/log/listener-report.ts";
import { Log } from "../../src/app/log/log.ts";
import { NoteLog } from "../../src/app/log/note-log.ts";
import { reportOpenFiles } from "../../src/app/log/open-files-report.ts";
import { openFilesMaxIn } from "../../src/app/open-files-max.ts";
import { messageTrace } from "../../src/app/trace/message-trace.ts";
import type { WhereIs } from "../../src/app/where-is.ts";
import type { Note, NoteName } from "../../src/gateway/contract.ts";

function collect(level: LogLevel, format: "json" | "pretty" = "json") {
  const lines: string[] = [];
  const log = new Log({ level, format, colour: false }, { write: (line: string) => void lines.push(line) });
  const objects = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, lines, objects };
}

function note(name: NoteName, fields: Note["fields"] = {}): Note {
  return { type: "note", name, fields };
}

const plain: WhereIs = (address) => ({ address });

/** Of two listeners. */
const atSecond: WhereIs = (address) => ({ address: address.slice(2), listener: "udp://[::]:1883" });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a line", () => {
  test("in JSON has a level, a time, the event's name and its fields", () => {
    const { log, objects } = collect("info");
    log.at("info", "client.connected", { clientId: "d1", address: "127.0.0.1:5000", nothing: undefined });
    expect(objects()).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/Z$/),
        event: "client.connected",
        clientId: "d1",
        address: "127.0.0.1:5000",
      },
    ]);
  });

  test("for people is the message where there is one, else the event and its fields", () => {
    const { log, lines } = collect("info", "pretty");
    log.at("info", "client.connected", { clientId: "d 1", address: "127.0.0.1:5000" });
    log.warn("broker.unreachable", { url: "x" }, "the broker cannot be reached");
    expect(lines[0]).toMatch(/^\[..:..:..\....\] INFO: client.connected clientId="d 1" address=127.0.0.1:5000\n$/);
    expect(lines[1]).toMatch(/ WARN: the broker cannot be reached\n$/);
  });

  test("cannot be forged by what a stranger sends", () => {
    const { log, lines } = collect("info", "pretty");
    log.at("info", "client.connected", { clientId: "d1\n[00:00:00.000] INFO: all is well\u001b[2J\u009b2J\u202e" });
    expect(lines.join("").split("\n")).toHaveLength(2);
    expect(lines.join("")).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });
});

describe("notes", () => {
  test("are printed with the level of their name", () => {
    const { log, objects } = collect("info");
    const notes = new NoteLog(log, plain);
    notes.print(note("client.connected", { clientId: "d1" }), 0);
    notes.print(note("client.awake", { clientId: "d1" }), 0);
    notes.print(note("client.lost", { clientId: "d1", reason: "silence" }), 0);
    expect(objects().map(({ level, event }) => [level, event])).toEqual([
      ["info", "client.connected"],
      ["warn", "client.lost"],
    ]);
  });

  test("of a broker connection that another note tells of too are not told twice", () => {
    const { log, objects } = collect("info");
    const notes = new NoteLog(log, plain);
    notes.print(note("link.closed", { state: "awaiting broker", reason: "x" }), 0);
    notes.print(note("link.refused", { brokerReturnCode: 5 }), 0);
    notes.print(note("client.refused", { clientId: "d1", reason: "x" }), 0);
    notes.print(note("link.closed", { state: "asleep", reason: "y" }), 0);
    expect(objects().map(({ level, event, reason }) => [level, event, reason])).toEqual([
      ["warn", "client.refused", "x"],
      ["info", "link.closed", "y"],
    ]);
  });

  test("say in words what the broker has answered", () => {
    const { log, lines } = collect("info", "pretty");
    const notes = new NoteLog(log, plain);
    notes.print(note("publish.refused", { topic: "a/b", brokerReasonCode: 0x87 }), 0);
    notes.print(note("subscribe.refused", { brokerReasonCode: undefined }), 0);
    expect(lines[0]).toMatch(/publish\.refused topic=a\/b brokerReason="not authorized \(0x87\)"\n$/);
    expect(lines[1]).not.toContain("brokerReason=");
  });

  test("say in words why a request was refused, where nothing but the return code says it", () => {
    const { log, objects } = collect("info");
    const notes = new NoteLog(log, plain);
    notes.print(note("publish.refused", { topicId: 99, returnCode: 2 }), 0);
    notes.print(note("client.refused", { returnCode: 1, reason: "clients.max is reached" }), 0);
    notes.print(note("publish.refused", { returnCode: 3, brokerReasonCode: 0x87 }), 0);
    expect(objects().map(({ returnCode, reason }) => [returnCode, reason])).toEqual([
      [2, "invalid topic id (0x02)"],
      [1, "clients.max is reached"],
      [3, undefined],
    ]);
  });

  test("name the listener where there are several", () => {
    const { log, objects } = collect("info");
    new NoteLog(log, atSecond).print(note("client.connected", { clientId: "d1", address: "2|[::1]:5000" }), 0);
    expect(objects()).toMatchObject([{ clientId: "d1", address: "[::1]:5000", listener: "udp://[::]:1883" }]);
  });

  test("of a flood are bounded, and the rest is counted", async () => {
    const { log, objects } = collect("debug");
    const notes = new NoteLog(log, plain);
    for (let count = 0; count < 1000; count += 1)
      notes.print(note("datagram.dropped", { reason: "length" }), count / 10);
    expect(objects()).toHaveLength(5);
    await vi.advanceTimersByTimeAsync(1000);
    expect(objects()).toHaveLength(6);
    expect(objects().at(-1)).toMatchObject({ event: "log.omitted", of: "datagram.dropped", count: 995 });
    notes.print(note("datagram.dropped"), 1100);
    expect(objects().at(-1)).toMatchObject({ event: "datagram.dropped" });
    await vi.advanceTimersByTimeAsync(5000);
    expect(objects()).toHaveLength(7);
  });

  test("are short, however long the names are that strangers choose", () => {
    const { log, lines, objects } = collect("info");
    const notes = new NoteLog(log, plain);
    notes.print(note("client.refused", { clientId: "x".repeat(60_000), reason: "the client id is too long" }), 0);
    expect(lines.join("").length).toBeLessThan(1000);
    expect(objects()).toMatchObject([{ clientId: `${"x".repeat(512)}…`, reason: "the client id is too long" }]);
    notes.print(note("session.failed", { error: "at ".repeat(1000) }), 0);
    expect(objects().at(-1)).toMatchObject({ error: "at ".repeat(1000) });
  });

  test("of one name do not use up the lines of another", () => {
    const { log, objects } = collect("debug");
    const notes = new NoteLog(log, plain);
    for (let count = 0; count < 1000; count += 1) notes.print(note("datagram.dropped"), 0);
    notes.print(note("client.connected"), 0);
    expect(objects().at(-1)).toMatchObject({ event: "client.connected" });
  });
});

describe("a trace", () => {
  test("says every message in words, on one line", () => {
    const { log, objects } = collect("trace");
    const trace = messageTrace(log, plain)!;
    trace("in", "127.0.0.1:5000", Buffer.from("0a0400010003c06431 00".replaceAll(" ", ""), "hex"));
    trace("out", "127.0.0.1:5000", Uint8Array.of(3, 5, 0));
    expect(objects()).toMatchObject([
      { level: "trace", event: "message.in", address: "127.0.0.1:5000", message: expect.any(String) },
      { level: "trace", event: "message.out", message: "CONNACK accepted" },
    ]);
  });

  test("names the listener where there are several", () => {
    const { log, lines } = collect("trace", "pretty");
    messageTrace(log, atSecond)!("in", "2|[::1]:5000", Uint8Array.of(2, 0x16));
    expect(lines[0]).toContain("← [::1]:5000 (udp://[::]:1883) PINGREQ");
  });

  test("says what goes to the discovery groups, of one listener or of all", () => {
    const { log, objects } = collect("trace");
    const trace = messageTrace(log, atSecond)!;
    trace("out to groups", "2|[::1]:5000", Uint8Array.of(3, 2, 1));
    trace("out to groups", undefined, Uint8Array.of(3, 2, 1));
    expect(objects()).toMatchObject([
      { event: "message.out", address: "groups", listener: "udp://[::]:1883", message: "GWINFO GwId 1" },
      { event: "message.out", address: "groups", message: "GWINFO GwId 1" },
    ]);
    expect(objects()[1]).not.toHaveProperty("listener");
  });

  test("has so many lines a second, and says what was left out", () => {
    const { log, objects } = collect("trace");
    let now = 0;
    const trace = messageTrace(log, plain, () => now)!;
    for (let count = 0; count < 2500; count += 1) trace("in", "127.0.0.1:5000", Uint8Array.of(2, 0x16));
    expect(objects()).toHaveLength(2000);
    now = 1000;
    trace("in", "127.0.0.1:5000", Uint8Array.of(2, 0x16));
    expect(objects()).toHaveLength(2002);
    expect(objects()[2000]).toMatchObject({ event: "log.omitted", of: "messages", count: 500 });
  });

  test("does nothing, not even look, at any other level", () => {
    expect(messageTrace(collect("debug").log, plain)).toBeUndefined();
  });
});

describe("a listener", () => {
  function reported(receiveBufferOctets: number) {
    const { log, objects } = collect("info");
    reportListener({ localAddress: "udp://127.0.0.1:1883", receiveBufferOctets }, log);
    return objects().map(({ level, event, msg }) => [level, event, msg]);
  }

  test("with the receive buffer that was asked for is simply told", () => {
    const message = "MQTT-SN clients come in at udp://127.0.0.1:1883 (receive buffer 4 MiB)";
    expect(reported(4 * 1024 * 1024)).toEqual([["info", "listener.started", message]]);
  });

  test("with the system's usual receive buffer comes with a hint", () => {
    expect(reported(212_992)[1]).toEqual(["info", "listener.buffer", expect.stringContaining("rmem_max=4194304")]);
  });

  test("with less than the usual receive buffer comes with a warning and the remedy", () => {
    expect(reported(65_536)[1]).toEqual([
      "warn",
      "listener.buffer",
      expect.stringMatching(/only 64 KiB.*rmem_max=4194304/),
    ]);
  });
});

describe("the limit of open files", () => {
  function reported(clientsMax: number, filesMax: number | undefined, brokerUrl = "mqtt://broker") {
    const { log, objects } = collect("info");
    reportOpenFiles({ "broker.url": brokerUrl, "clients.max": clientsMax }, filesMax, log);
    return objects().map(({ level, event, msg }) => [level, event, msg]);
  }

  test("below what all clients need comes with a warning, how many find room, and the remedy", () => {
    expect(reported(10_000, 4096)).toEqual([
      ["warn", "gateway.open-files", expect.stringMatching(/4096 files.*some 3996 clients.*LimitNOFILE.*10100/)],
    ]);
    expect(reported(10_000, 50)[0]![2]).toMatch(/some 0 clients/);
  });

  test("that has room for all clients, and not for a hundred other files, comes with it too", () => {
    expect(reported(10_000, 10_050)[0]![2]).toMatch(/10050 files.*some 9950 clients.*10100/);
    expect(reported(10_000, 10_099)).toHaveLength(1);
  });

  test("is not told of where the broker is inside the gateway: nobody takes a file there", () => {
    expect(reported(10_000, 50, "embedded:")).toEqual([]);
  });

  test("that is enough, or that nobody knows, is not told of", () => {
    expect(reported(10_000, 10_100)).toEqual([]);
    expect(reported(10_000, Number.POSITIVE_INFINITY)).toEqual([]);
    expect(reported(10_000, undefined)).toEqual([]);
  });

  test("is the one that holds, not the one that it could be raised to, and may be none", () => {
    const text = (soft: string) => `Max processes 1 1 processes\nMax open files            ${soft}   8192   files\n`;
    expect(openFilesMaxIn(text("4096"))).toBe(4096);
    expect(openFilesMaxIn(text("unlimited"))).toBe(Number.POSITIVE_INFINITY);
    expect(openFilesMaxIn("nothing of it")).toBeUndefined();
  });
});
