import type { Note, NoteName } from "../../gateway/contract.ts";
import type { State } from "../../gateway/state.ts";
import type { LogLevel } from "../configuration/log-level.ts";

/**
 * How loud each note of the core is. At `info` one sees the clients come and go, and their broker connections, at `warn` what somebody has to look after; a client
 * that sleeps and wakes, what the protocol repairs by itself, and what another note says too, is `debug`.
 */
export const NOTE_LEVELS = {
  "client.connected": "info",
  "client.refused": "warn",
  "client.disconnected": "info",
  "client.lost": "warn",
  "client.asleep": "debug",
  "client.awake": "debug",
  "client.moved": "info",
  "client.resumed": "debug",
  "client.forgotten": "info",
  "setup.abandoned": "info",
  "datagram.dropped": "debug",
  "message.ignored": "debug",
  "publish.refused": "warn",
  "publish.repeated": "debug",
  "register.refused": "warn",
  "subscribe.refused": "warn",
  "delivery.repeated": "debug",
  "delivery.dropped": "warn",
  "delivery.postponed": "debug",
  "queue.paused": "debug",
  "queue.resumed": "debug",
  "topic.suppressed": "warn",
  "stranger.answered": "debug",
  "stranger.limited": "debug",
  "qos-minus-one.dropped": "info",
  "search.ignored": "debug",
  "gateway.advertised": "debug",
  "neighbour.heard": "info",
  "neighbour.confused": "warn",
  "neighbour.silent": "warn",
  "standby.quiet": "info",
  "standby.active": "info",
  "will.updated": "debug",
  "will.refused": "warn",
  "link.refused": "debug",
  "link.closed": "info",
  "link.retried": "debug",
  "link.restored": "info",
  "link.expires": "debug",
  "link.renewed": "debug",
  "client.taken-over": "info",
  "sessions.restored": "info",
  "session.failed": "error",
} as const satisfies Record<NoteName, LogLevel>;

/** The state in which the end of a link refuses a CONNECT: `client.refused` then says the same. */
const SET_UP: State = "awaiting broker";

/** A queue that is full is its client's affair; that all together are is the operator's. */
const LIMIT_OF_ALL = "clients.max_buffered_bytes";

/** How loud this note is. */
export function noteLevel({ name, fields }: Note): LogLevel {
  if (name === "queue.paused" && fields.limit === LIMIT_OF_ALL) return "warn";
  return name === "link.closed" && fields.state === SET_UP ? "debug" : NOTE_LEVELS[name];
}
