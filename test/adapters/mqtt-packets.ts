import fc from "fast-check";
import { generate, type Packet } from "mqtt-packet";
import type { PacketToBroker, PublishPacket } from "../../src/gateway/packet.ts";
import type { MqttVersion } from "../../src/mqtt/mqtt-version.ts";
import type { PacketRead } from "../../src/mqtt/packet-read.ts";
import { PacketReader } from "../../src/mqtt/packet-reader.ts";

/** What a broker sends: as octets of `mqtt-packet`, and as what is to be read there. */
export interface Sent {
  octets: Buffer;
  read: PacketRead;
}

const messageId = fc.integer({ min: 1, max: 0xffff });
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
// Whole characters of every plane, without U+0000, which MQTT forbids.
const text = fc.string({ unit: "grapheme", maxLength: 200 }).map((some) => some.replaceAll("\0", "0"));
const topic = text.filter((some) => some !== "");
// Lengths on both sides of where Remaining Length takes one octet more.
const payload = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 2, arbitrary: fc.integer({ min: 100, max: 130 }).map((size) => new Uint8Array(size).fill(7)) },
  { weight: 1, arbitrary: fc.integer({ min: 16_370, max: 16_400 }).map((size) => new Uint8Array(size).fill(8)) },
);

const publish: fc.Arbitrary<PublishPacket> = fc
  .record({ topic, payload, qos, retain: fc.boolean(), dup: fc.boolean(), messageId })
  .map((fields) => ({ cmd: "publish", ...fields, messageId: fields.qos === 0 ? 0 : fields.messageId }));
const ack = fc.record({ cmd: fc.constantFrom("puback", "pubrec", "pubrel", "pubcomp"), messageId });

/** Everything that the gateway sends after CONNECT. */
export const toBroker: fc.Arbitrary<PacketToBroker> = fc.oneof(
  publish,
  ack,
  fc.record({
    cmd: fc.constant("subscribe" as const),
    messageId,
    subscriptions: fc.array(fc.record({ topic, qos }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    cmd: fc.constant("unsubscribe" as const),
    messageId,
    unsubscriptions: fc.array(topic, { minLength: 1, maxLength: 3 }),
  }),
);

/** The octets that `mqtt-packet` makes of a packet. */
export function reference(packet: PacketToBroker | PacketRead | Packet, version: MqttVersion): Buffer {
  const octets = packet.cmd === "publish" ? { ...packet, payload: Buffer.from(packet.payload) } : packet;
  // Success is left out only where it is said.
  return generate({ reasonCode: 0, ...octets } as Packet, { protocolVersion: version });
}

const sent4: fc.Arbitrary<Sent> = fc
  .oneof(
    { weight: 3, arbitrary: publish },
    ack,
    fc.record({
      cmd: fc.constant("suback" as const),
      messageId,
      granted: fc.array(fc.constantFrom(0, 1, 2, 0x80), { minLength: 1, maxLength: 4 }),
    }),
    fc.record({ cmd: fc.constant("unsuback" as const), messageId }),
    fc.record({
      cmd: fc.constant("connack" as const),
      version: fc.constant(4 as const),
      properties: fc.constant({}),
      returnCode: fc.integer({ min: 0, max: 255 }),
      sessionPresent: fc.boolean(),
    }),
    fc.constant({ cmd: "pingresp" as const }),
  )
  .map((read: PacketRead) => ({ octets: reference(read, 4), read }));

/** Some of these properties, or none. */
function some<T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return fc.record(model, { requiredKeys: [] });
}

const octet = fc.integer({ min: 0, max: 255 });
const uint16 = fc.integer({ min: 1, max: 0xffff });
const uint32 = fc.integer({ min: 1, max: 0xffffffff });
const userProperties = fc.dictionary(fc.constantFrom("a", "größe", "x".repeat(130)), text, { minKeys: 1 });
const failure = fc.integer({ min: 0x80, max: 0xff });

const messageProperties = some({
  payloadFormatIndicator: fc.boolean(),
  messageExpiryInterval: uint32,
  contentType: text,
  responseTopic: text,
  correlationData: fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets)),
  subscriptionIdentifier: fc.integer({ min: 1, max: 268_435_455 }),
  userProperties,
});

const connackProperties = some({
  sessionExpiryInterval: uint32,
  serverKeepAlive: uint16,
  receiveMaximum: uint16,
  maximumQoS: fc.constantFrom(0, 1),
  retainAvailable: fc.boolean(),
  maximumPacketSize: uint32,
  wildcardSubscriptionAvailable: fc.boolean(),
  sharedSubscriptionAvailable: fc.boolean(),
  reasonString: text,
});

