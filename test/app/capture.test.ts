import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { udpEnd } from "../../src/app/device/udp-end.ts";
import { Log } from "../../src/app/log/log.ts";
import { Capture } from "../../src/app/trace/capture.ts";
import { CaptureFile } from "../../src/app/trace/capture-file.ts";
import { PCAP_HEADER } from "../../src/app/trace/pcap-header.ts";

const DEVICE = udpEnd("10.0.0.2:50000");
const GATEWAY = udpEnd("10.0.0.1:1883");

/** Of a record of an IPv4 datagram, before its payload. */
const HEADERS_OCTETS = 16 + 20 + 8;

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-capture-"));
  path = join(folder, "run.pcap");
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

function collect() {
  const lines: string[] = [];
  const log = new Log({ level: "info", format: "json", colour: false }, { write: (line) => void lines.push(line) });
  return { log, events: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

/** The payloads in a capture, which must consist of whole records. */
function payloads(file: string): Buffer[] {
  const octets = readFileSync(file);
  expect(octets.subarray(0, 24).equals(PCAP_HEADER), `${file} begins as a capture`).toBe(true);
  const found: Buffer[] = [];
  for (let at = 24; at < octets.length; ) {
    const next = at + 16 + octets.readUInt32LE(at + 8);
    expect(next, `${file} ends with a whole record`).toBeLessThanOrEqual(octets.length);
    found.push(octets.subarray(at + HEADERS_OCTETS, next));
    at = next;
  }
  return found;
}

/** Numbered, so that a missing one shows. */
function numbered(count: number, size = 200): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const data = Buffer.alloc(size, 0x55);
    data.writeUInt32BE(index);
    return data;
  });
}

/** A file that takes what it is given when the test lets it. */
function slowFile() {
  const taken: Buffer[] = [];
  let open = () => {};
  let gate = Promise.resolve();
  let failure: Error | undefined;
  return {
    taken,
    stop: () => {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    },
    go: () => open(),
    fail: (error: Error | undefined) => {
      failure = error;
    },
    file: {
      path: "/slow.pcap",
      append: async (records: Uint8Array) => {
        const copy = Buffer.from(records);
        await gate;
        if (failure !== undefined) throw failure;
        taken.push(copy);
      },
      close: async () => {},
    },
  };
}

