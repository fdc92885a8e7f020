import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import type { InterfaceAddress } from "../../src/transport/interface-address.ts";
import { type GroupEvent, ListenerGroups } from "../../src/transport/listener-groups.ts";
import { machineAddresses } from "../../src/transport/machine-addresses.ts";
import type { MulticastGroup } from "../../src/transport/multicast-group.ts";
import { UdpTransport } from "../../src/transport/udp.ts";
import { MulticastPeer } from "./multicast-peer.ts";

const GROUP = "239.255.83.1";
const SEARCHGW = "030100";
const GWINFO = Uint8Array.of(3, 2, 1);

const LOOPBACK: InterfaceAddress[] = machineAddresses().filter(({ isLoopback }) => isLoopback);
const LO = LOOPBACK[0]!.interfaceName;

async function listener(host: string, groups: readonly MulticastGroup[] = [{ host: GROUP, port: 0 }], port = 0) {
  const received: string[] = [];
  const events: GroupEvent[] = [];
  const transport = await UdpTransport.bind(
    { host, port, prefix: "" },
    (from, data) => received.push(`${from} ${Buffer.from(data).toString("hex")}`),
    (error) => expect.fail(error.message),
  );
  const listenerGroups = new ListenerGroups(transport, groups, ["all"], (event) => events.push(event));
  onTestFinished(async () => {
    await listenerGroups.close();
    await transport.close();
  });
  await listenerGroups.update(LOOPBACK);
  const summary = () => events.map(({ type, on, group }) => `${type} ${group.host}:${group.port} ${on?.name}`);
  return { transport, groups: listenerGroups, received, events, summary, port: transport.port };
}

