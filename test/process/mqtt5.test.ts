import type { Socket } from "node:net";
import { generate, type Packet, parser } from "mqtt-packet";
import { describe, expect, test, vi } from "vitest";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import { brokerDouble } from "./broker-double.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { ReloadSite } from "./reload-site.ts";
import { Sensor } from "./sensor.ts";

/** What the gateway tells of itself is not what these brokers are about. */
const FLAGS = [
  ["--broker-version", "5", "--broker-reconnect-min", "50ms", "-l", "udp://127.0.0.1:0"],
  ["--bridge-enabled", "false"],
].flat();

/** A broker of MQTT 5 that answers with these packets. */
function answering(answer: (packet: Packet, socket: Socket) => Packet | undefined): Promise<string> {
  return brokerDouble((socket) => {
    const packets = parser();
    packets.on("packet", (packet) => {
      const answered = answer(packet, socket);
      if (answered !== undefined) socket.write(generate(answered, { protocolVersion: 5 }));
    });
    socket.on("data", (octets) => packets.parse(octets));
  });
}

function connack(packet: Packet, properties: object = {}): Packet | undefined {
  return packet.cmd === "connect" ? { cmd: "connack", reasonCode: 0, sessionPresent: false, properties } : undefined;
}

describe("broker.version: 5", () => {
  test("goes on with MQTT 3.1.1 at the broker inside, and says so once, with what to do", async () => {
    const gateway = GatewayProcess.embedded("--broker-version", "5");
    const sensor = new Sensor(await gateway.listenerPort());
    await gateway.line("gateway.ready");
    sensor.connect("sensor");
    expect(await sensor.message("CONNACK")).toMatchObject({ returnCode: RETURN_CODE.accepted });
    const told = gateway.lines.filter(({ event }) => event === "broker.version");
    expect(told).toMatchObject([{ level: "warn", msg: expect.stringContaining("Set broker.version: 4") }]);
  });

  test("tells what the broker does not do, and that it keeps sessions for a shorter time than they are to be kept", async () => {
    const properties = { maximumQoS: 1, receiveMaximum: 20, sessionExpiryInterval: 60 };
    const url = await answering((packet) => connack(packet, properties));
    const gateway = new GatewayProcess(["run", "-b", url, ...FLAGS]);
    expect(await gateway.line("broker.limits")).toMatchObject({ level: "info", limits: "QoS 1 at most" });
    const sensor = new Sensor(await gateway.listenerPort());
    for (const clientId of ["one", "two"]) {
      sensor.send({ type: "CONNECT", will: false, cleanSession: false, protocolId: 1, duration: 60, clientId });
      await sensor.message("CONNACK");
      sensor.received.length = 0;
    }
    const told = gateway.lines.filter(({ event }) => event === "broker.limits").slice(1);
    expect(told).toMatchObject([{ limits: "the session of a client that is not connected is kept for 60 s only" }]);
  });

  test("table 6c: a device is told that it may not publish, and the log says why the broker has refused it", async () => {
    const url = await answering((packet) => {
      if (packet.cmd === "publish") return { cmd: "puback", messageId: packet.messageId!, reasonCode: 0x87 };
      if (packet.cmd === "connect" && packet.clientId === "banned") {
        return { cmd: "connack", reasonCode: 0x8a, sessionPresent: false, properties: { reasonString: "for a while" } };
      }
      return connack(packet);
    });
    const gateway = new GatewayProcess(["run", "-b", url, ...FLAGS, "--log-level", "debug"]);
    const sensor = new Sensor(await gateway.listenerPort());
    await gateway.line("gateway.ready");
    sensor.connect("sensor");
    await sensor.message("CONNACK");
    const flags = { dup: false, qos: 1, retain: false, topicIdType: "short", topicId: 0x6161 } as const;
    sensor.send({ type: "PUBLISH", ...flags, msgId: 7, data: Uint8Array.of(1) });
    expect(await sensor.message("PUBACK")).toMatchObject({ msgId: 7, returnCode: RETURN_CODE.notSupported });
    expect(await gateway.line("publish.refused")).toMatchObject({ topic: "aa", brokerReason: "not authorized (0x87)" });
    const other = new Sensor(await gateway.listenerPort());
    other.connect("banned");
    expect(await other.message("CONNACK")).toMatchObject({ returnCode: RETURN_CODE.notSupported });
    const reason = 'banned (0x8A), "for a while"';
    expect(await gateway.line("link.refused")).toMatchObject({ brokerReturnCode: 0x8a, reason });
  });

  test("is asked for again at a reload, of the gateway's own connection first", async () => {
    const versions: number[] = [];
    const url = await brokerDouble((socket) => {
      const packets = parser();
      packets.on("packet", (packet) => {
        if (packet.cmd !== "connect") return;
        versions.push(packet.protocolVersion!);
        // It has learned MQTT 5 when it is asked the second time.
        const isRefused = packet.protocolVersion === 5 && versions.length === 1;
        if (isRefused) socket.end(Buffer.from("20020001", "hex"));
        else
          socket.write(
            packet.protocolVersion === 5 ? Buffer.from("2003000000", "hex") : Buffer.from("20020000", "hex"),
          );
      });
      socket.on("data", (octets) => packets.parse(octets));
    });
    const site = await ReloadSite.start(`broker: { url: "${url}", version: 5 }\n`);
    expect(versions).toEqual([5, 4]);
    await site.reloadFiles();
    await vi.waitFor(() => expect(versions).toEqual([5, 4, 5]), { timeout: 10_000 });
    const sensor = new Sensor(site.port);
    sensor.connect("sensor");
    await sensor.message("CONNACK");
    expect(versions).toEqual([5, 4, 5, 5]);
  });
});
