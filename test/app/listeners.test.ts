import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Listeners } from "../../src/app/listeners.ts";
import { reportGroupEvent } from "../../src/app/log/discovery-report.ts";
import { Log } from "../../src/app/log/log.ts";
import { MulticastPeer } from "../adapters/multicast-peer.ts";

const GROUP = "239.255.85.1";
const SEARCHGW = "030100";
const GWINFO = Uint8Array.of(3, 2, 1);

const OPTIONS = {
  listen: ["udp://127.0.0.1:0"],
  "discovery.enabled": true,
  "discovery.groups": [GROUP],
  "discovery.interfaces": ["all"],
  "clients.allow": [] as string[],
  "clients.deny": [] as string[],
};

function collect() {
  const lines: Record<string, unknown>[] = [];
  const log = new Log(
    { level: "debug", format: "json", colour: false },
    { write: (line) => void lines.push(JSON.parse(line)) },
  );
  return { log, lines, of: (event: string) => lines.filter((line) => line.event === event) };
}

async function open(options: Partial<typeof OPTIONS> = {}) {
  const received: string[] = [];
  const logged = collect();
  const onDatagram = (from: string, data: Uint8Array) => received.push(`${from} ${Buffer.from(data).toString("hex")}`);
  const listeners = await Listeners.open({ ...OPTIONS, ...options }, logged.log, onDatagram);
  onTestFinished(() => listeners.close());
  const ports = listeners.urls.map((url) => Number(url.split(":").at(-1)));
  return { listeners, received, ports, ...logged };
}

async function device() {
  const socket = createSocket("udp4");
  onTestFinished(() => void socket.close());
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { send: (octets: string, port: number) => socket.send(Buffer.from(octets, "hex"), port, "127.0.0.1") };
}

describe("discovery", () => {
  test("where a broadcast goes is known: the groups of one listener, or of all; nowhere where it is off", async () => {
    const { listeners, ports } = await open({ listen: ["udp://127.0.0.1:0", "udp://127.0.0.1:0"] });
    const places = ports.map((port) => ({ url: `udp://127.0.0.1:${port}`, group: `${GROUP}:${port}` }));
    expect(listeners.groupsOf(undefined)).toEqual(places);
    expect(listeners.groupsOf("2|10.0.0.1:5000")).toEqual([places[1]]);
    const unfindable = await open({ "discovery.enabled": false });
    expect(unfindable.listeners.groupsOf(undefined)).toEqual([]);
    const nowhere = await open({ "discovery.interfaces": ["none-such"] });
    expect(nowhere.listeners.groupsOf(undefined)).toEqual([]);
  });

  test("D8 a search comes in at each listener, with its prefix, and is logged where the group was joined", async () => {
    const { received, ports, of } = await open({ listen: ["udp://127.0.0.1:0", "udp://127.0.0.1:0"] });
    const peers = [];
    for (const port of ports) peers.push(await MulticastPeer.at(GROUP, port));
    for (const peer of peers) peer.sendToGroup(SEARCHGW);
    const expected = peers.map((peer, index) => `${index + 1}|${peer.address} ${SEARCHGW}`);
    await expect.poll(() => received.toSorted()).toEqual(expected);
    expect(of("discovery.joined")).toMatchObject(
      ports.map((port) => ({ level: "debug", group: `${GROUP}:${port}`, listener: `udp://127.0.0.1:${port}` })),
    );
  });

  test("D10 what is sent near a client leaves from its listener only, and else from each", async () => {
    const { listeners, ports } = await open({ listen: ["udp://127.0.0.1:0", "udp://127.0.0.1:0"] });
    const peers: MulticastPeer[] = [];
    for (const port of ports) peers.push(await MulticastPeer.at(GROUP, port));
    const counts = () => peers.map((peer) => peer.heard.map(({ from }) => from));
    const [one, two] = ports.map((port) => `127.0.0.1:${port}`) as [string, string];
    listeners.broadcast("2|127.0.0.1:5000", 1, GWINFO);
    await expect.poll(counts).toEqual([[], [two]]);
    listeners.broadcast(undefined, 1, GWINFO);
    await expect.poll(counts).toEqual([[one], [two, two]]);
  });

  test("D13 the gateway does not hear what it sends to a group, by whichever of its sockets", async () => {
    const { listeners, received, ports } = await open({ listen: ["udp://127.0.0.1:0", "udp://0.0.0.0:0"] });
    const peer = await MulticastPeer.at(GROUP, ports[0]!);
    listeners.broadcast(undefined, 1, GWINFO);
    await expect.poll(() => peer.heard).toHaveLength(1);
    const socket = await device();
    for (const port of ports) socket.send("0216", port);
    await expect.poll(() => received).toHaveLength(2);
    expect(received.filter((line) => line.endsWith("030201"))).toEqual([]);
  });

  test("that is off joins no group and sends nothing", async () => {
    const { listeners, received, ports, of } = await open({ "discovery.enabled": false });
    const peer = await MulticastPeer.at(GROUP, ports[0]!);
    peer.sendToGroup(SEARCHGW);
    listeners.broadcast(undefined, 1, GWINFO);
    await expect.poll(() => peer.heard).toHaveLength(1);
    const socket = await device();
    socket.send("0216", ports[0]!);
    await expect.poll(() => received).toHaveLength(1);
    expect(received[0]).toMatch(/0216$/);
    expect(peer.heardFromOthers).toEqual([]);
    expect(of("discovery.joined")).toEqual([]);
  });

  test("tells once of an interface that is named and not there, and goes on with the others", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { of, received, ports } = await open({ "discovery.interfaces": ["eth77", "127.0.0.1"] });
    for (let looks = 0; looks < 3; looks += 1) await vi.advanceTimersByTimeAsync(3000);
    vi.useRealTimers();
    expect(of("discovery.interface-missing")).toMatchObject([{ level: "warn", interface: "eth77" }]);
    expect(of("discovery.joined")).toHaveLength(1);
    const peer = await MulticastPeer.at(GROUP, ports[0]!);
    peer.sendToGroup(SEARCHGW);
    await expect.poll(() => received).toHaveLength(1);
  });

  test("tells of a listener that no group is for, and of no other", async () => {
    const { of } = await open({ "discovery.groups": ["ff03::1883"] });
    expect(of("discovery.no-group")).toMatchObject([{ level: "warn" }]);
    expect(of("discovery.no-group")[0]!.msg).toContain("discovery.groups has no IPv4 group");
    expect((await open({})).of("discovery.no-group")).toEqual([]);
  });

  test("whose port another program has to itself is told with the remedy, and keeps nobody from connecting", async () => {
    const other = createSocket("udp4");
    onTestFinished(() => void other.close());
    other.bind(0);
    await once(other, "listening");
    const { port } = other.address();
    const { of, received, ports } = await open({ "discovery.groups": [`${GROUP}:${port}`] });
    expect(of("discovery.problem")).toMatchObject([{ level: "warn", group: `${GROUP}:${port}` }]);
    expect(of("discovery.problem")[0]!.msg).toContain(
      `another program, or another listener, holds port ${port} on all addresses`,
    );
    const socket = await device();
    socket.send("0216", ports[0]!);
    await expect.poll(() => received).toHaveLength(1);
  });
});

