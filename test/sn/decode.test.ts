import { describe, expect, test } from "vitest";
import { decode, type Malformed } from "../../src/sn/decode.ts";
import { type MessageName, MSG_TYPE } from "../../src/sn/msg-type.ts";
import { octets } from "./octets.ts";
import { UNUSED_FLAGS } from "./unused-flags.ts";
import { VECTORS } from "./vectors.ts";

function malformed(reason: Malformed["reason"]): Malformed {
  return { type: "malformed", reason };
}

/** A datagram in the short form, or with `long` in the long one. */
function datagram(msgType: number, body: Uint8Array, long = false): Uint8Array {
  const size = body.length + 4;
  if (long) return Uint8Array.of(1, size >> 8, size & 0xff, msgType, ...body);
  return Uint8Array.of(body.length + 2, msgType, ...body);
}

describe("the header", () => {
  test.each([
    ["F5 nothing at all", ""],
    ["F5 one octet", "02"],
    ["F5 only the mark of the long form", "01"],
    ["F5 Length 0", "00 16"],
    ["F5 Length larger than the datagram", "03 16"],
    ["F5 a long form of two octets", "01 00"],
    ["F5 a long form of three octets", "01 00 03"],
    ["F5 a long form that says 3", "01 00 03 16"],
    ["F5 a long form that says 0", "01 00 00 16"],
    ["F5 a long form larger than the datagram", "01 00 05 16"],
    ["F1 a short Length of 1 does not exist", "01 16"],
    ["F6 an octet after the message", "02 16 00"],
    ["F6 an octet after a long form", "01 00 04 16 00"],
    ["F6 two messages in a datagram", "02 16 02 16"],
  ])("F1, F5, F6: %s is malformed", (_name, hex) => {
    expect(decode(octets(hex))).toStrictEqual(malformed("length"));
  });

  test("F1 a first octet of 1 is the long form, whatever Length follows", () => {
    const data = new Uint8Array(0xfe16 - 9);
    const message = Uint8Array.of(1, 0xfe, 0x16, MSG_TYPE.PUBLISH, 0, 0, 7, 0, 0, ...data);
    expect(decode(message)).toMatchObject({ type: "PUBLISH", topicId: 7, data });
  });

  test.each(VECTORS.filter(({ hex, message }) => message.type !== "ENCAPSULATED" && !hex.startsWith("01")))(
    "F2 $name is accepted in the long form",
    ({ hex, message }) => {
      const short = octets(hex);
      expect(decode(datagram(short[1]!, short.subarray(2), true))).toStrictEqual(message);
    },
  );

  test.each([252, 253, 254])("F3 a body of %i octets is accepted in every form that can hold it", (size) => {
    const body = octets("00 04 03 00 00".padEnd(2 * size + 4, "7A"));
    expect(body.length).toBe(size);
    const message = { type: "PUBLISH", topicId: 0x0403, data: body.subarray(5) };
    expect(decode(datagram(MSG_TYPE.PUBLISH, body, true))).toMatchObject(message);
    if (size <= 253) expect(decode(datagram(MSG_TYPE.PUBLISH, body))).toMatchObject(message);
  });

  test("A-03 a message of 257 octets whose long header says 255, as the Paho library writes it, is taken", () => {
    const body = octets("00 04 03 00 00".padEnd(2 * 253 + 4, "7A"));
    const paho = Uint8Array.of(0x01, 0x00, 0xff, MSG_TYPE.PUBLISH, ...body);
    expect(paho.length).toBe(257);
    expect(decode(paho)).toMatchObject({ type: "PUBLISH", topicId: 0x0403, data: body.subarray(5) });
    // No other difference of two is.
    for (const length of [254, 256, 257, 258]) {
      const wrong = Uint8Array.of(0x01, length >> 8, length & 0xff, MSG_TYPE.PUBLISH, ...new Uint8Array(length - 2));
      expect(decode(wrong)).toStrictEqual(malformed("length"));
    }
    expect(decode(paho.subarray(0, 256))).toStrictEqual(malformed("length"));
  });

  test("F4 the largest message there can be is decoded", () => {
    const body = new Uint8Array(65535 - 4);
    expect(decode(datagram(MSG_TYPE.WILLMSG, body, true))).toStrictEqual({ type: "WILLMSG", willMsg: body });
  });

  test("F7 every reserved message type is malformed, in both forms", () => {
    const known = new Set<number>(Object.values(MSG_TYPE));
    for (let msgType = 0; msgType <= 0xff; msgType += 1) {
      if (known.has(msgType)) continue;
      expect(decode(datagram(msgType, octets("00 00 00 00")))).toStrictEqual(malformed("reserved message type"));
      expect(decode(datagram(msgType, octets("00 00 00 00"), true))).toStrictEqual(malformed("reserved message type"));
    }
  });
});