/** What is in CONNACK too, and is of no use. */
const otherConnackProperties = some({
  assignedClientIdentifier: text,
  topicAliasMaximum: uint16,
  subscriptionIdentifiersAvailable: fc.boolean(),
  responseInformation: text,
  serverReference: text,
  authenticationMethod: text,
  authenticationData: fc.uint8Array({ maxLength: 20 }).map((octets) => Buffer.from(octets)),
  userProperties,
});

const sent5: fc.Arbitrary<Sent> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(publish, messageProperties)
      .map(([read, properties]) => sent(read, { ...read, payload: Buffer.from(read.payload), properties })),
  },
  fc
    .tuple(ack, fc.constantFrom(0, 0, 0x10, 0x80, 0x83, 0x87, 0x92, 0x97), some({ reasonString: text, userProperties }))
    .map(([read, reasonCode, properties]) =>
      sent(reasonCode === 0 ? read : { ...read, reasonCode }, { ...read, reasonCode, properties }),
    ),
  // As short as it may be.
  ack.map((read) => ({ octets: reference(read, 5), read })),
  fc
    .record({ messageId, granted: fc.array(fc.oneof(qos, failure), { minLength: 1, maxLength: 4 }) })
    .map(({ messageId, granted }) =>
      sent(
        { cmd: "suback", messageId, granted },
        { cmd: "suback", messageId, granted, properties: { reasonString: "so" } },
      ),
    ),
  fc
    .record({ messageId, granted: fc.array(octet, { minLength: 1, maxLength: 4 }) })
    .map(({ messageId, granted }) => sent({ cmd: "unsuback", messageId }, { cmd: "unsuback", messageId, granted })),
  fc
    .tuple(octet, fc.boolean(), connackProperties, otherConnackProperties)
    .map(([returnCode, sessionPresent, properties, other]) =>
      sent(
        { cmd: "connack", version: 5, returnCode, sessionPresent, properties },
        { cmd: "connack", reasonCode: returnCode, sessionPresent, properties: { ...other, ...properties } },
      ),
    ),
  fc
    .tuple(failure, fc.option(text, { nil: undefined }))
    .map(([reasonCode, reasonString]) =>
      sent(
        { cmd: "disconnect", reasonCode, reasonString },
        { cmd: "disconnect", reasonCode, ...(reasonString === undefined ? {} : { properties: { reasonString } }) },
      ),
    ),
  fc.constant(sent({ cmd: "pingresp" }, { cmd: "pingresp" })),
);

function sent(read: PacketRead, packet: object): Sent {
  return { octets: generate(packet as Packet, { protocolVersion: 5 }), read };
}

/** Everything that a broker sends. */
export const fromBroker: Record<MqttVersion, fc.Arbitrary<Sent>> = { 4: sent4, 5: sent5 };

/** In which pieces a stream comes. */
export const pieces = fc.oneof(
  fc.constant([1]),
  fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 }),
);

/**
 * All that is read of a stream which comes in pieces; each piece is as long as its number says, and they are used over and over. Each
 * stands where the one before stood, as with a connection.
 */
export function read(stream: Uint8Array, pieces: readonly number[], reader = new PacketReader(4)): PacketRead[] {
  const packets: PacketRead[] = [];
  const buffer = Buffer.alloc(Math.min(stream.length, Math.max(...pieces)));
  for (let at = 0, i = 0; at < stream.length; i += 1) {
    const size = pieces[i % pieces.length]!;
    const piece = stream.subarray(at, at + size);
    buffer.set(piece);
    reader.push(buffer.subarray(0, piece.length));
    at += size;
    for (let packet = reader.next(); packet !== undefined; packet = reader.next()) {
      packets.push(packet.cmd === "publish" ? { ...packet, payload: Buffer.from(packet.payload) } : packet);
      if (packet.cmd === "malformed") return packets;
    }
    reader.detach();
    buffer.fill(0xff);
  }
  return packets;
}

export function readHex(hex: string, version: MqttVersion): PacketRead[] {
  return read(Buffer.from(hex.replaceAll(" ", ""), "hex"), [1000], new PacketReader(version));
}

/** Payloads as text in hex, so that a view equals a copy. */
export function plain(packets: readonly PacketRead[]): unknown[] {
  return packets.map((packet) =>
    packet.cmd === "publish" ? { ...packet, payload: Buffer.from(packet.payload).toString("hex") } : packet,
  );
}
