import { decode } from "../../sn/decode.ts";
import { describe } from "../../sn/describe.ts";

/** A datagram in words, with what is in it where it is an envelope: that says little by itself. */
export function datagramText(data: Uint8Array): string {
  const message = decode(data);
  if (message.type !== "ENCAPSULATED") return describe(message);
  return `${describe(message)}: ${describe(decode(message.data))}`;
}
