import { expect, test } from "vitest";
import { Random } from "../../src/device/random.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import { Site } from "../interop/site.ts";
import { stop } from "./gateway-process.ts";
import { Sensor } from "./sensor.ts";

const SEED = 20_261;
const DATAGRAMS = 2000;
/** Datagrams that are sent at once: fewer than what the smallest usual receive buffer holds. */
const BURST = 100;

const data = Buffer.from("21.5");
const name = { topicIdType: "normal", topicName: "fuzz/+" } as const;

/** What is damaged: one of each message that a client sends. */
const VALID: readonly Message[] = [
  { type: "CONNECT", will: true, cleanSession: false, protocolId: 1, duration: 60, clientId: "fuzz" },
  { type: "WILLTOPIC", empty: false, qos: 1, retain: true, willTopic: "fuzz/will" },
  { type: "WILLMSG", willMsg: data },
  { type: "REGISTER", topicId: 0, msgId: 1, topicName: "fuzz/a" },
  { type: "PUBLISH", dup: false, qos: 2, retain: true, topicIdType: "short", topicId: 0x6162, msgId: 2, data },
  { type: "PUBREL", msgId: 2 },
  { type: "PUBACK", topicId: 1, msgId: 3, returnCode: 0 },
  { type: "SUBSCRIBE", dup: false, qos: 1, msgId: 4, ...name },
  { type: "UNSUBSCRIBE", msgId: 5, ...name },
  { type: "PINGREQ", clientId: "fuzz" },
  { type: "DISCONNECT", duration: 10 },
  {
    type: "ENCAPSULATED",
    radius: 1,
    wirelessNodeId: Uint8Array.of(7),
    data: encode({ type: "PINGREQ", clientId: "" }),
  },
];

/** Octets without any sense, with a Length that fits, or a valid message with a few octets changed. */
function damaged(random: Random): Uint8Array {
  const kind = random.integer(0, 2);
  if (kind === 2) {
    const octets = encode(VALID[random.integer(0, VALID.length - 1)]!);
    for (let changes = random.integer(0, 2); changes > 0; changes -= 1) {
      octets[random.integer(0, octets.length - 1)] = random.integer(0, 255);
    }
    return octets;
  }
  const octets = Uint8Array.from({ length: random.integer(0, 60) }, () => random.integer(0, 255));
  if (kind === 1 && octets.length > 0) octets[0] = octets.length;
  return octets;
}

test(`after ${DATAGRAMS} random datagrams the gateway is there as before`, async () => {
  const site = await Site.start("embedded:", ["--log-level", "debug"]);
  const random = new Random(SEED);
  // Its messages go through the same socket of the gateway: when it is answered, what was sent before has been looked at.
  const pacer = new Sensor(site.gateway.port);
  pacer.connect("pacer");
  await pacer.message("CONNACK");
  const client = new Sensor(site.gateway.port);
  client.connect("client");
  await client.message("CONNACK");
  const stranger = new Sensor(site.gateway.port);

  for (let sent = 0; sent < DATAGRAMS; sent += BURST) {
    for (let index = 0; index < BURST; index += 1)
      (random.next() < 0.5 ? client : stranger).sendOctets(damaged(random));
    pacer.received.length = 0;
    pacer.send({ type: "PINGREQ", clientId: "" });
    await pacer.message("PINGRESP");
  }

  const device = await site.device("normal");
  await device.subscribe("after/fuzz", 2);
  await device.publish("after/fuzz", "21.5", 2);
  await device.receives({ topic: "after/fuzz", data: "21.5", qos: 2, retain: false });
  const events = site.process.lines.map(({ event }) => event);
  expect(events).toContain("datagram.dropped");
  expect(events).not.toContain("session.failed");
  expect(site.process.stderr).toBe("");
  await stop(site.process);
});