/** Octets after MsgType, where the standard fixes them (§5.4). */
const EXACT: Partial<Record<MessageName, readonly number[]>> = {
  ADVERTISE: [3],
  SEARCHGW: [1],
  CONNACK: [1],
  WILLTOPICREQ: [0],
  WILLMSGREQ: [0],
  REGACK: [5],
  PUBACK: [5],
  PUBCOMP: [2],
  PUBREC: [2],
  PUBREL: [2],
  SUBACK: [6],
  UNSUBACK: [2],
  PINGRESP: [0],
  DISCONNECT: [0, 2],
  WILLTOPICRESP: [1],
  WILLMSGRESP: [1],
};

/** Fewest octets after MsgType, where a message ends in text or data; SUBSCRIBE and UNSUBSCRIBE by name. */
const AT_LEAST: Partial<Record<MessageName, number>> = {
  GWINFO: 1,
  CONNECT: 4,
  WILLTOPIC: 0,
  WILLMSG: 0,
  REGISTER: 4,
  PUBLISH: 5,
  SUBSCRIBE: 3,
  UNSUBSCRIBE: 3,
  PINGREQ: 0,
  WILLTOPICUPD: 0,
  WILLMSGUPD: 0,
};

describe("the size of a message", () => {
  test("is fixed or bounded for every message type but the envelope", () => {
    const named = [...Object.keys(EXACT), ...Object.keys(AT_LEAST), "ENCAPSULATED"];
    expect(named.sort()).toStrictEqual(Object.keys(MSG_TYPE).sort());
  });

  test.each(Object.entries(EXACT) as [MessageName, number[]][])(
    "F5 %s is accepted at its exact size only",
    (name, sizes) => {
      for (let size = 0; size <= 10; size += 1) {
        const decoded = decode(datagram(MSG_TYPE[name], new Uint8Array(size)));
        if (sizes.includes(size)) expect(decoded.type).toBe(name);
        else {
          const reason = size < Math.max(...sizes) ? "field missing" : "octets left over";
          expect(decoded).toStrictEqual(malformed(reason));
        }
      }
    },
  );

  test.each(Object.entries(AT_LEAST) as [MessageName, number][])(
    "F5 %s may end in any number of octets",
    (name, least) => {
      for (let size = 0; size <= 10; size += 1) {
        const decoded = decode(datagram(MSG_TYPE[name], new Uint8Array(size)));
        if (size >= least) expect(decoded.type).toBe(name);
        else expect(decoded).toStrictEqual(malformed("field missing"));
      }
    },
  );

  test.each([
    ["SUBSCRIBE", 1],
    ["SUBSCRIBE", 2],
    ["UNSUBSCRIBE", 1],
    ["UNSUBSCRIBE", 2],
  ] as const)("%s with TopicIdType %i has two octets of topic, no more and no less", (name, topicIdType) => {
    const body = (size: number): Uint8Array => Uint8Array.of(topicIdType, ...new Uint8Array(size - 1));
    expect(decode(datagram(MSG_TYPE[name], body(4)))).toStrictEqual(malformed("field missing"));
    expect(decode(datagram(MSG_TYPE[name], body(5))).type).toBe(name);
    expect(decode(datagram(MSG_TYPE[name], body(6)))).toStrictEqual(malformed("octets left over"));
  });
});

