import type { Packet, Parser } from "mqtt-packet";
import { mqttPacket } from "./mqtt-packet.ts";
import type { MqttVersion } from "./mqtt-version.ts";
import { malformed, type PacketRead } from "./packet-read.ts";
import { propertiesEnd, readProperties } from "./properties.ts";

/** What there is seldom: CONNACK, SUBACK, UNSUBACK, DISCONNECT. `packet` is the whole packet, whose header ends at `content`. */
export function decodeRare(packet: Buffer, content: number, version: MqttVersion): PacketRead {
  return version === 5 ? decodeRare5(packet, content) : decodeRare4(packet, packet.length - content);
}

function decodeRare4(packet: Buffer, size: number): PacketRead {
  const type = packet[0]! >> 4;
  if (type !== 2 && type !== 9 && type !== 11) return malformed(`a packet of type ${type}, which no broker sends`);
  // mqtt-packet reads on beyond the end of some packets that are too short.
  if (type === 9 ? size < 3 : size !== 2) return malformed(`a packet of type ${type} that has the wrong length`);
  const read = rarePackets.read(packet);
  if (typeof read === "string") return malformed(`a packet that cannot be read: ${read}`);
  if (read.cmd === "connack") {
    const { returnCode = 0, sessionPresent } = read;
    return { cmd: "connack", version: 4, returnCode, sessionPresent, properties: {} };
  }
  const messageId = read.messageId ?? 0;
  if (messageId === 0) return malformed("an acknowledgement with packet identifier 0");
  if (read.cmd === "suback") return { cmd: "suback", messageId, granted: read.granted as number[] };
  if (read.cmd === "unsuback") return { cmd: "unsuback", messageId };
  return malformed(`a ${read.cmd.toUpperCase()}, which no broker sends`);
}

/** `mqtt-packet`'s parser, given one whole packet at a time: it then holds nothing between two calls, and one serves every link. */
class RarePackets {
  #parser: Parser = this.#newParser();
  #packet: Packet | undefined;
  #problem = "";

  /** The packet, or what is wrong with it. */
  read(packet: Buffer): Packet | string {
    this.#packet = undefined;
    this.#problem = "";
    try {
      const left = this.#parser.parse(packet);
      if (this.#problem === "" && this.#packet !== undefined && left === 0) return this.#packet;
    } catch (error) {
      this.#problem = (error as Error).message;
    }
    // What it holds of a packet that it could not read must not meet the next one.
    this.#parser = this.#newParser();
    return this.#problem || "it does not end where it says";
  }

  #newParser(): Parser {
    return mqttPacket
      .parser({ protocolVersion: 4 })
      .on("packet", (packet) => {
        this.#packet = packet;
      })
      .on("error", (error: Error) => {
        this.#problem = error.message;
      });
  }
}

const rarePackets = new RarePackets();

/** `mqtt-packet` would read properties beyond their end, and the end of the packet, and give up at a reason code that it does not know. */
function decodeRare5(packet: Buffer, content: number): PacketRead {
  const type = packet[0]! >> 4;
  if ((packet[0]! & 15) !== 0) return malformed(`a packet of type ${type} whose reserved flags are wrong`);
  const body = packet.subarray(content);
  switch (type) {
    case 2:
      return decodeConnack(body);
    case 9:
    case 11:
      return decodeCodes(type, body);
    case 14:
      return decodeDisconnect(body);
    case 15:
      return malformed("an AUTH, though it was not asked for any");
    default:
      return malformed(`a packet of type ${type}, which no broker sends`);
  }
}

/** MQTT 5 §3.2. Two octets are all that MQTT 3.1.1 has to say, and less than MQTT 5 has. */
function decodeConnack(body: Buffer): PacketRead {
  if (body.length < 2) return malformed("a CONNACK of the wrong length");
  const [flags, returnCode] = body as unknown as [number, number];
  if (flags > 1) return malformed("a CONNACK whose reserved flags are wrong");
  const sessionPresent = flags === 1;
  if (body.length === 2) return { cmd: "connack", version: 4, returnCode, sessionPresent, properties: {} };
  const rest = takeProperties(body, 2);
  if (rest?.end !== body.length) return malformed("a CONNACK with malformed properties");
  return { cmd: "connack", version: 5, returnCode, sessionPresent, properties: rest.properties };
}

/** SUBACK and UNSUBACK: MQTT 5 §3.9, §3.11. */
function decodeCodes(type: 9 | 11, body: Buffer): PacketRead {
  const name = type === 9 ? "a SUBACK" : "an UNSUBACK";
  if (body.length < 3) return malformed(`${name} of the wrong length`);
  const messageId = body.readUInt16BE();
  if (messageId === 0) return malformed(`${name} with packet identifier 0`);
  const rest = takeProperties(body, 2);
  if (rest === undefined) return malformed(`${name} with malformed properties`);
  const codes = [...body.subarray(rest.end)];
  if (codes.length === 0) return malformed(`${name} without a reason code`);
  if (type === 11) return { cmd: "unsuback", messageId };
  if (codes.some((code) => code > 2 && code < 0x80)) return malformed("a SUBACK with a reason code that there is not");
  return { cmd: "suback", messageId, granted: codes };
}

/** MQTT 5 §3.14: what is left out is 0, and no properties. */
function decodeDisconnect(body: Buffer): PacketRead {
  const reasonCode = body[0] ?? 0;
  if (body.length < 2) return { cmd: "disconnect", reasonCode, reasonString: undefined };
  const rest = takeProperties(body, 1);
  if (rest?.end !== body.length) return malformed("a DISCONNECT with malformed properties");
  return { cmd: "disconnect", reasonCode, reasonString: rest.properties.reasonString };
}

/** The properties whose length stands at `at`, and where they end; undefined where they are malformed. */
function takeProperties(body: Buffer, at: number) {
  const end = propertiesEnd(body, at, body.length);
  if (end === undefined || end > body.length) return undefined;
  let start = at + 1;
  while (body[start - 1]! > 127) start += 1;
  const properties = readProperties(body.subarray(start, end));
  return properties === undefined ? undefined : { properties, end };
}