describe("a capture", () => {
  test("has every datagram, in their order, and can be read by its owner alone", async () => {
    const capture = await Capture.open(path, 1e9, collect().log);
    const sent = numbered(3000);
    for (const data of sent) capture.record(DEVICE, GATEWAY, data);
    await capture.close();
    expect(payloads(path)).toEqual(sent);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("says once where it is", async () => {
    const { log, events } = collect();
    await (await Capture.open(path, 1e9, log)).close();
    expect(events()).toMatchObject([{ level: "info", event: "trace.started", path }]);
  });

  test("is on the disk a second later at most", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const slow = slowFile();
    const capture = new Capture(slow.file, 1e9, collect().log);
    capture.record(DEVICE, GATEWAY, Buffer.from("one"));
    await vi.advanceTimersByTimeAsync(500);
    capture.record(GATEWAY, DEVICE, Buffer.from("two"));
    await vi.advanceTimersByTimeAsync(499);
    expect(slow.taken).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(slow.taken.map(({ length }) => length)).toEqual([2 * (HEADERS_OCTETS + 3)]);
    capture.record(DEVICE, GATEWAY, Buffer.from("three"));
    await vi.advanceTimersByTimeAsync(1000);
    expect(slow.taken).toHaveLength(2);
  });

  test("takes nothing any more when it is closed", async () => {
    const capture = await Capture.open(path, 1e9, collect().log);
    await capture.close();
    capture.record(DEVICE, GATEWAY, Buffer.from("late"));
    await capture.close();
    expect(payloads(path)).toEqual([]);
  });

  test("never grows beyond its limit: it goes on in another file, and keeps the one of before", async () => {
    const { log } = collect();
    const limit = 50_000;
    const capture = await Capture.open(path, limit, log);
    const sent = numbered(1000);
    for (const data of sent) capture.record(DEVICE, GATEWAY, data);
    await capture.close();
    const each = Math.floor((limit - 24) / (HEADERS_OCTETS + 200));
    const older = payloads(`${path}.1`);
    const newer = payloads(path);
    expect(older).toHaveLength(each);
    expect([...older, ...newer]).toEqual(sent.slice(-older.length - newer.length));
    expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(limit);
    expect(statSync(`${path}.1`).mode & 0o777).toBe(0o600);
    expect(newer.length).toBe(1000 % each);
  });

  test("goes on in the file that it has begun until that one is full", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const begun: boolean[] = [];
    const file = {
      path: "/run.pcap",
      append: async (_: Uint8Array, isFirst: boolean) => void begun.push(isFirst),
      close: async () => {},
    };
    // Room for four datagrams of 200 octets.
    const capture = new Capture(file, 24 + 4 * (HEADERS_OCTETS + 200), collect().log);
    for (const data of numbered(7)) {
      capture.record(DEVICE, GATEWAY, data);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(begun).toEqual([false, false, false, false, true, false, false]);
  });

  test("of before a restart is kept, unless it is empty", async () => {
    for (const word of ["first", "second"]) {
      const capture = await Capture.open(path, 1e9, collect().log);
      capture.record(DEVICE, GATEWAY, Buffer.from(word));
      await capture.close();
    }
    expect(payloads(`${path}.1`).map(String)).toEqual(["first"]);
    expect(payloads(path).map(String)).toEqual(["second"]);
    await (await Capture.open(path, 1e9, collect().log)).close();
    expect(payloads(`${path}.1`).map(String)).toEqual(["second"]);
    await (await Capture.open(path, 1e9, collect().log)).close();
    expect(payloads(`${path}.1`).map(String)).toEqual(["second"]);
    expect(payloads(path)).toEqual([]);
  });
});

test("a capture that somebody renames or deletes goes on in a file of its name", async () => {
  const file = await CaptureFile.open(path);
  const capture = new Capture(file, 1e9, collect().log);
  const written = async (name: string, count: number) =>
    vi.waitFor(() => expect(payloads(name)).toHaveLength(count), { timeout: 5000, interval: 20 });
  capture.record(DEVICE, GATEWAY, Buffer.from("one"));
  await written(path, 1);
  renameSync(path, join(folder, "kept.pcap"));
  capture.record(DEVICE, GATEWAY, Buffer.from("two"));
  await written(path, 1);
  rmSync(path);
  capture.record(DEVICE, GATEWAY, Buffer.from("three"));
  await capture.close();
  expect(payloads(join(folder, "kept.pcap")).map(String)).toEqual(["one"]);
  expect(payloads(path).map(String)).toEqual(["three"]);
});

describe("a disk that is too slow", () => {
  test("costs datagrams and no memory, and how many is told once in ten seconds", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { log, events } = collect();
    const slow = slowFile();
    slow.stop();
    const capture = new Capture(slow.file, 1e12, log);
    const sent = numbered(7000, 1000);
    for (const data of sent) capture.record(DEVICE, GATEWAY, data);
    await vi.advanceTimersByTimeAsync(9999);
    expect(events()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    const [{ level, event, count }] = events() as [Record<string, unknown>];
    expect([level, event]).toEqual(["warn", "trace.dropped"]);
    slow.go();
    await vi.advanceTimersByTimeAsync(1000);
    const octets = slow.taken.reduce((sum, { length }) => sum + length, 0);
    // What is kept is bounded, and nothing but what was dropped is missing.
    expect(octets).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(octets / (HEADERS_OCTETS + 1000)).toBe(7000 - (count as number));
    capture.record(DEVICE, GATEWAY, Buffer.from("again"));
    await capture.close();
    expect(String(slow.taken.at(-1)).endsWith("again")).toBe(true);
    expect(events()).toHaveLength(1);
  });

  test("at the end is told of at once", async () => {
    const { log, events } = collect();
    const slow = slowFile();
    slow.stop();
    const capture = new Capture(slow.file, 1e12, log);
    for (const data of numbered(5000, 1000)) capture.record(DEVICE, GATEWAY, data);
    slow.go();
    await capture.close();
    expect(events()).toMatchObject([{ event: "trace.dropped", path: "/slow.pcap" }]);
  });
});

describe("a disk that fails", () => {
  test("is told of once, and what is lost until it takes something again", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { log, events } = collect();
    const slow = slowFile();
    const capture = new Capture(slow.file, 1e12, log);
    const recordLater = async (text: string) => {
      capture.record(DEVICE, GATEWAY, Buffer.from(text));
      await vi.advanceTimersByTimeAsync(1000);
    };
    slow.fail(new Error("ENOSPC: no space left on device"));
    await recordLater("a");
    await recordLater("b");
    expect(events()).toMatchObject([{ level: "warn", event: "trace.failed", reason: expect.stringMatching(/ENOSPC/) }]);
    slow.fail(undefined);
    await recordLater("c");
    await recordLater("d");
    expect(events().slice(1)).toMatchObject([{ level: "info", event: "trace.resumed", lost: 2 }]);
    expect(slow.taken.map((octets) => String(octets.at(-1)))).toEqual(["c", "d"].map((c) => String(c.charCodeAt(0))));
  });

  test("leaves a file of whole records, and a new file is begun as soon as that can be", async () => {
    const file = await CaptureFile.open(path);
    // In the place of the one of before is something that cannot be replaced.
    mkdirSync(`${path}.1`);
    const capture = new Capture(file, 1000, collect().log);
    for (const data of numbered(10)) capture.record(DEVICE, GATEWAY, data);
    await vi.waitFor(() => expect(payloads(path)).toHaveLength(4), { timeout: 5000 });
    rmSync(`${path}.1`, { recursive: true });
    for (const data of numbered(4)) capture.record(DEVICE, GATEWAY, data);
    await capture.close();
    expect(payloads(path).length).toBeGreaterThan(0);
    expect(payloads(`${path}.1`)).toHaveLength(4);
  });
});