describe("flags", () => {
  test.each(
    VECTORS.filter(({ message }) => UNUSED_FLAGS[message.type] !== undefined && !("empty" in message && message.empty)),
  )("F8 $name: bits that it does not use are ignored", ({ hex, message }) => {
    const changed = octets(hex);
    changed[changed[0] === 1 ? 4 : 2]! |= UNUSED_FLAGS[message.type]!;
    expect(decode(changed)).toStrictEqual(message);
  });

  test.each([
    [0x00, 0],
    [0x20, 1],
    [0x40, 2],
    [0x60, -1],
  ])("QoS bits %i are QoS %i, also where -1 is refused later (S5)", (bits, qos) => {
    expect(decode(Uint8Array.of(7, 0x0c, bits, 0, 7, 0, 0))).toMatchObject({ qos });
    expect(decode(Uint8Array.of(6, 0x12, bits, 0, 1, 0x61))).toMatchObject({ qos });
    expect(decode(Uint8Array.of(8, 0x13, bits, 0, 7, 0, 1, 0))).toMatchObject({ qos });
    expect(decode(Uint8Array.of(4, 0x07, bits, 0x61))).toMatchObject({ qos });
    expect(decode(Uint8Array.of(4, 0x1a, bits, 0x61))).toMatchObject({ qos });
  });

  test("the reserved TopicIdType comes through, to be refused with the message's MsgId (P7, S5)", () => {
    expect(decode(octets("09 0C 23 04 03 00 02 68 69"))).toMatchObject({
      type: "PUBLISH",
      topicIdType: "reserved",
      topicId: 0x0403,
      msgId: 2,
    });
    const reserved = { topicIdType: "reserved", msgId: 8 } as const;
    for (const topic of ["", "61", "00 07", "61 2F 62"]) {
      const body = octets(`03 00 08 ${topic}`);
      expect(decode(datagram(0x12, body))).toStrictEqual({ type: "SUBSCRIBE", dup: false, qos: 0, ...reserved });
      expect(decode(datagram(0x14, body))).toStrictEqual({ type: "UNSUBSCRIBE", ...reserved });
    }
  });
});

describe("texts", () => {
  /** The messages that end in text, without it. */
  const BEFORE_TEXT: [string, string, string][] = [
    ["CONNECT", "04 01 00 3C", "clientId"],
    ["REGISTER", "00 00 00 01", "topicName"],
    ["SUBSCRIBE", "20 00 04", "topicName"],
    ["UNSUBSCRIBE", "00 00 04", "topicName"],
    ["PINGREQ", "", "clientId"],
    ["WILLTOPIC", "30", "willTopic"],
    ["WILLTOPICUPD", "30", "willTopic"],
  ];

  test.each(BEFORE_TEXT)("an empty text of %s comes through as such (C6, T5, W5, S5)", (name, before, field) => {
    expect(decode(datagram(MSG_TYPE[name as MessageName], octets(before)))).toMatchObject({ type: name, [field]: "" });
  });

  test.each(BEFORE_TEXT)(
    "ill-formed UTF-8 in %s comes through as null, with the other fields (T5)",
    (name, before, field) => {
      for (const illFormed of ["FF", "61 80", "C3", "C0 80", "ED A0 80", "F4 90 80 80", "E2 82"]) {
        const message = decode(datagram(MSG_TYPE[name as MessageName], octets(`${before} ${illFormed}`)));
        expect(message).toMatchObject({ type: name, [field]: null });
        if ("msgId" in message) expect(message.msgId).toBe(name === "REGISTER" ? 1 : 4);
      }
    },
  );

  test.each(BEFORE_TEXT)("%s keeps a byte order mark, U+0000 and four-octet characters", (name, before, field) => {
    const message = decode(datagram(MSG_TYPE[name as MessageName], octets(`${before} EF BB BF 00 F0 9F 98 80`)));
    expect(message).toMatchObject({ type: name, [field]: "\uFEFF\0😀" });
  });
});

