import type { Address } from "../gateway/contract.ts";
import { decode } from "../sn/decode.ts";
import { describe } from "../sn/describe.ts";
import type { Log } from "./log.ts";

/** What to do with each datagram, in and out, to have it in the log in words; undefined where the log does not ask for it. */
export function messageTrace(
  log: Log,
): ((direction: "in" | "out", address: Address, data: Uint8Array) => void) | undefined {
  if (!log.traces) return undefined;
  return (direction, address, data) => {
    const message = describe(decode(data));
    const line = `${direction === "in" ? "←" : "→"} ${address} ${message}`;
    log.trace(direction === "in" ? "message.in" : "message.out", { address, message }, line);
  };
}
