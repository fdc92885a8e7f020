import type { PublishPacket } from "../../src/gateway/packet.ts";
import { encode as encodePacket } from "../../src/mqtt/encode.ts";
import { PacketReader } from "../../src/mqtt/packet-reader.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Publish, TopicAck } from "../../src/sn/message.ts";
import { BareCore } from "../micro/bare-core.ts";
import { CoreInRunner } from "../micro/core-in-runner.ts";
import { EXCHANGE_NAMES, Exchanges } from "../micro/exchanges.ts";

/** So few that what the core remembers of the last messages of each soon has the size that it keeps. */
const CLIENTS = 20;

const payload = Buffer.alloc(32, ".");
const publish: Publish = {
  type: "PUBLISH",
  dup: false,
  qos: 1,
  retain: false,
  topicIdType: "normal",
  topicId: 17,
  msgId: 7,
  data: payload,
};
const pubAck: TopicAck = { type: "PUBACK", topicId: 17, msgId: 7, returnCode: 0 };
const packet: PublishPacket = {
  cmd: "publish",
  topic: "site/node-17/temperature",
  payload,
  qos: 1,
  retain: false,
  dup: false,
  messageId: 7,
};

/** Something that is done with every message, or often, and that is guarded. */
export interface Subject {
  name: string;
  /** What does it once. Everything that it needs is made by this. */
  prepare(): () => void;
}

/** All that is guarded: the codecs, whole exchanges of the core, and those with every message in the runner too. */
export const SUBJECTS: readonly Subject[] = [
  { name: "MQTT-SN PUBLISH read", prepare: () => reading(encode(publish)) },
  { name: "MQTT-SN PUBLISH written", prepare: () => () => void encode(publish) },
  { name: "MQTT-SN PUBACK read", prepare: () => reading(encode(pubAck)) },
  { name: "MQTT-SN PUBACK written", prepare: () => () => void encode(pubAck) },
  { name: "MQTT PUBLISH read", prepare: () => readingPacket(encodePacket(packet, 4)) },
  { name: "MQTT PUBLISH written", prepare: () => () => void encodePacket(packet, 4) },
  { name: "MQTT PUBACK read", prepare: () => readingPacket(encodePacket({ cmd: "puback", messageId: 7 }, 4)) },
  {
    name: "MQTT PUBACK written",
    prepare: () => () => void encodePacket({ cmd: "puback", messageId: 7 }, 4),
  },
  ...EXCHANGE_NAMES.map((name) => ({
    name: `core: ${name}`,
    prepare() {
      const exchanges = new Exchanges(new BareCore(), CLIENTS);
      return () => exchanges.run(name);
    },
  })),
  ...EXCHANGE_NAMES.filter((name) => name.includes("QoS")).map((name) => ({
    name: `runner and core: ${name}`,
    prepare() {
      const exchanges = new Exchanges(new CoreInRunner(), CLIENTS);
      return () => exchanges.run(name);
    },
  })),
];

function reading(octets: Uint8Array): () => void {
  return () => void decode(octets);
}

function readingPacket(octets: Buffer): () => void {
  const reader = new PacketReader(4);
  return () => {
    reader.push(octets);
    reader.next();
  };
}