/** A port that nobody has. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0);
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}

describe("a listener", () => {
  test("D12 at one address hears its group, and sends to it from the socket that serves CONNECT", async () => {
    const { transport, groups, received, summary, port } = await listener("127.0.0.1");
    expect(summary()).toEqual([`joined ${GROUP}:${port} ${LO}`]);
    const peer = await MulticastPeer.at(GROUP, port);
    peer.sendToGroup(SEARCHGW);
    await expect.poll(() => received).toEqual([`${peer.address} ${SEARCHGW}`]);

    transport.send(peer.address, GWINFO);
    groups.broadcast(0, GWINFO);
    const fromService = { from: `127.0.0.1:${port}`, octets: "030201" };
    await expect.poll(() => peer.answers).toEqual([fromService]);
    await expect.poll(() => peer.heardFromOthers).toEqual([fromService]);
  });

  test("D12 at another port than its group hears it, and sends to it from the socket that serves CONNECT", async () => {
    const groupPort = await freePort();
    const { groups, received, port } = await listener("0.0.0.0", [{ host: GROUP, port: groupPort }]);
    expect(port).not.toBe(groupPort);
    const peer = await MulticastPeer.at(GROUP, groupPort);
    peer.sendToGroup(SEARCHGW);
    await expect.poll(() => received).toEqual([`${peer.address} ${SEARCHGW}`]);
    groups.broadcast(1, GWINFO);
    await expect.poll(() => peer.heardFromOthers).toEqual([{ from: `127.0.0.1:${port}`, octets: "030201" }]);
  });

  test("at all addresses hears its group once by its own socket, and unicast too", async () => {
    const { received, port } = await listener("0.0.0.0");
    const socket = createSocket("udp4");
    onTestFinished(() => void socket.close());
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    socket.setMulticastInterface("127.0.0.1");
    socket.send(Buffer.from(SEARCHGW, "hex"), port, GROUP);
    socket.send(Buffer.from("0216", "hex"), port, "127.0.0.1");
    const from = `127.0.0.1:${socket.address().port}`;
    await expect.poll(() => received.toSorted()).toEqual([`${from} 0216`, `${from} ${SEARCHGW}`]);
  });

  test("hears each of several groups, and sends to each", async () => {
    const second = "239.255.83.2";
    const { groups, received, port } = await listener("127.0.0.1", [
      { host: GROUP, port: 0 },
      { host: second, port: 0 },
      { host: "ff03::1883", port: 0 },
    ]);
    const peers = [await MulticastPeer.at(GROUP, port), await MulticastPeer.at(second, port)];
    for (const peer of peers) peer.sendToGroup(SEARCHGW);
    await expect.poll(() => received.toSorted()).toEqual(peers.map((peer) => `${peer.address} ${SEARCHGW}`).toSorted());
    groups.broadcast(0, GWINFO);
    for (const peer of peers) await expect.poll(() => peer.heardFromOthers).toHaveLength(1);
  });

  test("shares its group with other programs of this machine, but not its port", async () => {
    const group = [{ host: GROUP, port: await freePort() }];
    const one = await listener("127.0.0.1", group);
    const two = await listener("127.0.0.1", group);
    const peer = await MulticastPeer.at(GROUP, group[0]!.port);
    peer.sendToGroup(SEARCHGW);
    for (const { received } of [one, two]) {
      await expect.poll(() => received).toEqual([`${peer.address} ${SEARCHGW}`]);
    }
    await expect(listener("127.0.0.1", group, one.port)).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});

describe("an interface", () => {
  test("that goes is left, and one that comes is joined again", async () => {
    const { groups, received, summary, port } = await listener("127.0.0.1");
    const peer = await MulticastPeer.at(GROUP, port);
    await groups.update([]);
    groups.broadcast(0, GWINFO);
    await groups.update(LOOPBACK);
    await groups.update(LOOPBACK);
    const place = `${GROUP}:${port} ${LO}`;
    expect(summary()).toEqual([`joined ${place}`, `left ${place}`, `joined ${place}`]);
    peer.sendToGroup(SEARCHGW);
    await expect.poll(() => received).toEqual([`${peer.address} ${SEARCHGW}`]);
    // Nothing left while it was away.
    expect(peer.heardFromOthers).toEqual([]);
  });

  test("that cannot be joined is told once, and again after it was away", async () => {
    const strange: InterfaceAddress[] = [{ ...LOOPBACK[0]!, interfaceName: "gone0", address: "192.0.2.77" }];
    const { groups, events } = await listener("0.0.0.0");
    events.length = 0;
    await groups.update([...LOOPBACK, ...strange]);
    await groups.update([...LOOPBACK, ...strange]);
    expect(events.map(({ type, on, error }) => [type, on?.name, error?.code])).toEqual([
      ["problem", "gone0", "ENODEV"],
    ]);
    await groups.update(LOOPBACK);
    await groups.update([...LOOPBACK, ...strange]);
    expect(events.filter(({ type }) => type === "problem")).toHaveLength(2);
  });

  test("D7 a datagram that one does not take goes out on the next one, and the failure is told once", async () => {
    const strange: InterfaceAddress[] = [{ ...LOOPBACK[0]!, interfaceName: "gone0", address: "192.0.2.77" }];
    const groupPort = await freePort();
    const { groups, events, port } = await listener("0.0.0.0", [{ host: GROUP, port: groupPort }]);
    const peer = await MulticastPeer.at(GROUP, groupPort);
    await groups.update([...strange, ...LOOPBACK]);
    events.length = 0;
    groups.broadcast(0, GWINFO);
    groups.broadcast(0, GWINFO);
    const sent = { from: `127.0.0.1:${port}`, octets: "030201" };
    await expect.poll(() => peer.heardFromOthers).toEqual([sent, sent]);
    expect(events.map(({ type, on, error }) => [type, on?.name, error?.code])).toEqual([
      ["problem", "gone0", "EADDRNOTAVAIL"],
    ]);
  });
});

test("a group whose port another program has to itself is told once, and heard as soon as that ends", async () => {
  const other = createSocket("udp4");
  other.bind(0);
  await once(other, "listening");
  const { port } = other.address();
  const { groups, events, received } = await listener("127.0.0.1", [{ host: GROUP, port }]);
  await groups.update(LOOPBACK);
  expect(events).toMatchObject([{ type: "problem", on: undefined, error: { code: "EADDRINUSE" } }]);
  other.close();
  await once(other, "close");
  await groups.update(LOOPBACK);
  expect(events.map(({ type }) => type)).toEqual(["problem", "joined"]);
  const peer = await MulticastPeer.at(GROUP, port);
  peer.sendToGroup(SEARCHGW);
  await expect.poll(() => received).toHaveLength(1);
});

/** How many groups Linux lets one socket join. */
const MEMBERSHIPS_MAX = (() => {
  try {
    return Number(readFileSync("/proc/sys/net/ipv4/igmp_max_memberships", "utf8"));
  } catch {
    return Number.POSITIVE_INFINITY;
  }
})();

test.skipIf(MEMBERSHIPS_MAX > 200)(
  "more groups than the system allows: those there is room for are heard",
  async () => {
    const groups = Array.from({ length: MEMBERSHIPS_MAX + 2 }, (_, index) => ({
      host: `239.255.84.${index}`,
      port: 0,
    }));
    const { events, received, port } = await listener("0.0.0.0", groups);
    expect(events.filter(({ type }) => type === "joined")).toHaveLength(MEMBERSHIPS_MAX);
    expect(events.slice(MEMBERSHIPS_MAX)).toMatchObject([
      { error: { code: "ENOBUFS" } },
      { error: { code: "ENOBUFS" } },
    ]);
    const socket = createSocket("udp4");
    onTestFinished(() => void socket.close());
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    socket.setMulticastInterface("127.0.0.1");
    socket.send(Buffer.from(SEARCHGW, "hex"), port, "239.255.84.0");
    await expect.poll(() => received).toHaveLength(1);
  },
);
