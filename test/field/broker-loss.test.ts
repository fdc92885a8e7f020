import { describe, expect, test, vi } from "vitest";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import { UdpDevice } from "../interop/udp-device.ts";
import { GatewayProcess, stop } from "../process/gateway-process.ts";
import { Sensor } from "../process/sensor.ts";
import { SmallBroker } from "../process/small-broker.ts";

const RECONNECT = ["--broker-reconnect-min", "50ms", "--broker-reconnect-max", "100ms"];
const SHORT_OUTAGE = ["--broker-outage-limit", "500ms"];
const DEVICES = 20;
const BOUND = { timeout: 20_000, interval: 50 };

async function gatewayAt(broker: SmallBroker, ...flags: string[]): Promise<{ gateway: GatewayProcess; port: number }> {
  // The tests look at all that is published.
  const places = ["-b", broker.url, "-l", "udp://127.0.0.1:0", "--bridge-enabled", "false"];
  const gateway = new GatewayProcess(["run", ...places, ...RECONNECT, ...flags]);
  await gateway.line("gateway.ready");
  return { gateway, port: await gateway.listenerPort() };
}

async function connected(port: number, clientId: string): Promise<Sensor> {
  const sensor = new Sensor(port);
  sensor.connect(clientId);
  expect((await sensor.message("CONNACK")).returnCode).toBe(RETURN_CODE.accepted);
  return sensor;
}

const MESSAGE = { type: "PUBLISH", dup: false, retain: false, topicIdType: "short", topicId: 0x7474 } as const;
const data = Buffer.from("21.5");

describe("between the gateway and its broker", () => {
  test("field 8 all connections break at once: the gateway lives, and no device notices", async () => {
    const broker = await SmallBroker.start();
    const { gateway, port } = await gatewayAt(broker);
    const names = Array.from({ length: DEVICES }, (_, index) => `device-${index}`);
    const sensors = await Promise.all(names.map((name) => connected(port, name)));
    broker.dropAll();
    await vi.waitFor(() => expect(broker.clientIds.sort()).toEqual([...names, ...names].sort()), BOUND);
    for (const sensor of sensors) {
      sensor.send({ ...MESSAGE, qos: 1, msgId: 1, data });
      expect((await sensor.message("PUBACK")).returnCode).toBe(RETURN_CODE.accepted);
      expect(sensor.received.map(({ type }) => type)).toEqual(["CONNACK", "PUBACK"]);
    }
    await stop(gateway);
  });

  test("field 8 the broker is away for long: the gateway lives, every device is told, and comes back", async () => {
    const broker = await SmallBroker.start();
    const { gateway, port } = await gatewayAt(broker, "--broker-connect-timeout", "200ms", ...SHORT_OUTAGE);
    const names = Array.from({ length: DEVICES }, (_, index) => `device-${index}`);
    const sensors = await Promise.all(names.map((name) => connected(port, name)));
    broker.isSilent = true;
    broker.dropAll();
    for (const sensor of sensors) await sensor.message("DISCONNECT");
    broker.isSilent = false;
    await vi.waitFor(() => Promise.all(names.map((name) => connected(port, name))), BOUND);
    await stop(gateway);
  });

  test("field 8 the line falls silent, as behind a load balancer that has forgotten it: the gateway finds out by itself", async () => {
    const broker = await SmallBroker.start();
    const keepAlive = ["--broker-keep-alive", "1s", "--broker-connect-timeout", "500ms"];
    const { gateway, port } = await gatewayAt(broker, ...keepAlive, ...SHORT_OUTAGE);
    const sensor = await connected(port, "device");
    broker.isSilent = true;
    await sensor.message("DISCONNECT");
    await gateway.line("broker.unreachable");
    broker.isSilent = false;
    await vi.waitFor(() => connected(port, "device"), BOUND);
    await stop(gateway);
  });

  test("field 8 a sleeping device notices nothing, and gets its answer when it wakes up", async () => {
    const broker = await SmallBroker.start();
    const { gateway, port } = await gatewayAt(broker);
    const device = new UdpDevice({ host: "127.0.0.1", port }, "sleeper");
    await device.connect();
    await device.sleep(60);
    broker.dropAll();
    await gateway.line("link.closed");
    await device.wake();
    expect(device.heardAsleep).toEqual([]);
    await device.connect();
    await device.publish("sleeper/state", "awake", 1);
    expect(broker.clientIds).toEqual(["sleeper", "sleeper"]);
    await stop(gateway);
  });
});

describe("a broker that takes a message and says nothing", () => {
  test("field 5 the device is not acknowledged by the gateway on its own account", async () => {
    const broker = await SmallBroker.start();
    const { gateway, port } = await gatewayAt(broker, ...SHORT_OUTAGE);
    const sensor = await connected(port, "device");
    broker.isSilent = true;
    for (const qos of [1, 2] as const) sensor.send({ ...MESSAGE, qos, msgId: qos, data });
    await vi.waitFor(() => expect(broker.published).toEqual(["tt", "tt"]), BOUND);
    sensor.send({ type: "PINGREQ", clientId: "" });
    await sensor.message("PINGRESP");
    expect(sensor.received.map(({ type }) => type)).toEqual(["CONNACK", "PINGRESP"]);
    broker.dropAll();
    await sensor.message("DISCONNECT");
    expect(sensor.received.map(({ type }) => type)).toEqual(["CONNACK", "PINGRESP", "DISCONNECT"]);
    await stop(gateway);
  });
});

describe("the login at the broker", () => {
  test("field 10 the login at the broker is not one for all devices: each has its own, and one that is refused is no obstacle to others", async () => {
    const broker = await SmallBroker.start();
    broker.refused.set("stolen", 4);
    const login = ["--broker-username", `user-\${clientId}`, "--broker-password", `secret-of-\${clientId}`];
    const { gateway, port } = await gatewayAt(broker, ...login);
    for (const clientId of ["boiler", "meter"]) await connected(port, clientId);
    const stolen = new Sensor(port);
    stolen.connect("stolen");
    expect((await stolen.message("CONNACK")).returnCode).toBe(RETURN_CODE.notSupported);
    await connected(port, "pump");
    for (const clientId of ["boiler", "meter", "stolen", "pump"]) {
      expect(broker.connects.find((each) => each.clientId === clientId)).toMatchObject({
        username: `user-${clientId}`,
        password: Buffer.from(`secret-of-${clientId}`),
      });
    }
    await stop(gateway);
    expect(gateway.stdout + gateway.stderr).not.toContain("secret-of");
  });
});
