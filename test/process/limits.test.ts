import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Random } from "../../src/device/random.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import { UdpDevice } from "../interop/udp-device.ts";
import { octets } from "../sn/octets.ts";
import { VECTORS } from "../sn/vectors.ts";
import { GatewayProcess, stop } from "./gateway-process.ts";
import { Sensor } from "./sensor.ts";
import { SmallBroker } from "./small-broker.ts";

const SEED = 1611;
/** Datagrams sent at once: fewer than what the smallest usual receive buffer holds. */
const BURST = 100;
/** What starts a program that may have 300 files open. */
const FEW_FILES = ["sh", "-c", 'ulimit -n 300 && exec "$@"', "sh"];

const connectOf = (clientId: string, duration = 60): Message => {
  return { type: "CONNECT", will: false, cleanSession: true, protocolId: 1, duration, clientId };
};
const withWill = (clientId: string): Message => ({ ...connectOf(clientId), will: true }) as Message;

async function gatewayAt(broker: SmallBroker, ...flags: string[]): Promise<{ gateway: GatewayProcess; port: number }> {
  const gateway = new GatewayProcess(["run", "-b", broker.url, "-l", "udp://127.0.0.1:0", ...flags]);
  await gateway.line("gateway.ready");
  return { gateway, port: await gateway.listenerPort() };
}

/** What the gateway answers to the CONNECT of a device at a port of its own. */
async function connackFor(
  port: number,
  clientId: string,
  duration?: number,
): Promise<{ sensor: Sensor; code: number }> {
  const sensor = new Sensor(port);
  sensor.send(connectOf(clientId, duration));
  return { sensor, code: (await sensor.message("CONNACK")).returnCode };
}

/** Sends each datagram from an address of its own, as somebody does who forges addresses. */
async function sendFromEverywhere(port: number, datagrams: readonly Uint8Array[]): Promise<void> {
  for (let start = 0; start < datagrams.length; start += BURST) {
    const burst = datagrams.slice(start, start + BURST).map(async (datagram) => {
      const socket = createSocket("udp4");
      socket.bind(0, "127.0.0.1");
      await once(socket, "listening");
      await new Promise<void>((resolve) => socket.send(datagram, port, "127.0.0.1", () => resolve()));
      socket.close();
    });
    await Promise.all(burst);
  }
}

describe("before a CONNECT is complete", () => {
  test("field 16 no datagram makes the gateway connect to the broker", async () => {
    const broker = await SmallBroker.start();
    const { gateway, port } = await gatewayAt(broker);
    // The gateway's own.
    expect(broker.connectionCount).toBe(1);
    const random = new Random(SEED);
    const messages = VECTORS.filter(({ message }) => message.type !== "CONNECT").map(({ hex }) => octets(hex));
    const junk = Array.from({ length: 200 }, () => {
      return Uint8Array.from({ length: random.integer(0, 40) }, () => random.integer(0, 255));
    });
    const unfinished = Array.from({ length: 100 }, (_, index) => encode(withWill(`half-open-${index}`)).slice());
    await sendFromEverywhere(port, [...messages, ...junk, ...unfinished]);
    // One goes a step further.
    const sensor = new Sensor(port);
    sensor.send(withWill("almost"));
    await sensor.message("WILLTOPICREQ");
    sensor.send({ type: "WILLTOPIC", empty: false, qos: 1, retain: false, willTopic: "w" });
    await sensor.message("WILLMSGREQ");
    const { code } = await connackFor(port, "complete");
    expect(code).toBe(RETURN_CODE.accepted);
    expect(broker.connectionCount).toBe(2);
    expect(broker.clientIds).toEqual(["complete"]);
    await stop(gateway);
  });
});

describe("at clients.max", () => {
  test("O2 a new client is refused as congestion, and the others go on", async () => {
    const broker = await SmallBroker.start();
    const { port } = await gatewayAt(broker, "--clients-max", "2");
    const device = new UdpDevice({ host: "127.0.0.1", port }, "first");
    await device.connect();
    expect((await connackFor(port, "second")).code).toBe(RETURN_CODE.accepted);
    for (let index = 0; index < 20; index += 1) {
      expect((await connackFor(port, `refused-${index}`)).code).toBe(RETURN_CODE.congestion);
      await device.publish("first/state", `${index}`, 1);
    }
    expect(broker.clientIds).toEqual(["first", "second"]);
  });

  test.each([
    ["said DISCONNECT", (sensor: Sensor) => sensor.send({ type: "DISCONNECT", duration: undefined })],
    ["was silent for longer than its keep alive", () => {}],
  ])("field 2 the place of a client that %s is free again", async (_, leave) => {
    const broker = await SmallBroker.start();
    const { port } = await gatewayAt(broker, "--clients-max", "1");
    for (let index = 0; index < 3; index += 1) {
      await vi.waitFor(
        async () => {
          const { sensor, code } = await connackFor(port, `device-${index}`, 1);
          expect(code).toBe(RETURN_CODE.accepted);
          leave(sensor);
        },
        { timeout: 20_000, interval: 50 },
      );
    }
    expect(broker.clientIds).toEqual(["device-0", "device-1", "device-2"]);
  });

  test("field 2 clients whom the broker refuses take no place", async () => {
    const broker = await SmallBroker.start();
    const { port } = await gatewayAt(broker, "--clients-max", "1");
    for (let index = 0; index < 10; index += 1) {
      broker.refused.set(`refused-${index}`, 5);
      expect((await connackFor(port, `refused-${index}`)).code).toBe(RETURN_CODE.notSupported);
    }
    expect((await connackFor(port, "welcome")).code).toBe(RETURN_CODE.accepted);
  });
});

