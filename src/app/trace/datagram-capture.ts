import type { Address } from "../../gateway/contract.ts";
import { type UdpEnd, udpEnd } from "../device/udp-end.ts";
import type { Listeners } from "../listeners.ts";
import type { Surroundings } from "../runner.ts";
import type { Capture } from "./capture.ts";

/** Addresses whose octets are kept; beyond that all are found anew. */
const PAIRS_MAX = 10_000;

const SCHEME = "udp://";

type Places = Pick<Listeners, "whereIs" | "urls" | "groupsOf">;

/** A sender or receiver, and the listener that it speaks to. */
interface Pair {
  local: UdpEnd;
  remote: UdpEnd;
}

/**
 * What to do with each datagram to have it in a capture. Of a listener at all addresses of the machine it is not known at which of them a
 * datagram came in: in the capture it is 0.0.0.0 or ::, with the listener's port. What goes to groups is recorded once for each group,
 * not for each interface. `listeners` is asked for each datagram: the first ones come before all are open.
 */
export function datagramCapture(
  capture: Pick<Capture, "record">,
  listeners: () => Places | undefined,
): NonNullable<Surroundings["trace"]> {
  const pairs = new Map<Address, Pair>();

  function pairOf(address: Address, from: Places): Pair {
    let pair = pairs.get(address);
    if (pair === undefined) {
      const { address: remote, listener } = from.whereIs(address);
      pair = { local: urlEnd(listener ?? from.urls[0]!), remote: udpEnd(remote) };
      if (pairs.size >= PAIRS_MAX) pairs.clear();
      pairs.set(address, pair);
    }
    return pair;
  }

  return (direction, address, data) => {
    const open = listeners();
    if (open === undefined) return;
    if (direction === "out to groups") {
      for (const { url, group } of open.groupsOf(address)) capture.record(urlEnd(url), udpEnd(group), data);
    } else if (address !== undefined) {
      const { local, remote } = pairOf(address, open);
      if (direction === "in") capture.record(remote, local, data);
      else capture.record(local, remote, data);
    }
  };
}

function urlEnd(url: string): UdpEnd {
  return udpEnd(url.slice(SCHEME.length));
}
