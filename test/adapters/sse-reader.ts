import type { IncomingMessage } from "node:http";
import { expect, vi } from "vitest";

interface ReadEvent {
  event: string;
  data: unknown;
}

/** Who reads server-sent events. */
export class SseReader {
  readonly events: ReadEvent[] = [];
  isClosed = false;
  #rest = "";
  readonly #response: IncomingMessage;

  constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding("utf8");
    response.on("data", (text: string) => this.#take(text));
    response.on("error", () => {});
    response.on("close", () => {
      this.isClosed = true;
    });
  }

  /** What the events of this name say. */
  all<T>(event: string): T[] {
    return this.events.filter((each) => each.event === event).map(({ data }) => data as T);
  }

  /** Waits until there are so many events of this name, and gives the last one. */
  async last<T>(event: string, count = 1): Promise<T> {
    await vi.waitFor(() => expect(this.all(event).length).toBeGreaterThanOrEqual(count), {
      timeout: 10_000,
      interval: 10,
    });
    return this.all<T>(event).at(-1)!;
  }

  /** Waits until the last event of this name is as `check` wants it. */
  async until<T>(event: string, check: (data: T) => void): Promise<void> {
    await vi.waitFor(() => check(this.all<T>(event).at(-1)!), { timeout: 20_000, interval: 20 });
  }

  pause(): void {
    this.#response.pause();
  }

  close(): void {
    this.#response.destroy();
  }

  #take(text: string): void {
    const parts = (this.#rest + text).split("\n\n");
    this.#rest = parts.pop()!;
    for (const part of parts) {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(part) ?? [];
      if (event !== undefined) this.events.push({ event, data: JSON.parse(data!) });
    }
  }
}