describe("a flood from forged addresses", () => {
  const FLOOD = 2000;
  const FLAGS = ["--clients-max-half-open", "200", "--clients-retry-interval", "500ms", "--clients-retry-count", "1"];

  test("does not keep a device from publishing, nor for long another one from connecting", async () => {
    const broker = await SmallBroker.start();
    const { gateway, port } = await gatewayAt(broker, ...FLAGS);
    const device = new UdpDevice({ host: "127.0.0.1", port }, "steady");
    await device.connect();
    const random = new Random(SEED);
    const flood = Array.from({ length: 2 * FLOOD }, (_, index) => {
      if (index % 2 === 0) return Uint8Array.from({ length: random.integer(0, 60) }, () => random.integer(0, 255));
      return encode(withWill(`forged-${index}`)).slice();
    });
    let isOver = false;
    const flooding = sendFromEverywhere(port, flood).then(() => {
      isOver = true;
    });
    let published = 0;
    while (!isOver || published < 20) {
      await device.publish("steady/state", `${published}`, 1);
      published += 1;
    }
    await flooding;
    expect(broker.published.filter((topic) => topic === "steady/state").length).toBeGreaterThanOrEqual(published);
    expect(gateway.lines.some(({ limit }) => limit === "clients.max_half_open")).toBe(true);
    // None of them got as far as the broker.
    expect(broker.clientIds).toEqual(["steady"]);
    // The half-open ones are given up after two intervals.
    await vi.waitFor(async () => expect((await connackFor(port, "late")).code).toBe(RETURN_CODE.accepted), {
      timeout: 20_000,
      interval: 100,
    });
    await device.publish("steady/state", "still there", 1);
    await stop(gateway);
  });
});

test.skipIf(process.platform !== "linux")(
  "with fewer open files than clients.max needs it says so at its start, and lets in as many as there is room for",
  async () => {
    const broker = await SmallBroker.start();
    const args = ["run", "-b", broker.url, "-l", "udp://127.0.0.1:0", "--clients-max", "300"];
    const gateway = new GatewayProcess(args, {}, undefined, FEW_FILES);
    expect(await gateway.line("gateway.open-files")).toMatchObject({ level: "warn", clientsMax: 300, filesMax: 300 });
    await gateway.line("gateway.ready");
    const port = await gateway.listenerPort();
    const sensors = Array.from({ length: 300 }, () => new Sensor(port));
    const answers: number[] = [];
    for (let start = 0; start < sensors.length; start += BURST) {
      const burst = sensors.slice(start, start + BURST);
      for (const [index, sensor] of burst.entries()) sensor.connect(`device-${start + index}`);
      for (const sensor of burst) answers.push((await sensor.message("CONNACK")).returnCode);
    }
    const accepted = answers.filter((code) => code === RETURN_CODE.accepted).length;
    expect(accepted).toBeGreaterThan(200);
    expect(accepted).toBeLessThan(300);
    expect(answers.filter((code) => code === RETURN_CODE.congestion)).toHaveLength(300 - accepted);
    await stop(gateway, "SIGTERM");
  },
);

test.skipIf(process.platform !== "linux")(
  "it says so again when a reload raises clients.max, and at no other reload",
  async () => {
    const broker = await SmallBroker.start();
    const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-files-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "gateway.yaml");
    const write = (clientsMax: number) => writeFileSync(file, `clients:\n  max: ${clientsMax}\n`);
    write(250);
    const args = ["run", "-c", file, "-b", broker.url, "-l", "udp://127.0.0.1:0"];
    const gateway = new GatewayProcess(args, {}, undefined, FEW_FILES);
    const linesOf = (event: string) => gateway.lines.filter((line) => line.event === event);
    await gateway.line("gateway.ready");
    for (const [index, clientsMax] of [240, 260].entries()) {
      write(clientsMax);
      gateway.child.kill("SIGHUP");
      await vi.waitFor(() => expect(linesOf("reload.done")).toHaveLength(index + 1), { timeout: 20_000, interval: 5 });
    }
    await stop(gateway, "SIGTERM");
    expect(linesOf("gateway.open-files").map((line) => line.clientsMax)).toEqual([250, 260]);
  },
);