describe("a problem with a group", () => {
  const group = { host: GROUP, port: 1883 };
  const eth0 = { name: "eth0", via: "10.0.0.1", isLoopback: false };

  test.each([
    ["ENOBUFS", group, "sysctl -w net.ipv4.igmp_max_memberships="],
    ["ENOMEM", { host: "ff03::1883", port: 1883 }, "sysctl -w net.core.optmem_max="],
    ["ENETUNREACH", group, "ip route add 224.0.0.0/4 dev eth0"],
    ["ENETUNREACH", { host: "ff03::1883", port: 1883 }, "ip -6 route add ff00::/8 dev eth0 table local"],
    ["EPERM", group, "firewall"],
    ["EIO", group, "EIO itself"],
  ])("%s is a warning with what to do about it", (code, place, remedy) => {
    const { log, of } = collect();
    const error = Object.assign(new Error(`${code} itself`), { code });
    reportGroupEvent({ type: "problem", group: place, on: eth0, error }, "udp://0.0.0.0:1883", log);
    expect(of("discovery.problem")).toMatchObject([{ level: "warn", interface: "eth0" }]);
    expect(of("discovery.problem")[0]!.msg).toContain(remedy);
  });

  test.each([
    ["that the next look repairs", "ENODEV", eth0],
    ["on loopback", "ENETUNREACH", { ...eth0, name: "lo", isLoopback: true }],
  ])("%s is no warning", (_name, code, on) => {
    const { log, of } = collect();
    const error = Object.assign(new Error(code), { code });
    reportGroupEvent({ type: "problem", group, on, error }, "udp://0.0.0.0:1883", log);
    expect(of("discovery.problem")).toMatchObject([{ level: "debug" }]);
  });
});

describe("datagrams from a network that may not send", () => {
  test("are dropped, counted, and told once a second", async () => {
    const clock = vi.spyOn(performance, "now").mockReturnValue(10_000);
    onTestFinished(() => clock.mockRestore());
    const { listeners, received, ports, of } = await open({ "clients.deny": ["sensor-*", "127.0.0.0/8"] });
    const socket = await device();
    for (let count = 0; count < 3; count += 1) socket.send("0216", ports[0]!);
    await expect.poll(() => listeners.refusedDatagrams).toBe(3);
    expect(of("source.refused")).toMatchObject([{ level: "info", address: "127.0.0.1", refused: 1 }]);
    clock.mockReturnValue(11_000);
    socket.send("0216", ports[0]!);
    await expect.poll(() => of("source.refused").map(({ refused }) => refused)).toEqual([1, 4]);
    expect(of("source.refused")[1]!.msg).toMatch(/\(and 2 more since the last report\)$/);
    expect(received).toEqual([]);
  });

  test("are those of all other networks where some are allowed; patterns of client ids are no networks", async () => {
    const one = await open({ "clients.allow": ["10.0.0.0/8"] });
    const two = await open({ "clients.allow": ["sensor-*"] });
    const socket = await device();
    socket.send("0216", one.ports[0]!);
    socket.send("0216", two.ports[0]!);
    await expect.poll(() => two.received).toHaveLength(1);
    await expect.poll(() => one.listeners.refusedDatagrams).toBe(1);
    expect(two.listeners.refusedDatagrams).toBe(0);
    expect(one.received).toEqual([]);
  });
});
