import { connect } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { ClientDetails, ClientList, GatewayStatus, TracedDatagram } from "../../src/http/answers.ts";
import { HttpSite } from "./http-site.ts";
import { MadeUpSource, summary } from "./made-up-source.ts";

const WAIT = { timeout: 20_000, interval: 20 };

describe("/api/stream", () => {
  test("shows the gateway and the clients at once, and again when something has changed", async () => {
    const source = new MadeUpSource([summary("d1"), summary("d2", { state: "lost" })]);
    const site = await HttpSite.start({ source });
    const reader = await site.read("/api/stream?state=active");
    expect(await reader.last<ClientList>("clients")).toMatchObject({ total: 1, clients: [{ clientId: "d1" }] });
    expect(await reader.last<GatewayStatus>("gateway")).toMatchObject({ version: "1.2.3" });
    source.all = [...source.all, summary("d3")];
    await reader.until<ClientList>("clients", ({ total }) => expect(total).toBe(2));
    source.published = 7;
    await reader.until<GatewayStatus>("gateway", ({ published }) => expect(published[0]).toBe(7));
    // Only the two changes: the time and the process alone are none.
    expect(reader.all("clients")).toHaveLength(2);
    // The number of sessions has changed with the client.
    expect(reader.all("gateway").length).toBeLessThanOrEqual(3);
  });
});

test("/api/clients/{id}/stream shows a client, that it is gone, and that it is back", async () => {
  const source = new MadeUpSource([]);
  const site = await HttpSite.start({ source });
  const reader = await site.read("/api/clients/d1/stream");
  await reader.last("gone");
  source.all = [summary("d1", { queued: 3 })];
  expect(await reader.last<ClientDetails>("client")).toMatchObject({ clientId: "d1", queued: 3 });
  source.all = [];
  await reader.last("gone", 2);
  source.all = [summary("d1", { queued: 3 })];
  await reader.last("client", 2);
});

