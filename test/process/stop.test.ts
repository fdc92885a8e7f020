import { expect, onTestFinished, test } from "vitest";
import type { DeviceSettings } from "../../src/device/settings.ts";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import { Mosquitto } from "../interop/mosquitto.ts";
import { Site } from "../interop/site.ts";
import { stop } from "./gateway-process.ts";
import { Sensor } from "./sensor.ts";

const willOf = (name: string): Partial<DeviceSettings> => ({
  will: { willTopic: `stop/wills/${name}`, willMsg: Buffer.from("gone"), qos: 1, retain: false },
});

// Of all tests that need Mosquitto, those in test/interop say so when it is missing.
test.skipIf(!Mosquitto.isInstalled)(
  "A-34 on SIGTERM clients are told, no will fires, and durable sessions stay at the broker",
  async () => {
    const mosquitto = await Mosquitto.start(onTestFinished);
    const site = await Site.start(mosquitto.url, []);
    const peer = await site.mqttPeer();
    await peer.subscribe("stop/#");
    const active = await site.device("active", willOf("active"));
    const asleep = await site.device("asleep", willOf("asleep"));
    await asleep.subscribe("stop/for-asleep", 1);
    await asleep.sleep(60);
    const durable = await site.device("durable", { ...willOf("durable"), cleanSession: false });
    await durable.subscribe("stop/for-durable", 1);
    const unfinished = new Sensor(site.gateway.port);
    unfinished.send({ type: "CONNECT", will: true, cleanSession: true, protocolId: 1, duration: 60, clientId: "late" });
    await unfinished.message("WILLTOPICREQ");

    // The exit code is 0, and it takes less than 5 s.
    await stop(site.process);
    await active.isDisconnectedByGateway();
    await durable.isDisconnectedByGateway();
    expect((await unfinished.message("CONNACK")).returnCode).toBe(RETURN_CODE.congestion);
    expect(asleep.heardAsleep).toEqual([]);

    // A will would have come before it.
    await peer.publish("stop/for-durable", "while the gateway was away", 1);
    const message = { topic: "stop/for-durable", data: "while the gateway was away", qos: 1, retain: false };
    await peer.receives(message);

    const next = await Site.start(mosquitto.url, []);
    const back = await next.device("durable", { cleanSession: false });
    await back.receives(message);
  },
);
