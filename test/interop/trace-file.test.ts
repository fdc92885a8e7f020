import { mkdtempSync, rmSync, statSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { HostPort } from "../../src/app/configuration/host-port.ts";
import { hostPortText } from "../../src/app/configuration/host-port.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import { MSG_TYPE } from "../../src/sn/msg-type.ts";
import { GatewayProcess, stop } from "../process/gateway-process.ts";
import { Sensor } from "../process/sensor.ts";
import { Site } from "./site.ts";
import { type ReadPacket, tshark } from "./tshark.ts";
import { UdpDevice } from "./udp-device.ts";
import { UdpTap } from "./udp-tap.ts";

const isInstalled = tshark.isInstalled;

const HAS_IPV6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
);

const LOOPBACKS = HAS_IPV6 ? (["127.0.0.1", "::1"] as const) : (["127.0.0.1"] as const);

/** Where the gateway's discovery groups are. */
const GROUPS = ["225.1.1.1", "[ff03::1883]"];

function captureName(): string {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-trace-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "run.pcap");
}

async function listeners(gateway: GatewayProcess): Promise<HostPort[]> {
  await gateway.line("gateway.started");
  const urls = gateway.lines.filter(({ event }) => event === "listener.started").map(({ url }) => String(url));
  return urls.map((url) => {
    const { hostname, port } = new URL(url.replace("udp:", "http:"));
    return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
  });
}

/** A device, a sensor and a forwarder say all that can be said to a gateway, through a tap. */
async function sayEverything(site: Site, place: HostPort, name: string): Promise<UdpTap> {
  const tap = await UdpTap.before(place);
  const will = { willTopic: `${name}/will`, willMsg: Buffer.from("gone"), qos: 1 as const, retain: true };
  const device = new UdpDevice(tap.place, name, { will });
  await device.connect();
  await device.subscribe(`${name}/+`, 2);
  const peer = await site.mqttPeer();
  for (const qos of [0, 1, 2] as const) {
    await device.publish(`${name}/up`, `up ${qos}`, qos);
    await peer.publish(`${name}/down`, "x".repeat(400 * qos), qos);
  }
  await expect.poll(() => device.received.length, { timeout: 10_000 }).toBe(6);
  await device.sleep(60);
  await device.wake();
  await device.connect();
  await device.unsubscribe(`${name}/+`);
  await device.disconnect();

  const sensor = new Sensor(tap.place.port, place.host as (typeof LOOPBACKS)[number]);
  sensor.send({ type: "SEARCHGW", radius: 1 });
  await sensor.message("GWINFO");
  sensor.connect(`${name}-sensor`);
  await sensor.message("CONNACK");
  sensor.send({ type: "WILLTOPICUPD", empty: false, qos: 1, retain: false, willTopic: `${name}/will` });
  await sensor.message("WILLTOPICRESP");
  sensor.send({ type: "WILLMSGUPD", willMsg: Buffer.from("gone") });
  await sensor.message("WILLMSGRESP");
  const data = Uint8Array.from(encode({ type: "PINGREQ", clientId: "nobody" }));
  sensor.send({ type: "ENCAPSULATED", radius: 0, wirelessNodeId: Uint8Array.of(0, 42), data });
  await sensor.message("ENCAPSULATED");
  sensor.sendOctets(Buffer.from("no message"));
  sensor.send({ type: "DISCONNECT", duration: undefined });
  await sensor.message("DISCONNECT");
  return tap;
}

/** What is the same in a tap and in a capture: the two need not have seen datagrams of both directions in the same order. */
function waysIn(tap: UdpTap, place: HostPort): string[] {
  const gateway = hostPortText(place);
  return tap.passed.map(({ isToGateway, port, data }) => {
    const device = hostPortText({ host: place.host, port });
    return `${isToGateway ? `${device} ${gateway}` : `${gateway} ${device}`} ${data.toString("hex")}`;
  });
}

const waysOf = (packets: readonly ReadPacket[]) =>
  packets.map(({ from, to, data }) => `${from} ${to} ${data.toString("hex")}`);

