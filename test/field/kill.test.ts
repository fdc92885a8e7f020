import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Message } from "../../src/sn/message.ts";
import { Mosquitto } from "../interop/mosquitto.ts";
import { Site } from "../interop/site.ts";
import { UdpDevice } from "../interop/udp-device.ts";
import { GatewayProcess } from "../process/gateway-process.ts";
import { Sensor } from "../process/sensor.ts";

// Of all tests that need Mosquitto, those in test/interop say so when it is missing.
const isInstalled = Mosquitto.isInstalled;
const BOUND = { timeout: 20_000, interval: 10 };

/** Ends the gateway without a chance to do anything, and starts the next one at the same place. */
async function killAndStartAgain(site: Site, mosquitto: Mosquitto): Promise<void> {
  site.process.child.kill("SIGKILL");
  await site.process.exit();
  const next = new GatewayProcess(["run", "-b", mosquitto.url, "-l", site.gatewayUrl]);
  await next.line("gateway.ready");
}

/** The n-th message of a type that a sensor has got, as soon as it has. */
async function nth<T extends Message["type"]>(sensor: Sensor, type: T, n: number): Promise<Message & { type: T }> {
  return vi.waitFor(() => {
    const found = sensor.received.filter((message) => message.type === type)[n - 1];
    if (found === undefined) throw new Error(`no ${type} number ${n} among ${JSON.stringify(sensor.received)}`);
    return found as Message & { type: T };
  }, BOUND);
}

describe("the gateway is killed", () => {
  test.skipIf(!isInstalled).each([1, 2] as const)(
    "field 5 killed: what the gateway has acknowledged to a device at QoS %i is at the broker",
    async (qos) => {
      const mosquitto = await Mosquitto.start(onTestFinished);
      const site = await Site.start(mosquitto.url, []);
      const peer = await site.mqttPeer();
      await peer.subscribe("kill/#");
      // It repeats, and connects again, as a device does.
      const again = { reconnect: true, reconnectMinMs: 50, reconnectMaxMs: 200, tRetryMs: 300, nRetry: 2 };
      const device = new UdpDevice(site.gateway, "reporter", { cleanSession: false, ...again });
      await device.connect();
      const accepted: string[] = [];
      let isBack = false;
      const publishing = (async () => {
        // It is killed in the middle, wherever that is.
        for (let left = 10; left > 0; left -= isBack ? 1 : 0) {
          const data = String(accepted.length);
          await device.publish("kill/state", data, qos);
          accepted.push(data);
        }
      })();
      await vi.waitFor(() => expect(accepted.length).toBeGreaterThan(10), BOUND);
      await killAndStartAgain(site, mosquitto);
      isBack = true;
      await publishing;
      await vi.waitFor(() => {
        const arrived = peer.received.map(({ data }) => data);
        expect([...new Set(arrived)]).toEqual(accepted);
        // QoS 2 came once, across the two lives of the gateway.
        if (qos === 2) expect(arrived).toEqual(accepted);
      }, BOUND);
    },
  );

  test.skipIf(!isInstalled)(
    "field 5 killed: what a device has not acknowledged comes again, what it has does not",
    async () => {
      const mosquitto = await Mosquitto.start(onTestFinished);
      const site = await Site.start(mosquitto.url, []);
      const sensor = new Sensor(site.gateway.port);
      const connect: Message = {
        type: "CONNECT",
        will: false,
        cleanSession: false,
        protocolId: 1,
        duration: 600,
        clientId: "keeper",
      };
      sensor.send(connect);
      await sensor.message("CONNACK");
      const topic = { topicIdType: "normal", topicName: "kill/down" } as const;
      sensor.send({ type: "SUBSCRIBE", dup: false, qos: 1, msgId: 1, ...topic });
      const { topicId } = await sensor.message("SUBACK");
      const peer = await site.mqttPeer();
      for (const text of ["one", "two", "three"]) await peer.publish("kill/down", text, 1);
      const first = await nth(sensor, "PUBLISH", 1);
      sensor.send({ type: "PUBACK", topicId, msgId: first.msgId, returnCode: 0 });
      const second = await nth(sensor, "PUBLISH", 2);
      expect(Buffer.from(second.data).toString()).toBe("two");

      await killAndStartAgain(site, mosquitto);
      // It believes that it is connected, and is told otherwise.
      sensor.received.length = 0;
      sensor.send({ type: "PUBACK", topicId, msgId: second.msgId, returnCode: 0 });
      await sensor.message("DISCONNECT");
      sensor.send(connect);
      await sensor.message("CONNACK");
      const register = await sensor.message("REGISTER");
      expect(register.topicName).toBe("kill/down");
      sensor.send({ type: "REGACK", topicId: register.topicId, msgId: register.msgId, returnCode: 0 });
      for (const [index, text] of ["two", "three"].entries()) {
        const publish = await nth(sensor, "PUBLISH", index + 1);
        expect(Buffer.from(publish.data).toString()).toBe(text);
        sensor.send({ type: "PUBACK", topicId: publish.topicId, msgId: publish.msgId, returnCode: 0 });
      }
    },
  );

  test.skipIf(!isInstalled)(
    "field 7 killed: devices are told at their next message, and are back without anybody's help",
    async () => {
      const mosquitto = await Mosquitto.start(onTestFinished);
      const site = await Site.start(mosquitto.url, []);
      const again = { reconnect: true, reconnectMinMs: 50, reconnectMaxMs: 200 };
      const active = await site.device("active", again);
      await active.subscribe("restart/#", 1);
      const sensor = new Sensor(site.gateway.port);
      sensor.connect("sleeper");
      await sensor.message("CONNACK");
      sensor.send({ type: "DISCONNECT", duration: 600 });
      await sensor.message("DISCONNECT");
      await killAndStartAgain(site, mosquitto);
      sensor.received.length = 0;
      sensor.send({ type: "PINGREQ", clientId: "sleeper" });
      await sensor.message("DISCONNECT");
      sensor.connect("sleeper");
      await sensor.message("CONNACK");
      await active.publish("restart/state", "here I am", 1);
      await active.receives({ topic: "restart/state", data: "here I am", qos: 1, retain: false });
    },
  );
});
