/** What it costs to read and write one message, and of MQTT what `mqtt-packet` takes for the same. */
import { generate, type Packet, parser } from "mqtt-packet";
import { bench, describe } from "vitest";
import type { PacketToBroker } from "../../src/gateway/packet.ts";
import { encode as encodePacket } from "../../src/mqtt/encode.ts";
import { PacketReader } from "../../src/mqtt/packet-reader.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";

/** What comes of it is kept: what nobody uses the compiler may leave out. */
const kept: { result: unknown } = { result: undefined };

const payload = Buffer.alloc(32, ".");
const normal = { topicIdType: "normal", topicId: 17 } as const;

const MESSAGES: readonly Message[] = [
  { type: "PUBLISH", dup: false, qos: 1, retain: false, ...normal, msgId: 7, data: payload },
  { type: "PUBACK", topicId: 17, msgId: 7, returnCode: 0 },
  { type: "PUBREL", msgId: 7 },
  { type: "PINGREQ", clientId: "" },
  { type: "PINGREQ", clientId: "sensor-0017" },
  { type: "CONNECT", will: false, cleanSession: true, protocolId: 1, duration: 60, clientId: "sensor-0017" },
  { type: "REGISTER", topicId: 0, msgId: 7, topicName: "site/sensor-0017/temperature" },
  { type: "SUBSCRIBE", dup: false, qos: 1, msgId: 7, topicIdType: "normal", topicName: "site/+/set" },
];

const publish = { cmd: "publish", topic: "site/sensor-0017/temperature", payload, retain: false, dup: false } as const;
const PACKETS: readonly PacketToBroker[] = [
  { ...publish, qos: 0, messageId: 0 },
  { ...publish, qos: 1, messageId: 7 },
  { cmd: "puback", messageId: 7 },
  { cmd: "pubrel", messageId: 7 },
];

function nameOf(message: Message): string {
  return "clientId" in message && message.clientId !== "" ? `${message.type} with a client id` : message.type;
}

describe("MQTT-SN, read", () => {
  for (const message of MESSAGES) {
    const octets = encode(message);
    bench(nameOf(message), () => {
      kept.result = decode(octets);
    });
  }
});

describe("MQTT-SN, written", () => {
  for (const message of MESSAGES) {
    bench(nameOf(message), () => {
      kept.result = encode(message);
    });
  }
});

for (const packet of PACKETS) {
  const name = packet.cmd === "publish" ? `publish QoS ${packet.qos}` : packet.cmd;
  const octets = encodePacket(packet, 4);

  describe(`MQTT ${name}, read`, () => {
    const reader = new PacketReader(4);
    bench("ours", () => {
      reader.push(octets);
      kept.result = reader.next();
    });
    const theirs = parser({ protocolVersion: 4 });
    theirs.on("packet", (read) => {
      kept.result = read;
    });
    bench("mqtt-packet", () => void theirs.parse(octets));
  });

  describe(`MQTT ${name}, written`, () => {
    bench("ours", () => {
      kept.result = encodePacket(packet, 4);
    });
    bench("mqtt-packet", () => {
      kept.result = generate(packet as Packet, { protocolVersion: 4 });
    });
  });
}
