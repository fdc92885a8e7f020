import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { parser } from "mqtt-packet";
import { describe, expect, it } from "vitest";
import type { PublishPacket } from "../../src/gateway/packet.ts";
import { encode, encodeConnect } from "../../src/mqtt/encode.ts";
import type { MqttVersion } from "../../src/mqtt/mqtt-version.ts";
import type { PacketRead } from "../../src/mqtt/packet-read.ts";
import { PacketReader } from "../../src/mqtt/packet-reader.ts";
import { fromBroker, pieces, plain, read, readHex, reference, toBroker } from "./mqtt-packets.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const VERSIONS = [4, 5] as const;

const NOTHING = new Uint8Array(0);

/** What CONNECT of MQTT 3.1.1 does not say. */
const VERSION_4 = { version: 4, sessionExpirySeconds: 3600, receiveMax: 100 } as const;

describe("encoding", () => {
  it.each(VERSIONS)("gives the octets that mqtt-packet gives: version %i", (version) => {
    fc.assert(
      fc.property(toBroker, (packet) => {
        expect(encode(packet, version).toString("hex")).toBe(reference(packet, version).toString("hex"));
      }),
      { numRuns: 500 },
    );
  });

  it.each([0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])("knows a Remaining Length of %i", (remaining) => {
    const size = Math.max(0, remaining - 3);
    const packet: PublishPacket = {
      cmd: "publish",
      topic: "t",
      payload: new Uint8Array(size),
      qos: 0,
      retain: false,
      dup: false,
      messageId: 0,
    };
    expect(encode(packet, 4).equals(reference(packet, 4))).toBe(true);
  });

  it("refuses a topic that MQTT cannot carry", () => {
    const packet = {
      cmd: "publish",
      payload: new Uint8Array(),
      qos: 0,
      retain: false,
      dup: false,
      messageId: 0,
    } as const;
    expect(encode({ ...packet, topic: "x".repeat(65_535) }, 4)).toHaveLength(65_541);
    expect(() => encode({ ...packet, topic: `ä${"x".repeat(65_534)}` }, 4)).toThrow(RangeError);
  });

  it("says all of CONNECT", () => {
    const connect = encodeConnect({
      ...VERSION_4,
      clientId: "c",
      cleanSession: false,
      keepAliveSeconds: 60,
      will: { topic: "w", payload: Uint8Array.of(1, 2), qos: 1, retain: true },
      username: "u",
      password: "p",
    });
    expect(connect.toString("hex")).toBe(
      `101a${"00044d515454"}04ec003c${"000163"}${"000177"}${"00020102"}${"000175"}${"000170"}`,
    );
    const bare = { ...VERSION_4, clientId: "", cleanSession: true, keepAliveSeconds: 0, will: undefined };
    expect(encodeConnect({ ...bare, username: undefined, password: undefined }).toString("hex")).toBe(
      "100c00044d51545404020000" + "0000",
    );
  });

  it("says a will without a message", () => {
    const connect = {
      ...VERSION_4,
      clientId: "c",
      cleanSession: true,
      keepAliveSeconds: 0,
      username: undefined,
      password: undefined,
    };
    const will = { topic: "w", payload: new Uint8Array(0), qos: 0, retain: false } as const;
    expect(encodeConnect({ ...connect, will }).toString("hex")).toBe(
      `1012${"00044d515454"}04060000${"000163"}${"000177"}${"0000"}`,
    );
  });
});

