import type { Address } from "../gateway/contract.ts";
import { decode } from "../sn/decode.ts";
import { describe } from "../sn/describe.ts";
import type { Log } from "./log.ts";
import type { WhereIs } from "./where-is.ts";

/** What to do with each datagram, in and out, to have it in the log in words; undefined where the log does not ask for it. */
export function messageTrace(
  log: Log,
  whereIs: WhereIs,
): ((direction: "in" | "out", address: Address, data: Uint8Array) => void) | undefined {
  if (!log.traces) return undefined;
  return (direction, from, data) => {
    const message = describe(decode(data));
    const { address, listener } = whereIs(from);
    const place = listener === undefined ? address : `${address} (${listener})`;
    const line = `${direction === "in" ? "←" : "→"} ${place} ${message}`;
    log.trace(direction === "in" ? "message.in" : "message.out", { address, listener, message }, line);
  };
}