test.skipIf(!isInstalled)(
  "a trace file has every message of a gateway, in and out, as it went over IPv4 and IPv6",
  async () => {
    const file = captureName();
    const startMs = Date.now();
    const flags = ["--trace-file", file, ...(HAS_IPV6 ? ["-l", "udp://[::1]:0"] : [])];
    const site = await Site.start("embedded:", flags);
    const places = await listeners(site.process);
    expect(places.map(({ host }) => host)).toEqual([...LOOPBACKS]);
    const taps = await Promise.all(places.map((place, index) => sayEverything(site, place, `tapped${index}`)));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    // SIGTERM is what writes the last of it.
    await stop(site.process);
    const endMs = Date.now();

    const packets = await tshark.read(
      file,
      places.map(({ port }) => port),
    );
    const toGroups = packets.filter(({ to }) => GROUPS.some((group) => to.startsWith(`${group}:`)));
    for (const [index, tap] of taps.entries()) {
      const place = places[index]!;
      const own = packets.filter(({ from, to }) => [from, to].includes(hostPortText(place)));
      const between = own.filter((packet) => !toGroups.includes(packet));
      expect(waysOf(between).sort()).toEqual(waysIn(tap, place).sort());
      expect(own.flatMap(({ msgTypes }) => msgTypes)).toEqual(expect.arrayContaining(Object.values(MSG_TYPE)));
      expect(toGroups.filter(({ from }) => from === hostPortText(place)).length).toBeGreaterThan(0);
    }
    expect(waysOf(packets)).toHaveLength(toGroups.length + taps.reduce((sum, { passed }) => sum + passed.length, 0));
    for (const { data, isSound, msgTypes, timeMs } of packets) {
      const { type } = decode(data);
      const hex = data.toString("hex");
      if (type !== "malformed") expect([isSound, msgTypes[0]], hex).toEqual([true, MSG_TYPE[type]]);
      expect(timeMs).toBeGreaterThan(startMs - 50);
      expect(timeMs).toBeLessThan(endMs + 50);
    }
    const times = packets.map(({ timeMs }) => timeMs);
    expect(times).toEqual([...times].sort((one, other) => one - other));
  },
);

test.skipIf(!isInstalled)("a disk that is full does not stop the gateway, and the trace file stays whole", async () => {
  const file = captureName();
  // The largest file that the process may write, in the shell's blocks, stands for the disk: of 512 octets or of 1024.
  const within = ["sh", "-c", 'ulimit -f 200; exec "$@"', "sh"];
  const free = ["--embedded-listen", "127.0.0.1:0", "-l", "udp://127.0.0.1:0", "--trace-file", file];
  const gateway = new GatewayProcess(["run", "-b", "embedded:", ...free], {}, onTestFinished, within);
  await gateway.line("gateway.ready");
  const port = await gateway.listenerPort();
  const sensor = new Sensor(port);
  // A datagram that is no message is of no consequence but for the trace.
  await vi.waitFor(
    () => {
      for (let count = 0; count < 20; count += 1) sensor.sendOctets(Buffer.alloc(1200, 1));
      if (!gateway.lines.some(({ event }) => event === "trace.failed")) throw new Error("the file still grows");
    },
    { timeout: 20_000, interval: 20 },
  );
  expect(await gateway.line("trace.failed")).toMatchObject({ level: "warn", path: file });
  sensor.connect("unimpressed");
  await sensor.message("CONNACK");
  await stop(gateway);
  // Cut short, tshark ends with an error.
  expect((await tshark.read(file, [port])).length).toBeGreaterThan(10);
});

test.skipIf(!isInstalled)("an error that nobody has caught costs nothing of a trace file", async () => {
  const file = captureName();
  const bug = encodeURIComponent("process.once('SIGUSR2', () => { throw new Error('a bug'); });");
  const free = ["--embedded-listen", "127.0.0.1:0", "-l", "udp://127.0.0.1:0", "--trace-file", file];
  const environment = { NODE_OPTIONS: `--import data:text/javascript,${bug}` };
  const gateway = new GatewayProcess(["run", "-b", "embedded:", ...free], environment);
  await gateway.line("gateway.ready");
  const port = await gateway.listenerPort();
  const sensor = new Sensor(port);
  sensor.connect("last");
  await sensor.message("CONNACK");
  gateway.child.kill("SIGUSR2");
  expect(await gateway.exit()).toBe(1);
  const types = (await tshark.read(file, [port])).flatMap(({ msgTypes }) => msgTypes);
  expect(types.filter((type) => type !== MSG_TYPE.ADVERTISE)).toEqual([MSG_TYPE.CONNECT, MSG_TYPE.CONNACK]);
});

// Whoever runs the tests sees what was not tested; where it must be tested, that is a failure.
test.skipIf(isInstalled)("without tshark trace files are not read, unless REQUIRE_TSHARK=1", () => {
  const line = "tshark is not installed: tests of trace files skipped";
  console.warn(`${line} (test/interop/trace-file.test.ts; on Debian: apt-get install tshark)`);
  expect(process.env.REQUIRE_TSHARK === "1", `${line}, and REQUIRE_TSHARK=1 says that they must run`).toBe(false);
});