describe("data", () => {
  test("an empty payload and an empty will message are valid (A-05, W5)", () => {
    expect(decode(octets("07 0C 00 04 03 00 00"))).toMatchObject({ type: "PUBLISH", data: new Uint8Array(0) });
    expect(decode(octets("02 09"))).toStrictEqual({ type: "WILLMSG", willMsg: new Uint8Array(0) });
    expect(decode(octets("02 1C"))).toStrictEqual({ type: "WILLMSGUPD", willMsg: new Uint8Array(0) });
  });

  test("is a view into the datagram, also when that is itself a view", () => {
    const around = octets("AA AA 09 0C 00 04 03 00 00 68 69 AA");
    const message = decode(around.subarray(2, 11));
    expect(message).toMatchObject({ type: "PUBLISH", topicId: 0x0403, data: octets("68 69") });
    if (message.type === "PUBLISH") expect(message.data.buffer).toBe(around.buffer);
  });
});

describe("the forwarder's envelope", () => {
  test("E1 Length counts the envelope only: the node id ends there", () => {
    expect(decode(octets("03 FE 00 02 16"))).toStrictEqual({
      type: "ENCAPSULATED",
      radius: 0,
      wirelessNodeId: new Uint8Array(0),
      data: octets("02 16"),
    });
    const nodeId = Uint8Array.from({ length: 252 }, (_, index) => index);
    expect(decode(Uint8Array.of(255, 0xfe, 0, ...nodeId, 2, 0x16))).toStrictEqual({
      type: "ENCAPSULATED",
      radius: 0,
      wirelessNodeId: nodeId,
      data: octets("02 16"),
    });
  });

  test("E1 an envelope has no long form: its Length is one octet", () => {
    expect(decode(octets("01 00 09 FE 00 00 2A 02 16"))).toStrictEqual(malformed("reserved message type"));
  });

  test("E2 the inner message has its own header, and may be in the long form", () => {
    expect(decode(octets("05 FE 00 00 2A 01 00 04 16"))).toMatchObject({ data: octets("01 00 04 16") });
    const long = VECTORS.find(({ name }) => name.includes("249"))!;
    const inner = octets(long.hex);
    const message = decode(Uint8Array.of(5, 0xfe, 0, 0, 0x2a, ...inner));
    expect(message).toMatchObject({ type: "ENCAPSULATED", data: inner });
    if (message.type === "ENCAPSULATED") expect(decode(message.data)).toStrictEqual(long.message);
  });

  test("E2 an inner message that does not fill the datagram is found when it is decoded itself", () => {
    const message = decode(octets("05 FE 00 00 2A 02 16 00"));
    expect(message.type).toBe("ENCAPSULATED");
    if (message.type === "ENCAPSULATED") expect(decode(message.data)).toStrictEqual(malformed("length"));
  });

  test("E3 the radius is the two lowest bits of Ctrl; the others are ignored", () => {
    expect(decode(octets("05 FE FE 00 2A 02 16"))).toMatchObject({ radius: 2 });
  });

  test("E4, E6 the node id and the inner octets come through untouched", () => {
    expect(decode(octets("06 FE 00 FF 00 FE FF FF FF"))).toMatchObject({
      wirelessNodeId: octets("FF 00 FE"),
      data: octets("FF FF FF"),
    });
  });

  test.each([
    ["Length below 3", "02 FE 00 02 16", "length"],
    ["Length 0", "00 FE 00 02 16", "length"],
    ["Length of the whole datagram", "05 FE 00 00 2A", "length"],
    ["Length beyond the datagram", "09 FE 00 00 2A 02 16", "length"],
    ["two octets", "02 FE", "length"],
    ["an envelope in an envelope", "05 FE 00 00 2A 03 FE 00 02 16", "nested encapsulation"],
    ["a long envelope in an envelope", "05 FE 00 00 2A 01 00 05 FE 00", "nested encapsulation"],
  ] as const)("E7 %s is malformed", (_name, hex, reason) => {
    expect(decode(octets(hex))).toStrictEqual(malformed(reason));
  });

  test.each(["00 2A 00 06 02 18", "01 00 00 2A 02 18"])(
    "E8 the header of version 1.1 (%s) is not understood",
    (hex) => {
      expect(decode(octets(hex)).type).toBe("malformed");
    },
  );
});
