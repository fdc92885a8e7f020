import type { Address } from "../gateway/contract.ts";
import { decode } from "../sn/decode.ts";
import { describe } from "../sn/describe.ts";
import type { Log } from "./log.ts";
import type { Surroundings, TraceDirection } from "./runner.ts";
import type { WhereIs } from "./where-is.ts";

/** What to do with each datagram, in and out, to have it in the log in words; undefined where the log does not ask for it. */
export function messageTrace(log: Log, whereIs: WhereIs): Surroundings["trace"] {
  if (!log.traces) return undefined;
  return (direction, at, data) => {
    const message = inWords(data);
    const { address, listener } = placeOf(direction, at, whereIs);
    const place = listener === undefined ? address : `${address} (${listener})`;
    const line = `${direction === "in" ? "←" : "→"} ${place} ${message}`;
    log.trace(direction === "in" ? "message.in" : "message.out", { address, listener, message }, line);
  };
}

function placeOf(
  direction: TraceDirection,
  at: Address | undefined,
  whereIs: WhereIs,
): { address: string; listener?: string | undefined } {
  const place = at === undefined ? undefined : whereIs(at);
  if (place === undefined || direction === "out to groups") return { address: "groups", listener: place?.listener };
  return place;
}

/** An envelope says little without what is in it. */
function inWords(data: Uint8Array): string {
  const message = decode(data);
  if (message.type !== "ENCAPSULATED") return describe(message);
  return `${describe(message)}: ${describe(decode(message.data))}`;
}
