import { generate } from "mqtt-packet";
import { describe, expect, it } from "vitest";
import type { PublishPacket } from "../../src/gateway/packet.ts";
import { encodeConnect } from "../../src/mqtt/encode.ts";
import { PacketReader } from "../../src/mqtt/packet-reader.ts";
import { read, readHex } from "./mqtt-packets.ts";

/** Its head up to the property length of CONNECT, whose flags and keep alive are these. */
function connectHead(flags: string, keepAlive: string): string {
  return `${"00044d515454"}05${flags}${keepAlive}`;
}

const DATAGRAM_OCTETS_MAX = 65_507;

/** A PUBLISH with so many octets of properties, about, and of payload. */
function large(topic: string, propertyOctets: number, payloadOctets: number): Buffer {
  const values = Array.from({ length: Math.ceil(propertyOctets / 65_535) }, () => "p".repeat(65_000));
  const packet = { cmd: "publish", topic, qos: 1, messageId: 7, dup: false, retain: false } as const;
  const payload = Buffer.alloc(payloadOctets, "x");
  return generate({ ...packet, payload, properties: { userProperties: { p: values } } }, { protocolVersion: 5 });
}

describe("CONNECT of MQTT 5", () => {
  const bare = {
    version: 5,
    clientId: "c",
    keepAliveSeconds: 60,
    will: undefined,
    username: undefined,
    password: undefined,
    sessionExpirySeconds: 0xffffffff,
    receiveMax: 100,
  } as const;

  it("asks for a session that lasts, and says how many messages may be unfinished", () => {
    const octets = encodeConnect({ ...bare, cleanSession: false }).toString("hex");
    expect(octets).toBe(`1016${connectHead("00", "003c")}08${"11ffffffff"}${"210064"}${"000163"}`);
  });

  it("asks for no session that lasts where it is a clean one", () => {
    const octets = encodeConnect({ ...bare, cleanSession: true }).toString("hex");
    expect(octets).toBe(`1011${connectHead("02", "003c")}03${"210064"}${"000163"}`);
  });

  it("says a will and credentials", () => {
    const will = { topic: "w", payload: new Uint8Array(), qos: 1, retain: true } as const;
    const octets = encodeConnect({ ...bare, cleanSession: true, will, username: "u", password: "p" }).toString("hex");
    expect(octets.slice(4)).toBe(
      `${connectHead("ee", "003c")}03${"210064"}${"000163"}00${"000177"}${"0000"}${"000175"}${"000170"}`,
    );
  });
});

