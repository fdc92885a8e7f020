import type { Address } from "../../gateway/contract.ts";
import type { Log } from "../log/log.ts";
import type { Surroundings, TraceDirection } from "../runner.ts";
import type { WhereIs } from "../where-is.ts";
import { datagramText } from "./datagram-text.ts";

/** Lines a second: a flood of datagrams must not fill the disk, which often is an SD card. */
const LINES_MAX = 2000;

const WINDOW_MS = 1000;

/** What to do with each datagram, in and out, to have it in the log in words; undefined where the log does not ask for it. */
export function messageTrace(log: Log, whereIs: WhereIs, clock = () => performance.now()): Surroundings["trace"] {
  if (!log.traces) return undefined;
  let windowStart = Number.NEGATIVE_INFINITY;
  let lines = 0;
  return (direction, at, data) => {
    const now = clock();
    if (now - windowStart >= WINDOW_MS) {
      const count = lines - LINES_MAX;
      windowStart = now;
      lines = 0;
      if (count > 0) log.trace("log.omitted", { of: "messages", count }, `${count} more messages`);
    }
    lines += 1;
    if (lines > LINES_MAX) return;
    const message = datagramText(data);
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