describe("a trace", () => {
  test("shows datagrams of a client, or of an address, until nobody reads", async () => {
    const source = new MadeUpSource();
    const site = await HttpSite.start({ source });
    const one = await site.read("/api/clients/a%2Fb/trace");
    const other = await site.read("/api/trace?address=10.0.0.7");
    expect([...source.traces.values()]).toEqual([{ clientId: "a/b" }, { address: "10.0.0.7" }]);
    source.datagram("PINGREQ");
    for (const reader of [one, other]) {
      expect(await reader.last<TracedDatagram>("datagram")).toMatchObject({ text: "PINGREQ", direction: "in" });
    }
    one.close();
    other.close();
    await vi.waitFor(() => expect(source.traces.size).toBe(0), WAIT);
  });

  test("of a flood leaves out what nobody could read, puts only the rest into words, and says how much it was", async () => {
    const source = new MadeUpSource();
    const site = await HttpSite.start({ source });
    const reader = await site.read("/api/clients/d1/trace");
    const inWords = vi.fn(() => ({ at: 1, direction: "in" as const, octets: 2, text: "PINGREQ", hex: "0216" }));
    const [onDatagram] = source.traces.keys();
    for (let count = 0; count < 10_000; count += 1) onDatagram!(inWords);
    expect(await reader.last<{ count: number }>("omitted")).toEqual({ count: 9950 });
    expect(reader.all("datagram")).toHaveLength(50);
    expect(inWords).toHaveBeenCalledTimes(50);
  });

  test("needs to know of whom", async () => {
    const site = await HttpSite.start({ source: new MadeUpSource() });
    expect((await site.ask("/api/trace")).status).toBe(400);
    expect((await site.ask("/api/trace?address=")).status).toBe(400);
    expect((await site.ask(`/api/trace?address=${"1".repeat(101)}`)).status).toBe(400);
  });

  test.each([
    "kitchen",
    "10.0.0",
    "10.0.0.256",
    "10.0.0.7:70000",
    "10.0.0.7:",
    "[fd00::7]",
    "fd00::7]:4711",
    "10.0.0.7/4",
    "10.0.0.7/zz",
    "10.0.0.7:4711/0a/0b",
    "gateway.example.org:1883",
  ])("of %s, which is no address, is refused, and not silent for ever", async (address) => {
    const source = new MadeUpSource();
    const site = await HttpSite.start({ source });
    const answer = await site.ask(`/api/trace?address=${encodeURIComponent(address)}`);
    expect({ status: answer.status, traces: source.traces.size }).toEqual({ status: 400, traces: 0 });
  });

  test.each([
    ["10.0.0.7:4711", "10.0.0.7:4711"],
    ["FD00:0:0::7", "fd00::7"],
    ["[FD00::7]:4711", "[fd00::7]:4711"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["10.0.0.7:4711/002A", "10.0.0.7:4711/002a"],
  ])("of %s is found however that is written", async (asked, address) => {
    const source = new MadeUpSource();
    const site = await HttpSite.start({ source });
    await site.read(`/api/trace?address=${encodeURIComponent(asked)}`);
    expect([...source.traces.values()]).toEqual([{ address }]);
  });
});

describe("streams", () => {
  test("are so many in all, then 503 says which option it is", async () => {
    const site = await HttpSite.start({ source: new MadeUpSource(), streamsMax: 3 });
    const readers = await Promise.all(Array.from({ length: 3 }, () => site.read("/api/clients/d1/trace")));
    const { status, body, headers } = await site.ask("/api/stream");
    expect([status, headers["retry-after"], JSON.parse(body)]).toEqual([
      503,
      "10",
      {
        error: "too-many-streams",
        message: expect.stringMatching(/^as many live views are open as there may be \(http\.max_streams: 3, /),
      },
    ]);
    readers[0]!.close();
    await vi.waitFor(async () => void (await site.read("/api/stream")), WAIT);
  });

  test("are half of them of one address", async () => {
    const site = await HttpSite.start({ source: new MadeUpSource(), streamsMax: 44 });
    await Promise.all(Array.from({ length: 22 }, () => site.read("/api/clients/d1/trace")));
    for (const path of ["/api/stream", "/api/clients/d1/stream", "/api/clients/d1/trace"]) {
      const { status, body } = await site.ask(path);
      expect([status, JSON.parse(body).message]).toEqual([
        503,
        expect.stringMatching(/^22 live views of 127\.0\.0\.1/),
      ]);
    }
  });

  test("end when the server does, at once", async () => {
    const site = await HttpSite.start({ source: new MadeUpSource() });
    const readers = [await site.read("/api/stream"), await site.read("/api/clients/d1/trace")];
    const start = performance.now();
    await site.server.close();
    expect(performance.now() - start).toBeLessThan(1000);
    await vi.waitFor(() => expect(readers.map(({ isClosed }) => isClosed)).toEqual([true, true]), WAIT);
  });

  test("a reader that does not read costs no memory: what it does not take is not even put into words, and it is told how much when it reads on", async () => {
    const source = new MadeUpSource();
    const site = await HttpSite.start({ source });
    const socket = connect(site.port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.write("GET /api/clients/d1/trace HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    await vi.waitFor(() => expect(source.traces.size).toBe(1), WAIT);
    socket.pause();
    const [onDatagram] = source.traces.keys();
    const hex = "00".repeat(30_000);
    let worded = 0;
    const datagram = () => {
      worded += 1;
      return { at: 1, direction: "in" as const, octets: 30_000, text: "PUBLISH", hex };
    };
    // As many as are taken at once; the system takes some megabytes of them for the reader.
    const burst = () => {
      const before = worded;
      for (let count = 0; count < 50; count += 1) onDatagram!(datagram);
      return worded - before;
    };
    await vi.waitFor(() => expect(burst()).toBe(0), { timeout: 20_000, interval: 150 });
    expect(worded).toBeGreaterThan(50);
    const least = worded;
    let bursts = 0;
    await vi.waitFor(
      () => {
        burst();
        bursts += 1;
        expect(bursts).toBeGreaterThan(5);
      },
      { timeout: 20_000, interval: 150 },
    );
    expect(worded).toBe(least);
    let shown = "";
    socket.on("data", (octets) => {
      shown = (shown + octets).slice(-200_000);
    });
    socket.resume();
    await vi.waitFor(() => expect(shown).toMatch(/event: omitted\ndata: \{"count":\d{3,}\}/), WAIT);
  });
});