describe("reading", () => {
  it.each(VERSIONS)(
    "gives the packets that mqtt-packet was asked to write, however the stream is cut: version %i",
    (version) => {
      fc.assert(
        fc.property(fc.array(fromBroker[version], { minLength: 1, maxLength: 12 }), pieces, (packets, sizes) => {
          const stream = Buffer.concat(packets.map(({ octets }) => octets));
          const expected = packets.map(({ read }) => read);
          expect(plain(read(stream, sizes, new PacketReader(version)))).toEqual(plain(expected));
        }),
        { numRuns: 500 },
      );
    },
  );

  it.each(VERSIONS)("never throws on any octets, and gives the same however they are cut: version %i", (version) => {
    fc.assert(
      fc.property(anything(version), pieces, (stream, sizes) => {
        const atOnce = read(stream, [stream.length + 1], new PacketReader(version));
        expect(plain(read(stream, sizes, new PacketReader(version)))).toEqual(plain(atOnce));
      }),
      { numRuns: 2000 },
    );
  });

  it("takes a long packet that comes in pieces, and what follows it in the last of them", () => {
    const long: PublishPacket = {
      cmd: "publish",
      topic: "a",
      payload: new Uint8Array(130_000).fill(3),
      qos: 1,
      retain: false,
      dup: false,
      messageId: 1,
    };
    const stream = Buffer.concat([reference(long, 4), Buffer.from("d000", "hex"), reference(long, 4)]);
    expect(plain(read(stream, [65_536]))).toEqual(plain([long, { cmd: "pingresp" }, long]));
  });

  it("remembers no long topic: what a connection keeps does not grow with it", () => {
    const readers = Array.from({ length: 200 }, () => new PacketReader(4));
    const topicOctets = 60_000;
    collect();
    const before = process.memoryUsage().heapUsed;
    for (const [index, reader] of readers.entries()) {
      // Each has its own, so that there is nothing to share.
      const topic = `${index}/`.padEnd(topicOctets, "x");
      const stream = reference(
        { cmd: "publish", topic, payload: NOTHING, qos: 0, retain: false, dup: false, messageId: 0 },
        4,
      );
      expect(read(stream, [stream.length], reader)).toHaveLength(1);
    }
    collect();
    const perReader = (process.memoryUsage().heapUsed - before) / readers.length;
    expect(perReader).toBeLessThan(topicOctets / 4);
    expect(readers).toHaveLength(200);
  });

  it("keeps of what it was given only what it needs, when that is to be written over", () => {
    const octets = Buffer.from("3005000161" + "0102" + "d000" + "40020007" + "5002", "hex");
    const reader = new PacketReader(4);
    reader.push(octets);
    expect(reader.next()).toMatchObject({ cmd: "publish", topic: "a", payload: Buffer.from([1, 2]) });
    expect(reader.next()).toEqual({ cmd: "pingresp" });
    reader.detach();
    octets.fill(0xff);
    expect(reader.next()).toEqual({ cmd: "puback", messageId: 7 });
    expect(reader.next()).toBeUndefined();
    reader.detach();
    octets.fill(0xff);
    reader.push(Buffer.from("0008", "hex"));
    expect(reader.next()).toEqual({ cmd: "pubrec", messageId: 8 });
  });

  it("reads a topic as what it is, whatever the one before was", () => {
    // In Latin-1 the octet of U+00E9 is the beginning of another character.
    const topics = ["a", "b", "aa", "\u00e9", "temp\u00e9rature", "\u6e29\u5ea6", "\u00c3\u00a9", "x".repeat(300)];
    const publish = (topic: string): PublishPacket => {
      return { cmd: "publish", topic, payload: Buffer.alloc(0), qos: 0, retain: false, dup: false, messageId: 0 };
    };
    const packets = topics.flatMap((one) => topics.flatMap((other) => [publish(one), publish(other), publish(other)]));
    const stream = Buffer.concat(packets.map((packet) => reference(packet, 4)));
    expect(plain(read(stream, [100]))).toEqual(plain(packets));
    for (const octets of ["00", "c3", "ff", ""]) {
      const ill = `30${(2 + octets.length / 2).toString(16).padStart(2, "0")}000${octets.length / 2}${octets}`;
      expect(readHex(`3003000161${ill}`, 4).map(({ cmd }) => cmd)).toEqual(["publish", "malformed"]);
    }
  });

  it("goes on where it stopped when more is pushed before everything was taken", () => {
    const reader = new PacketReader(4);
    reader.push(Buffer.from("d00040020001", "hex"));
    expect(reader.next()).toEqual({ cmd: "pingresp" });
    reader.push(Buffer.from("d00030", "hex"));
    reader.push(Buffer.from("0300016140020002", "hex"));
    const rest: (PacketRead | undefined)[] = Array.from({ length: 5 }, () => reader.next());
    expect(rest.map((packet) => packet?.cmd)).toEqual(["puback", "pingresp", "publish", "puback", undefined]);
  });

  it("agrees with mqtt-packet wherever it takes a packet, on any octets", () => {
    fc.assert(
      fc.property(anything(4), pieces, (stream, sizes) => {
        const packets = read(stream, sizes);
        const last = packets.at(-1);
        if (last?.cmd === "malformed") packets.pop();
        expect(plain(packets)).toEqual(plain(readByReference(stream).slice(0, packets.length)));
      }),
      { numRuns: 2000 },
    );
  });

  it("stays at it when the stream is malformed", () => {
    const reader = new PacketReader(4);
    reader.push(Buffer.from("36000000", "hex"));
    expect(reader.next()).toMatchObject({ cmd: "malformed" });
    reader.push(Buffer.from("d000", "hex"));
    expect(reader.next()).toMatchObject({ cmd: "malformed" });
  });

  it("reads on another link after a packet that mqtt-packet could not read", () => {
    expect(readHex("9003 0001 07", 4)).toMatchObject([{ cmd: "malformed" }]);
    expect(readHex("9003 0001 02", 4)).toEqual([{ cmd: "suback", messageId: 1, granted: [2] }]);
  });

  it.each([[[10]], [[1]], [[64]], [[104]], [[1000]]])(
    "keeps the beginning of a PUBLISH that is too large, and reads on behind it: in pieces of %j octets",
    (sizes) => {
      // Of the payload 93 octets are kept at most.
      const publish = (octets: number) => {
        return Buffer.concat([Buffer.from([0x32, 5 + octets, 0, 1, 0x61, 0, 7]), Buffer.alloc(octets, "x")]);
      };
      for (const octets of [92, 93, 94, 95, 120]) {
        const stream = Buffer.concat([publish(octets), publish(0), Buffer.from("d000", "hex")]);
        const [large, small, pingresp] = read(stream, sizes, new PacketReader(4, 100));
        expect(large).toMatchObject({ cmd: "publish", topic: "a", messageId: 7 });
        expect((large as { payload: Uint8Array }).payload).toHaveLength(Math.min(octets, 93));
        expect(small).toMatchObject({ cmd: "publish", payload: Buffer.alloc(0) });
        expect(pingresp).toEqual({ cmd: "pingresp" });
      }
    },
  );

  it("keeps of the largest PUBLISH there is more payload than fits into a datagram, and no more than 128 KiB", () => {
    const reader = new PacketReader(4);
    const topic = "t".repeat(65_535);
    const header = Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff]);
    reader.push(Buffer.concat([header, Buffer.from(topic)]));
    const piece = Buffer.alloc(1024 * 1024);
    let left = 268_435_455 - 2 - 65_535;
    const before = process.memoryUsage().arrayBuffers;
    for (; left > 0; left -= piece.length) {
      expect(reader.next()).toBeUndefined();
      reader.push(piece.subarray(0, left));
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * piece.length);
    const packet = reader.next() as { topic: string; payload: Uint8Array };
    expect(packet.topic).toBe(topic);
    expect(packet.payload.length).toBeGreaterThan(65_507);
    expect(packet.payload.length).toBeLessThanOrEqual(128 * 1024);
    expect(reader.next()).toBeUndefined();
    reader.push(Buffer.from("d000", "hex"));
    expect(reader.next()).toEqual({ cmd: "pingresp" });
  });

  it("does not take another packet that is too large, as soon as its length is known", () => {
    const reader = new PacketReader(4, 100);
    reader.push(Buffer.from("9063", "hex"));
    expect(reader.next()).toEqual({
      cmd: "malformed",
      reason: "the broker sent a packet of 101 octets, larger than is taken",
    });
  });

  it.each([
    ["a PUBLISH with QoS 3", "36 05 000161 0001", "a PUBLISH with QoS 3"],
    ["a PUBLISH without a topic", "30 02 0000", "a PUBLISH whose topic is empty"],
    ["a PUBLISH whose topic is longer than it", "30 04 0003 6161", "a PUBLISH that is too short"],
    ["a PUBLISH without its packet identifier", "32 04 0001 61 00", "a PUBLISH that is too short"],
    ["a PUBLISH of one octet", "30 01 00", "a PUBLISH that is too short"],
    ["packet identifier 0 in PUBLISH", "32 05 0001 61 0000", "a PUBLISH with packet identifier 0"],
    ["ill-formed UTF-8 in a topic", "30 04 0002 c320", "not well-formed UTF-8"],
    ["a surrogate in a topic", "30 05 0003 eda080", "not well-formed UTF-8"],
    ["U+0000 in a topic (MQTT-1.5.3-2)", "30 05 0003 610061", "not well-formed UTF-8"],
    ["U+0000 in a topic beyond ASCII", "30 06 0004 c3a40061", "not well-formed UTF-8"],
    ["a PUBREL without its reserved bit (MQTT-3.6.1-1)", "60 02 0001", "a PUBREL whose reserved flags are wrong"],
    ["a PUBACK with a flag", "42 02 0001", "a PUBACK whose reserved flags are wrong"],
    ["a PUBREC of three octets", "50 03 000100", "a PUBREC of the wrong length"],
    ["packet identifier 0 in PUBCOMP", "70 02 0000", "a PUBCOMP with packet identifier 0"],
    ["a PINGRESP with content", "d0 01 00", "a PINGRESP with content or flags"],
    ["a SUBACK without a code", "90 02 0001", "a packet of type 9 that has the wrong length"],
    ["a SUBACK with the code 7", "90 03 0001 07", "Invalid suback QoS"],
    ["packet identifier 0 in SUBACK", "90 03 0000 00", "packet identifier 0"],
    ["packet identifier 0 in UNSUBACK", "b0 02 0000", "packet identifier 0"],
    ["a CONNACK of one octet", "20 01 00", "a packet of type 2 that has the wrong length"],
    ["a CONNACK with a flag", "21 02 0000", "Invalid header flag bits"],
    ["a SUBSCRIBE", "82 06 0001 000161 00", "a packet of type 8, which no broker sends"],
    ["a DISCONNECT", "e0 00", "a packet of type 14, which no broker sends"],
    ["type 0", "00 00", "a packet of type 0, which no broker sends"],
    [
      "HTTP",
      Buffer.from(`HTTP/1.1 400 Bad Request\r\n${"x: y\r\n".repeat(20)}`).toString("hex"),
      "a PUBACK whose reserved flags are wrong",
    ],
    ["a Remaining Length of five octets", "30 ffffffff 01", "a Remaining Length of more than four octets"],
  ])("refuses %s", (_name, hex, reason) => {
    expect(readHex(hex, 4)).toEqual([{ cmd: "malformed", reason: expect.stringContaining(reason) }]);
  });
});

