import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { udpCapture } from "./udp-capture.ts";

/** A field as tshark read it: its octets in hex, or for bits of an octet their value in hex. Of `msg.type` it is the name. */
export type DissectedFields = Record<string, string>;

/** A datagram as Wireshark's dissector for MQTT-SN reads it. */
export interface Dissection {
  /** The fields of the message, and of the message inside when it is an envelope. Names are without `mqttsn.`. */
  messages: DissectedFields[];
  /** It ran out of octets, or something else is wrong with the datagram. */
  isMalformed: boolean;
}

const PORT = 1883;
/** Of IPv4 and UDP, before the datagram. */
const HEADERS_OCTETS = 28;

/** A packet of a capture as tshark reads it. */
export interface ReadPacket {
  timeMs: number;
  /** `127.0.0.1:1883`, `[::1]:1883` */
  from: string;
  to: string;
  data: Buffer;
  /** Codes of the message, and of the one inside where it is an envelope. */
  msgTypes: number[];
  /** The checksums of IPv4 and of UDP are right, and it is not malformed. */
  isSound: boolean;
}

const PACKET_FIELDS = [
  "frame.time_epoch",
  "ip.src",
  "ipv6.src",
  "udp.srcport",
  "ip.dst",
  "ipv6.dst",
  "udp.dstport",
  "udp.payload",
  "mqttsn.msg.type",
  "ip.checksum.status",
  "udp.checksum.status",
  "_ws.malformed",
] as const;

/** tshark's word for a checksum that is right. */
const GOOD = "1";

/** Wireshark's program for the command line, and its reading of MQTT-SN: nothing of it is ours. */
export const tshark = {
  get isInstalled(): boolean {
    return spawnSync("tshark", ["--version"]).error === undefined;
  },

  /** Reads datagrams, each as a message of its own. */
  async dissect(datagrams: readonly Uint8Array[]): Promise<Dissection[]> {
    const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-tshark-"));
    try {
      const file = join(folder, "run.pcap");
      writeFileSync(file, udpCapture(datagrams, PORT));
      const pdml = await run(file, folder, [PORT], ["-T", "pdml", "-J", "mqttsn"]);
      const packets = pdml.split("<packet>").slice(1);
      return packets.map((packet, index) => dissection(packet, datagrams[index]!));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },

  /** Reads a capture file of a gateway with listeners at these ports. Rejects where it is damaged. */
  async read(file: string, ports: readonly number[]): Promise<ReadPacket[]> {
    const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-tshark-"));
    try {
      const checks = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"];
      const fields = PACKET_FIELDS.flatMap((field) => ["-e", field]);
      const lines = await run(file, folder, ports, [...checks, "-T", "fields", ...fields]);
      return lines.split("\n").slice(0, -1).map(readPacket);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** What tshark prints of a capture in which these UDP ports speak MQTT-SN. */
async function run(file: string, folder: string, ports: readonly number[], args: readonly string[]): Promise<string> {
  const decodeAs = ports.flatMap((port) => ["-d", `udp.port==${port},mqttsn`]);
  // Whoever runs the tests may have preferences of their own.
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder };
  const options = { env, stdio: ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"] };
  const child = spawn("tshark", ["-n", "-r", file, ...decodeAs, ...args], options);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if ((await ended) !== 0) throw new Error(`tshark: ${errors}`);
  return output;
}

function readPacket(line: string): ReadPacket {
  const columns = line.split("\t");
  const of = (field: (typeof PACKET_FIELDS)[number]) => columns[PACKET_FIELDS.indexOf(field)] ?? "";
  const end = (ip: string, ipv6: string, port: string) => `${ip === "" ? `[${ipv6}]` : ip}:${port}`;
  const isIPv4 = of("ip.src") !== "";
  return {
    timeMs: Number(of("frame.time_epoch")) * 1000,
    from: end(of("ip.src"), of("ipv6.src"), of("udp.srcport")),
    to: end(of("ip.dst"), of("ipv6.dst"), of("udp.dstport")),
    data: Buffer.from(of("udp.payload").replaceAll(":", ""), "hex"),
    msgTypes: of("mqttsn.msg.type").split(",").filter(Boolean).map(Number),
    isSound:
      (!isIPv4 || of("ip.checksum.status") === GOOD) &&
      of("udp.checksum.status") === GOOD &&
      of("_ws.malformed") === "",
  };
}

function dissection(packet: string, datagram: Uint8Array): Dissection {
  const messages: DissectedFields[] = [];
  for (const [, name, attributes] of packet.matchAll(/<field name="mqttsn\.([\w.]+)"([^\n]*)/g)) {
    const attribute = (wanted: string) => new RegExp(` ${wanted}="([^"]*)"`).exec(attributes!)?.[1];
    // The tree that the others are in.
    if (name === "msg") {
      messages.push({});
      continue;
    }
    if (name === "msg.type") {
      messages.at(-1)![name] = /: (.*) \(/.exec(attribute("showname")!)![1]!;
      continue;
    }
    const value = attribute("value");
    // Of a long text it says only where it is.
    const start = Number(attribute("pos")) - HEADERS_OCTETS;
    const octets = datagram.subarray(start, start + Number(attribute("size")));
    messages.at(-1)![name!] = value || Buffer.from(octets).toString("hex");
  }
  return { messages, isMalformed: packet.includes('name="_ws.malformed"') };
}
