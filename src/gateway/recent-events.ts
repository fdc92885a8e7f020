import type { Message } from "../sn/message.ts";
import { MSG_TYPE } from "../sn/msg-type.ts";
import type { GatewayEvent, Instant } from "./contract.ts";
import type { PacketFromBroker } from "./packet.ts";

/** What can happen to a session: messages of its client in capitals, packets of the broker in small letters, and the rest. */
export type RecentEvent =
  | Message["type"]
  | PacketFromBroker["cmd"]
  | Exclude<GatewayEvent["type"], "datagram" | "packet">
  | "replaced"
  | "room";

/** One of the last things that happened to a session. `id` is the MsgId or packet identifier; 0 where there is none. */
export interface RecentHappening {
  ageMs: number;
  event: RecentEvent;
  id: number;
}

/** Each as a number of 8 bits: below 0x20 those of MQTT-SN, above it ours. */
const CODES: Readonly<Record<RecentEvent, number>> = {
  ...MSG_TYPE,
  ...numbered(0x20, ["publish", "puback", "pubrec", "pubrel", "pubcomp", "suback", "unsuback"]),
  ...numbered(0x30, [
    "link-opened",
    "link-refused",
    "link-closed",
    "link-probed",
    "link-stalled",
    "link-drained",
    "link-expires",
  ]),
  ...numbered(0x40, [
    "deadline",
    "broker-reachable",
    "restore",
    "saved",
    "stop",
    "replaced",
    "room",
    "reload",
    "dismiss",
  ]),
};

/** A power of two. */
const REMEMBERED = 16;

/** An event is one number: its time in milliseconds, modulo 2^29, before its code, before its MsgId or packet identifier. */
const TIME_FACTOR = 2 ** 24;
const TIME_MASK = 2 ** 29 - 1;

/**
 * The last events of one session, for the day on which it fails: 16 numbers in a ring, which costs a client that has spoken some 200
 * octets and an event a few nanoseconds.
 */
export class RecentEvents {
  #ring: number[] | undefined;
  #count = 0;

  /** `id` is the MsgId or packet identifier; 0 where there is none. */
  add(event: RecentEvent, id: number, now: Instant): void {
    this.#ring ??= new Array<number>(REMEMBERED);
    this.#ring[this.#count & (REMEMBERED - 1)] = (now & TIME_MASK) * TIME_FACTOR + ((CODES[event] << 16) | id);
    this.#count += 1;
  }

  /** All that are remembered, oldest first. */
  list(now: Instant): RecentHappening[] {
    const ring = this.#ring;
    if (ring === undefined) return [];
    const happenings: RecentHappening[] = [];
    for (let index = Math.max(0, this.#count - REMEMBERED); index < this.#count; index += 1) {
      const code = ring[index & (REMEMBERED - 1)]!;
      // Node takes the remainder of what does not fit.
      const ageMs = ((now & TIME_MASK) - Math.floor(code / TIME_FACTOR)) & TIME_MASK;
      const low = code % TIME_FACTOR;
      happenings.push({ ageMs, event: NAMES.get(low >> 16)!, id: low & 0xffff });
    }
    return happenings;
  }

  /** The same for people: `-1520ms PUBLISH 7, -1518ms puback 7, 0ms deadline`. */
  text(now: Instant): string {
    const told = this.list(now).map(({ ageMs, event, id }) => {
      return `${ageMs === 0 ? "" : "-"}${ageMs}ms ${event}${id === 0 ? "" : ` ${id}`}`;
    });
    return told.join(", ");
  }
}

const NAMES = new Map(Object.entries(CODES).map(([name, code]) => [code, name as RecentEvent]));

function numbered<T extends string>(first: number, names: readonly T[]): Record<T, number> {
  return Object.fromEntries(names.map((name, index) => [name, first + index])) as Record<T, number>;
}