/** Any octets, and streams that are right but for one octet, which get further than noise. */
function anything(version: MqttVersion): fc.Arbitrary<Uint8Array> {
  const almostRight = fc
    .tuple(fc.array(fromBroker[version], { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat(255))
    .map(([packets, position, octet]) => {
      const stream = Buffer.concat(packets.map(({ octets }) => octets));
      stream[position % stream.length] = octet;
      return new Uint8Array(stream);
    });
  return fc.oneof(fc.uint8Array({ maxLength: 80 }), almostRight);
}

/** What `mqtt-packet` reads, in our shape. */
function readByReference(stream: Uint8Array): PacketRead[] {
  const packets: PacketRead[] = [];
  const reader = parser({ protocolVersion: 4 });
  reader.on("error", () => {});
  reader.on("packet", (packet) => {
    if (packet.cmd === "publish") {
      const { topic, payload, qos, retain, dup } = packet;
      const id = packet.messageId ?? 0;
      packets.push({ cmd: "publish", topic, payload: payload as Buffer, qos, retain, dup, messageId: id });
    } else if (packet.cmd === "suback") {
      packets.push({ cmd: "suback", messageId: packet.messageId!, granted: packet.granted as number[] });
    } else if (packet.cmd === "connack") {
      const { returnCode = -1, sessionPresent } = packet;
      packets.push({ cmd: "connack", version: 4, properties: {}, returnCode, sessionPresent });
    } else if (packet.cmd === "pingresp") {
      packets.push({ cmd: "pingresp" });
    } else {
      packets.push({ cmd: packet.cmd, messageId: packet.messageId } as PacketRead);
    }
  });
  try {
    reader.parse(Buffer.from(stream));
  } catch {
    // It reads beyond the end of some packets that are too short. What it had before that counts.
  }
  return packets;
}
