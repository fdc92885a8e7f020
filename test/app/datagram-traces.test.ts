import { describe, expect, test } from "vitest";
import type { UdpEnd } from "../../src/app/device/udp-end.ts";
import type { Surroundings } from "../../src/app/runner.ts";
import { datagramCapture } from "../../src/app/trace/datagram-capture.ts";
import { DatagramTraces } from "../../src/app/trace/datagram-traces.ts";

const DATA = Uint8Array.of(2, 0x16);

describe("those who look at datagrams", () => {
  function traces() {
    let all: Surroundings["trace"];
    const seen: string[] = [];
    const looking = (name: string) => () => void seen.push(name);
    const traces = new DatagramTraces((trace) => {
      all = trace;
    });
    const seenBy = () => {
      all?.("in", "a", DATA);
      return seen.splice(0);
    };
    return { traces, looking, all: () => all, seenBy };
  }

  test("cost nothing while there is none", () => {
    const { traces: all, looking, all: trace } = traces();
    all.set("log", undefined);
    expect(trace()).toBeUndefined();
    all.set("log", looking("log"));
    all.set("log", undefined);
    expect(trace()).toBeUndefined();
  });

  test("are called without a detour where there is one", () => {
    const { traces: all, looking, all: trace } = traces();
    const log = looking("log");
    all.set("log", log);
    expect(trace()).toBe(log);
  });

  test("all see each datagram, and come and go", () => {
    const { traces: all, looking, seenBy } = traces();
    const view = {};
    all.set("log", looking("log"));
    all.set("file", looking("file"));
    all.set(view, looking("view"));
    expect(seenBy()).toEqual(["log", "file", "view"]);
    all.set("log", looking("other log"));
    all.set("file", undefined);
    expect(seenBy()).toEqual(["other log", "view"]);
    all.set(view, undefined);
    expect(seenBy()).toEqual(["other log"]);
  });
});

describe("what is captured of a datagram", () => {
  function captured(urls: string[], groups: { url: string; group: string }[] = []) {
    const records: string[] = [];
    const shown = ({ octets, port }: UdpEnd) => `${octets.join(".")}:${port}`;
    const record = (from: UdpEnd, to: UdpEnd) => void records.push(`${shown(from)} > ${shown(to)}`);
    const asked: string[] = [];
    const whereIs = (address: string) => {
      asked.push(address);
      if (urls.length === 1) return { address };
      return { address: address.slice(2), listener: urls[Number(address[0]) - 1]! };
    };
    const places = { urls, whereIs, groupsOf: () => groups };
    return { records, asked, trace: datagramCapture({ record }, () => places) };
  }

  test("has the address of its sender or receiver, and that of the listener", () => {
    const { records, trace } = captured(["udp://10.0.0.1:1883"]);
    trace("in", "10.0.0.2:5000", DATA);
    trace("out", "10.0.0.3:5001", DATA);
    expect(records).toEqual(["10.0.0.2:5000 > 10.0.0.1:1883", "10.0.0.1:1883 > 10.0.0.3:5001"]);
  });

  test("has 0.0.0.0 where the listener is at all addresses", () => {
    const { records, trace } = captured(["udp://0.0.0.0:1883"]);
    trace("in", "10.0.0.2:5000", DATA);
    expect(records).toEqual(["10.0.0.2:5000 > 0.0.0.0:1883"]);
  });

  test("has the port of the listener that it came in at, where there are several", () => {
    const { records, trace } = captured(["udp://0.0.0.0:1883", "udp://10.0.0.1:1884"]);
    for (const at of ["2|10.0.0.2:5000", "1|10.0.0.2:5000", "2|10.0.0.2:5000"]) trace("in", at, DATA);
    const [second, first] = ["10.0.0.2:5000 > 10.0.0.1:1884", "10.0.0.2:5000 > 0.0.0.0:1883"];
    expect(records).toEqual([second, first, second]);
  });

  test("is one record for each group that it goes to", () => {
    const groups = ["225.1.1.1:1883", "225.1.1.2:1883"].map((group) => ({ url: "udp://0.0.0.0:1883", group }));
    const { records, trace } = captured(["udp://0.0.0.0:1883"], groups);
    trace("out to groups", undefined, DATA);
    expect(records).toEqual(["0.0.0.0:1883 > 225.1.1.1:1883", "0.0.0.0:1883 > 225.1.1.2:1883"]);
  });

  test("is found once for each address, and of no more than ten thousand at once", () => {
    const { records, asked, trace } = captured(["udp://10.0.0.1:1883"]);
    for (let port = 1; port <= 10_000; port += 1) trace("in", `10.0.0.2:${port}`, DATA);
    trace("in", "10.0.0.2:1", DATA);
    expect(asked).toHaveLength(10_000);
    trace("in", "10.0.0.2:10001", DATA);
    trace("in", "10.0.0.2:1", DATA);
    expect(asked.slice(10_000)).toEqual(["10.0.0.2:10001", "10.0.0.2:1"]);
    expect(records.slice(-3)).toEqual([1, 10_001, 1].map((port) => `10.0.0.2:${port} > 10.0.0.1:1883`));
  });

  test("is nothing before the listeners are open", () => {
    const records: unknown[] = [];
    datagramCapture({ record: (...all) => void records.push(all) }, () => undefined)("in", "10.0.0.2:1", DATA);
    expect(records).toEqual([]);
  });
});
