import type { Socket } from "node:net";
import { parser } from "mqtt-packet";
import { describe, expect, test } from "vitest";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import { brokerDouble, nowhere } from "./broker-double.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { Sensor } from "./sensor.ts";
import { SmallBroker } from "./small-broker.ts";

const CONNECT_TIMEOUT_MS = 600;
/** What a busy machine may add. */
const DELAY_MS = 3000;

const FLAGS = [
  ["--broker-connect-timeout", `${CONNECT_TIMEOUT_MS}ms`],
  ["--broker-reconnect-min", "50ms"],
  ["--broker-reconnect-max", "100ms"],
  ["--broker-outage-limit", "1s"],
  ["-l", "udp://127.0.0.1:0"],
].flat();

/** CONNACK of MQTT with a return code. */
const connAck = (returnCode: number) => Uint8Array.of(0x20, 2, 0, returnCode);

/** Answers a CONNECT, and does nothing on other packets. */
function answering(answer: (socket: Socket) => void): (socket: Socket) => void {
  return (socket) => {
    const packets = parser();
    packets.on("packet", ({ cmd }) => {
      if (cmd === "connect") answer(socket);
    });
    socket.on("data", (octets) => packets.parse(octets));
  };
}

/** A gateway at this broker, a device's CONNECT, and how long the CONNACK took. */
async function connectAt(brokerUrl: string) {
  const gateway = new GatewayProcess(["run", "-b", brokerUrl, ...FLAGS]);
  const sensor = new Sensor(await gateway.listenerPort());
  const start = performance.now();
  sensor.connect("sensor");
  const { returnCode } = await sensor.message("CONNACK");
  return { gateway, sensor, returnCode, tookMs: performance.now() - start };
}

function expectAlive(gateway: GatewayProcess): void {
  expect(gateway.child.exitCode).toBeNull();
  expect(gateway.lines.map(({ event }) => event)).not.toContain("gateway.failed");
}

describe("table 6c: what a device is told when the broker", () => {
  test("is not there: 0x01, at once", async () => {
    const { gateway, returnCode, tookMs } = await connectAt(await nowhere());
    expect(returnCode).toBe(RETURN_CODE.congestion);
    expect(tookMs).toBeLessThan(CONNECT_TIMEOUT_MS + DELAY_MS);
    expectAlive(gateway);
  });

  test("accepts the connection and says nothing: 0x01 when connect_timeout is over", async () => {
    const url = await brokerDouble((socket) => void socket.resume());
    const { gateway, returnCode, tookMs } = await connectAt(url);
    expect(returnCode).toBe(RETURN_CODE.congestion);
    // Timers of two processes.
    expect(tookMs).toBeGreaterThan(CONNECT_TIMEOUT_MS - 20);
    expect(tookMs).toBeLessThan(CONNECT_TIMEOUT_MS + DELAY_MS);
    expectAlive(gateway);
  });

  test("closes at once: 0x01", async () => {
    const { gateway, returnCode, tookMs } = await connectAt(await brokerDouble((socket) => void socket.destroy()));
    expect(returnCode).toBe(RETURN_CODE.congestion);
    expect(tookMs).toBeLessThan(CONNECT_TIMEOUT_MS + DELAY_MS);
    expectAlive(gateway);
  });

  test("closes when it has read CONNECT: 0x01", async () => {
    const { gateway, returnCode } = await connectAt(await brokerDouble(answering((socket) => void socket.end())));
    expect(returnCode).toBe(RETURN_CODE.congestion);
    expectAlive(gateway);
  });

  test("is not an MQTT broker: 0x01", async () => {
    const url = await brokerDouble((socket) => {
      socket.once("data", () => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
    });
    const { gateway, returnCode } = await connectAt(url);
    expect(returnCode).toBe(RETURN_CODE.congestion);
    expectAlive(gateway);
  });

  test.each([
    [1, "unacceptable protocol version", RETURN_CODE.notSupported],
    [2, "identifier rejected", RETURN_CODE.notSupported],
    [3, "server unavailable", RETURN_CODE.congestion],
    [4, "bad user name or password", RETURN_CODE.notSupported],
    [5, "not authorised", RETURN_CODE.notSupported],
  ])("refuses with %i, %s: %i", async (code, _name, expected) => {
    const url = await brokerDouble(answering((socket) => void socket.end(connAck(code))));
    const { gateway, returnCode } = await connectAt(url);
    expect(returnCode).toBe(expected);
    expectAlive(gateway);
  });

  test.each<[string, string, (socket: Socket) => void]>([
    ["closes the connection of an active device", "nothing, for it is made anew", (socket) => void socket.destroy()],
    [
      "sends what is not MQTT to an active device",
      "nothing, for the connection is made anew",
      (socket) => void socket.write(Uint8Array.of(0x00, 0xff, 0xff, 0xff, 0xff, 0xff)),
    ],
  ])("%s: %s", async (_broker, _device, end) => {
    const sockets: Socket[] = [];
    const url = await brokerDouble((socket) => {
      sockets.push(socket);
      answering((each) => void each.write(connAck(0)))(socket);
    });
    const { gateway, sensor, returnCode } = await connectAt(url);
    expect(returnCode).toBe(RETURN_CODE.accepted);
    for (const socket of sockets.splice(0)) end(socket);
    await gateway.line("link.restored");
    sensor.send({ type: "PINGREQ", clientId: "" });
    await sensor.message("PINGRESP");
    expect(sensor.received.map(({ type }) => type)).toEqual(["CONNACK", "PINGRESP"]);
    expectAlive(gateway);
  });

  test.each([
    [3, "server unavailable", "nothing, until outage_limit is over", "no broker connection for broker.outage_limit"],
    [
      5,
      "not authorised",
      "DISCONNECT, at once",
      "refused by the broker: not authorized (0x05); see broker.username, broker.password, clients.credentials",
    ],
  ])(
    "closes the connection of an active device, and refuses with %i, %s, from then on: %s",
    async (code, _name, _device, reason) => {
      const sockets: Socket[] = [];
      let returnCode = 0;
      const url = await brokerDouble((socket) => {
        sockets.push(socket);
        answering((each) => void each.write(connAck(returnCode)))(socket);
      });
      const { gateway, sensor } = await connectAt(url);
      returnCode = code;
      for (const socket of sockets) socket.destroy();
      expect((await sensor.message("DISCONNECT")).duration).toBeUndefined();
      expect(await gateway.line("client.disconnected")).toMatchObject({ clientId: "sensor", reason });
      expectAlive(gateway);
    },
  );
});

test("a broker that lets clients in, and not the gateway itself, has been reached when it has let in the first", async () => {
  const broker = await SmallBroker.start();
  broker.refused.set("own", 5);
  const gateway = new GatewayProcess(["run", "-b", broker.url, ...FLAGS, "--broker-own-client-id", "own"]);
  const sensor = new Sensor(await gateway.listenerPort());
  await gateway.line("broker.unreachable");
  sensor.connect("sensor");
  expect((await sensor.message("CONNACK")).returnCode).toBe(RETURN_CODE.accepted);
  await gateway.line("gateway.ready");
  const other = new Sensor(await gateway.listenerPort());
  other.connect("other");
  await other.message("CONNACK");
  broker.refused.clear();
  await gateway.line("broker.reachable");
  expect(gateway.lines.filter(({ event }) => event === "gateway.ready")).toHaveLength(1);
});
