import type { ServerResponse } from "node:http";
import { writeHead } from "./answer.ts";

/** What may wait for a reader, in octets: above it nothing more is written. */
const UNREAD_OCTETS_MAX = 64 * 1024;

/** A reader that has taken nothing for so long is gone. */
const STUCK_MS = 30_000;

/**
 * How often something is written at least, so that both ends and what is between them know that the other one is there. It is an event: of a
 * comment the program of a page hears nothing.
 */
const HEARTBEAT_MS = 15_000;

/** One reader of server-sent events. What it does not take is left out, and never waits in memory. */
export class EventStream {
  readonly #response: ServerResponse;
  #writtenAtMs: number;
  #takenAtMs: number;
  #unreadOctets = 0;

  /** `nowMs`: milliseconds of a clock that never goes back. */
  constructor(response: ServerResponse, nowMs: number) {
    this.#response = response;
    this.#writtenAtMs = nowMs;
    this.#takenAtMs = nowMs;
    writeHead(response, 200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      // For a proxy of nginx: it would collect events.
      "x-accel-buffering": "no",
    });
    response.flushHeaders();
  }

  /** Whether it has not taken what it was sent: what is sent to it now is left out. */
  get isSlow(): boolean {
    return this.#response.writableLength > UNREAD_OCTETS_MAX;
  }

  /** Sends an event. `data` is JSON, without line ends. False where it was left out. */
  send(event: string, data: string, nowMs: number): boolean {
    return this.write(`event: ${event}\ndata: ${data}\n\n`, nowMs);
  }

  /** Sends events that are in their form already. False where they were left out. */
  write(events: string, nowMs: number): boolean {
    if (this.isSlow || this.#response.writableEnded || this.#response.destroyed) return false;
    this.#response.write(events);
    this.#writtenAtMs = nowMs;
    return true;
  }

  /** To be called about once a second: says that it is still there, and ends where nobody reads. */
  beat(nowMs: number): void {
    const unread = this.#response.writableLength;
    if (unread === 0 || unread < this.#unreadOctets) this.#takenAtMs = nowMs;
    this.#unreadOctets = unread;
    if (nowMs - this.#takenAtMs >= STUCK_MS) this.#response.destroy();
    else if (nowMs - this.#writtenAtMs >= HEARTBEAT_MS) this.send("beat", "{}", nowMs);
  }

  end(): void {
    this.#response.end();
  }
}