describe("a capture cannot begin", () => {
  const failure = async (name: string) =>
    (await Capture.open(name, 1e9, collect().log).catch((error: unknown) => error)) as NodeJS.ErrnoException;

  test("in a folder that is not there", async () => {
    const error = await failure(join(folder, "gone", "run.pcap"));
    expect(error.code).toBe("ENOENT");
    expect(error.message).toMatch(/^trace\.file: cannot write .*gone\/run\.pcap: its folder is not there; create it/);
  });

  test("in the place of a folder or a device, which stay as they are", async () => {
    expect((await failure(folder)).message).toMatch(/is no file; it is left alone/);
    expect((await failure("/dev/null")).message).toMatch(/is no file; it is left alone/);
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("in the place of a file that is no capture, or where the one of before is none", async () => {
    writeFileSync(path, "listen: udp://0.0.0.0:1883\n");
    expect((await failure(path)).message).toMatch(/run\.pcap is there already and is no capture; it is left alone/);
    expect(readFileSync(path, "utf8")).toMatch(/^listen/);
    expect(existsSync(`${path}.1`)).toBe(false);
    rmSync(path);
    const file = await CaptureFile.open(path);
    await file.append(Buffer.alloc(16), false);
    await file.close();
    writeFileSync(`${path}.1`, "a diary");
    expect((await failure(path)).message).toMatch(/run\.pcap\.1 is there already and is no capture/);
    expect(readFileSync(`${path}.1`, "utf8")).toBe("a diary");
  });
});