describe("reading MQTT 5", () => {
  it.each([
    ["0x00", "40 03 0007 00", undefined],
    ["0x10, that nobody has subscribed", "40 03 0007 10", 0x10],
    ["0x87 without properties", "40 03 0007 87", 0x87],
    ["0x87 with the length of none", "40 04 0007 87 00", 0x87],
    ["one that there is not", "40 03 0007 ff", 0xff],
  ])("gives the reason code of an acknowledgement: %s", (_name, hex, reasonCode) => {
    const expected = { cmd: "puback", messageId: 7, ...(reasonCode === undefined ? {} : { reasonCode }) };
    expect(readHex(hex, 5)).toEqual([expected]);
  });

  it("knows a CONNACK of MQTT 3.1.1", () => {
    const connack = { cmd: "connack", version: 4, returnCode: 1, sessionPresent: false, properties: {} };
    expect(readHex("20 02 00 01", 5)).toEqual([connack]);
  });

  it("takes a DISCONNECT without anything for a normal one", () => {
    expect(readHex("e0 00", 5)).toEqual([{ cmd: "disconnect", reasonCode: 0, reasonString: undefined }]);
  });

  it.each([[[1_000_000]], [[1000]]])(
    "takes a PUBLISH that has more properties than are kept of a packet for one that is too large, and reads on: %j",
    (pieces) => {
      const stream = Buffer.concat([large("a", 3 * 65_535, 1), Buffer.from("40020001", "hex")]);
      const [publish, puback] = read(stream, pieces, new PacketReader(5)) as [PublishPacket, unknown];
      expect(publish).toMatchObject({ cmd: "publish", topic: "a", qos: 1, messageId: 7 });
      expect(publish.payload.length).toBeGreaterThan(DATAGRAM_OCTETS_MAX);
      expect(puback).toEqual({ cmd: "puback", messageId: 1 });
    },
  );

  it("does not hand over the little that is kept of a large payload behind a long topic and many properties", () => {
    const stream = large("t".repeat(65_535), 65_500, 200_000);
    const [publish] = read(stream, [stream.length], new PacketReader(5)) as [PublishPacket];
    expect(publish.payload.length).toBeGreaterThan(DATAGRAM_OCTETS_MAX);
  });

  it.each([
    ["a PUBLISH with the length of properties in five octets", "30 08 0001 61 80808080 01", "no proper length"],
    ["a PUBLISH whose properties are longer than it", "30 05 0001 61 02 01", "a PUBLISH that is too short"],
    ["a PUBLISH without the length of its properties", "30 03 0001 61", "a PUBLISH that is too short"],
    ["a PUBLISH with a topic alias instead of a topic", "30 06 0000 03 230001", "whose topic is empty"],
    ["a PUBACK of one octet", "40 01 00", "a PUBACK of the wrong length"],
    ["a PUBACK longer than its properties", "40 05 0001 87 00 00", "a PUBACK that does not end with its properties"],
    ["a PUBACK shorter than its properties", "40 04 0001 87 01", "a PUBACK that does not end with its properties"],
    ["packet identifier 0 in PUBREC", "50 03 0000 87", "a PUBREC with packet identifier 0"],
    ["a PUBREL without its reserved bit", "60 03 0001 92", "a PUBREL whose reserved flags are wrong"],
    ["a CONNACK of one octet", "20 01 00", "a CONNACK of the wrong length"],
    ["a CONNACK with a flag in its header", "21 03 00 00 00", "a packet of type 2 whose reserved flags are wrong"],
    ["a CONNACK with a reserved flag", "20 03 02 00 00", "a CONNACK whose reserved flags are wrong"],
    ["a CONNACK longer than its properties", "20 04 00 00 00 00", "a CONNACK with malformed properties"],
    ["a CONNACK shorter than its properties", "20 03 00 00 01", "a CONNACK with malformed properties"],
    ["a property that there is not", "20 05 00 00 02 7f 00", "a CONNACK with malformed properties"],
    ["a property that is cut off", "20 05 00 00 02 21 00", "a CONNACK with malformed properties"],
    ["a property without its length", "20 05 00 00 02 1f 00", "a CONNACK with malformed properties"],
    ["a property twice", "20 09 00 00 06 210001 210001", "a CONNACK with malformed properties"],
    ["a Receive Maximum of 0", "20 06 00 00 03 210000", "a CONNACK with malformed properties"],
    ["a Maximum QoS of 2", "20 05 00 00 02 2402", "a CONNACK with malformed properties"],
    ["a Maximum Packet Size of 0", "20 08 00 00 05 2700000000", "a CONNACK with malformed properties"],
    ["a Retain Available of 2", "20 05 00 00 02 2502", "a CONNACK with malformed properties"],
    ["a SUBACK without properties", "90 02 0001", "a SUBACK of the wrong length"],
    ["a SUBACK without a code", "90 03 0001 00", "a SUBACK without a reason code"],
    ["a SUBACK with the code 3", "90 04 0001 00 03", "a SUBACK with a reason code that there is not"],
    ["packet identifier 0 in SUBACK", "90 04 0000 00 00", "a SUBACK with packet identifier 0"],
    ["an UNSUBACK without a code", "b0 03 0001 00", "an UNSUBACK without a reason code"],
    ["packet identifier 0 in UNSUBACK", "b0 04 0000 00 00", "an UNSUBACK with packet identifier 0"],
    ["a DISCONNECT longer than its properties", "e0 03 00 00 00", "a DISCONNECT with malformed properties"],
    ["an AUTH", "f0 00", "an AUTH, though it was not asked for any"],
    ["a SUBSCRIBE", "80 06 0001 00 0161 00", "a packet of type 8, which no broker sends"],
    ["type 0", "00 00", "a packet of type 0, which no broker sends"],
  ])("refuses %s", (_name, hex, reason) => {
    expect(readHex(hex, 5)).toEqual([{ cmd: "malformed", reason: expect.stringContaining(reason) }]);
  });
});
