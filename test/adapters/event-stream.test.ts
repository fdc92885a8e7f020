import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { EventStream } from "../../src/http/event-stream.ts";

/** A response whose reader takes what a test lets it take. */
class SlowResponse {
  written = "";
  writableLength = 0;
  destroyed = false;
  writableEnded = false;
  writeHead(): void {}
  flushHeaders(): void {}
  write(text: string): void {
    this.written += text;
    this.writableLength += text.length;
  }
  destroy(): void {
    this.destroyed = true;
  }
}

function stream() {
  const response = new SlowResponse();
  return { response, stream: new EventStream(response as unknown as ServerResponse, 0) };
}

const BEAT = "event: beat\ndata: {}\n\n";

describe("a stream of events", () => {
  test("says every 15 s that it is still there, where it says nothing else", () => {
    const { response, stream: it } = stream();
    response.write = (text) => {
      response.written += text;
    };
    for (let now = 1000; now < 15_000; now += 1000) it.beat(now);
    expect(response.written).toBe("");
    it.beat(15_000);
    expect(response.written).toBe(BEAT);
    it.send("clients", "{}", 20_000);
    it.beat(30_000);
    expect(response.written).toBe(`${BEAT}event: clients\ndata: {}\n\n`);
    it.beat(35_000);
    expect(response.written.endsWith(`}\n\n${BEAT}`)).toBe(true);
  });

  test("leaves out what is sent while more than 64 KiB wait", () => {
    const { response, stream: it } = stream();
    expect(it.write("x".repeat(65_536), 0)).toBe(true);
    expect(it.write("y", 0)).toBe(true);
    expect(it.isSlow).toBe(true);
    expect(it.write("z", 0)).toBe(false);
    response.writableLength = 0;
    expect(it.write("z", 0)).toBe(true);
  });

  test("ends where its reader takes nothing for 30 s, and not where it takes a little", () => {
    const { response, stream: it } = stream();
    it.write("x".repeat(70_000), 0);
    for (let now = 1000; now <= 60_000; now += 1000) {
      it.beat(now);
      if (now % 10_000 === 0) response.writableLength -= 1;
    }
    expect(response.destroyed).toBe(false);
    for (let now = 61_000; now < 90_000; now += 1000) it.beat(now);
    expect(response.destroyed).toBe(false);
    for (let now = 90_000; now < 93_000; now += 1000) it.beat(now);
    expect(response.destroyed).toBe(true);
  });
});
