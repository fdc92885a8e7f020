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
      const args = ["-n", "-r", file, "-d", `udp.port==${PORT},mqttsn`, "-T", "pdml", "-J", "mqttsn"];
      // Whoever runs the tests may have preferences of their own.
      const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder };
      const child = spawn("tshark", args, { env, stdio: ["ignore", "pipe", "pipe"] });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      const [pdml, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
      if ((await ended) !== 0) throw new Error(`tshark: ${errors}`);
      const packets = pdml.split("<packet>").slice(1);
      return packets.map((packet, index) => dissection(packet, datagrams[index]!));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

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
