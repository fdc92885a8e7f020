import { Command, CommanderError } from "commander";
import { decode, type Malformed } from "../sn/decode.ts";
import { describe } from "../sn/describe.ts";
import type { Message } from "../sn/message.ts";
import { parseHex } from "./hex.ts";

const HELP = String.raw`
Bytes may be written in any common way: 0418003c, 04:18:00:3c, '04 18 00 3c', 0x04,0x18,0x00,0x3c, '\x04\x18\x00\x3c'.
If all arguments together are one message, they are one; so are single bytes. Otherwise each argument is a message.

The exit code is 0 when all are messages of MQTT-SN 1.2, 1 when one is not, 2 when something is not hexadecimal.

Example: decode 02 16 prints PINGREQ.`;

/** `decode HEX…`: MQTT-SN messages in words. */
export function decodeCommand(): Command {
  return new Command("decode")
    .description("say in words what an MQTT-SN message is")
    .argument("<hex...>", "the bytes of one or several messages")
    .addHelpText("after", HELP)
    .action((words: string[]) => {
      for (const datagram of datagramsOf(words.map(octetsOf))) {
        const message = decode(datagram);
        process.stdout.write(`${describe(message)}${lengthHint(message, datagram)}\n`);
        if (message.type === "malformed") process.exitCode = 1;
        if (message.type !== "ENCAPSULATED") continue;
        const inner = decode(message.data);
        process.stdout.write(`  ${describe(inner)}${lengthHint(inner, message.data)}\n`);
        if (inner.type === "malformed") process.exitCode = 1;
      }
    });
}

function octetsOf(word: string): Uint8Array {
  const octets = parseHex(word);
  if (octets !== null) return octets;
  throw new CommanderError(2, "decode.hex", `error: ${JSON.stringify(word)} is not hexadecimal, such as 0216 or 02:16`);
}

/** See `HELP`. No two messages are also one: the first octet says how long it is. */
function datagramsOf(words: Uint8Array[]): Uint8Array[] {
  const together = Buffer.concat(words);
  const isOne = words.every((octets) => octets.length === 1) || decode(together).type !== "malformed";
  return isOne ? [together] : words;
}

/** Length is what goes wrong most often, when bytes are copied by hand. */
function lengthHint(message: Message | Malformed, { length, 0: first }: Uint8Array): string {
  if (message.type !== "malformed" || message.reason !== "length") return "";
  const octets = `${length} octet${length === 1 ? "" : "s"}`;
  return first === 1 ? ` (there are ${octets})` : ` (it says ${first}, there are ${octets})`;
}
