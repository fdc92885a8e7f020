import fc from "fast-check";
import { encode } from "../../src/sn/encode.ts";
import type { Message, QoS } from "../../src/sn/message.ts";
import { type MessageName, MSG_TYPE } from "../../src/sn/msg-type.ts";

/** Plain objects, as `decode` makes them, so that they can be compared strictly. */
const record = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<T>;

const octet = fc.nat({ max: 0xff });
const word = fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 0xffff }) }, fc.constantFrom(0, 1, 0xfffe, 0xffff));
const qos = fc.constantFrom<QoS>(0, 1, 2, -1);

/** Mostly short; now and then around the step from the short to the long header (F3), or well beyond. */
const tail = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 2, arbitrary: fc.uint8Array({ minLength: 244, maxLength: 258, size: "max" }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 300, maxLength: 2000, size: "max" }) },
);

/** Any text that UTF-8 can carry: no half surrogate pairs. */
const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 3, arbitrary: fc.constantFrom("", "a", "dev1", "a/b", "a/#", "+/b", "\0", "\uFEFFa", "ü/€/😀", "tt") },
  { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 120, maxLength: 300, size: "max" }) },
);

const ack = <T extends Message["type"]>(type: T) =>
  record({ type: fc.constant(type), topicId: word, msgId: word, returnCode: octet });
const msgIdOnly = <T extends Message["type"]>(type: T) => record({ type: fc.constant(type), msgId: word });
const answer = <T extends Message["type"]>(type: T) => record({ type: fc.constant(type), returnCode: octet });
const bare = <T extends Message["type"]>(type: T) => fc.constant({ type });
const willMsg = <T extends Message["type"]>(type: T) => record({ type: fc.constant(type), willMsg: tail });
const willTopic = <T extends Message["type"]>(type: T) =>
  fc.oneof(
    fc.constant({ type, empty: true as const }),
    record({
      type: fc.constant(type),
      empty: fc.constant(false as const),
      qos,
      retain: fc.boolean(),
      willTopic: text,
    }),
  );

const subscriptionTopic = fc.oneof(
  { weight: 4, arbitrary: record({ topicIdType: fc.constant("normal" as const), topicName: text }) },
  { weight: 4, arbitrary: record({ topicIdType: fc.constantFrom("predefined", "short"), topicId: word }) },
  { weight: 1, arbitrary: fc.constant({ topicIdType: "reserved" as const }) },
);

const inner = fc.oneof(
  record({ type: fc.constant("PINGREQ" as const), clientId: text }).map((message) => Uint8Array.from(encode(message))),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).filter((octets) => {
    const msgType = octets[0] === 1 ? octets[3] : octets[1];
    return msgType !== MSG_TYPE.ENCAPSULATED;
  }),
);

/**
 * For every message type all messages that `encode` can express. Texts are never null: null stands for octets that are not UTF-8,
 * and which ones they were is not kept.
 */
export const ARBITRARY_MESSAGES: Record<MessageName, fc.Arbitrary<Message>> = {
  ADVERTISE: record({ type: fc.constant("ADVERTISE"), gwId: octet, duration: word }),
  SEARCHGW: record({ type: fc.constant("SEARCHGW"), radius: octet }),
  GWINFO: record({ type: fc.constant("GWINFO"), gwId: octet, gwAdd: tail }),
  CONNECT: record({
    type: fc.constant("CONNECT"),
    will: fc.boolean(),
    cleanSession: fc.boolean(),
    protocolId: fc.oneof(fc.constant(1), octet),
    duration: word,
    clientId: text,
  }),
  CONNACK: answer("CONNACK"),
  WILLTOPICREQ: bare("WILLTOPICREQ"),
  WILLTOPIC: willTopic("WILLTOPIC"),
  WILLMSGREQ: bare("WILLMSGREQ"),
  WILLMSG: willMsg("WILLMSG"),
  REGISTER: record({ type: fc.constant("REGISTER"), topicId: word, msgId: word, topicName: text }),
  REGACK: ack("REGACK"),
  PUBLISH: record({
    type: fc.constant("PUBLISH"),
    dup: fc.boolean(),
    qos,
    retain: fc.boolean(),
    topicIdType: fc.constantFrom("normal", "predefined", "short", "reserved"),
    topicId: word,
    msgId: word,
    data: tail,
  }),
  PUBACK: ack("PUBACK"),
  PUBCOMP: msgIdOnly("PUBCOMP"),
  PUBREC: msgIdOnly("PUBREC"),
  PUBREL: msgIdOnly("PUBREL"),
  SUBSCRIBE: fc
    .tuple(record({ type: fc.constant("SUBSCRIBE" as const), dup: fc.boolean(), qos, msgId: word }), subscriptionTopic)
    .map(([head, topic]) => ({ ...head, ...topic })),
  SUBACK: record({ type: fc.constant("SUBACK"), qos, topicId: word, msgId: word, returnCode: octet }),
  UNSUBSCRIBE: fc
    .tuple(record({ type: fc.constant("UNSUBSCRIBE" as const), msgId: word }), subscriptionTopic)
    .map(([head, topic]) => ({ ...head, ...topic })),
  UNSUBACK: msgIdOnly("UNSUBACK"),
  PINGREQ: record({ type: fc.constant("PINGREQ"), clientId: text }),
  PINGRESP: bare("PINGRESP"),
  DISCONNECT: record({ type: fc.constant("DISCONNECT"), duration: fc.oneof(fc.constant(undefined), word) }),
  WILLTOPICUPD: willTopic("WILLTOPICUPD"),
  WILLTOPICRESP: answer("WILLTOPICRESP"),
  WILLMSGUPD: willMsg("WILLMSGUPD"),
  WILLMSGRESP: answer("WILLMSGRESP"),
  ENCAPSULATED: record({
    type: fc.constant("ENCAPSULATED"),
    radius: fc.nat({ max: 3 }),
    wirelessNodeId: fc.uint8Array({ maxLength: 252 }),
    data: inner,
  }),
};
