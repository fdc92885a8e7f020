import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EventStreams } from "../../src/http/event-streams.ts";
import { networkOf } from "../../src/http/network-of.ts";
import { Places } from "../../src/http/places.ts";

describe("whose requests are counted together", () => {
  test.each([
    ["10.0.0.7", "10.0.0.7"],
    ["::ffff:10.0.0.7", "10.0.0.7"],
    ["127.0.0.1", "this machine"],
    ["127.8.8.8", "this machine"],
    ["::1", "this machine"],
    ["::ffff:127.0.0.1", "this machine"],
    ["2001:db8:0:7:a:b:c:d", "2001:db8:0:7::/64"],
    ["2001:db8:0:7::d", "2001:db8:0:7::/64"],
    ["2001:db8::7:a:b:c:d", "2001:db8:0:7::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["fd00::", "fd00:0:0:0::/64"],
    ["::2", "0:0:0:0::/64"],
    ["1::10.0.0.7", "1:0:0:0::/64"],
    ["", ""],
  ])("%s is of %s", (address, network) => expect(networkOf(address)).toBe(network));
});

describe("of so many places", () => {
  test("one network has its part, an IPv6 network whichever of its addresses it uses, and others have the rest", () => {
    const places = new Places(10, 3);
    for (const end of ["1", "2", "3"]) places.take(`fd00::${end}`);
    expect(places.whyNot("fd00::4")).toBe("its network has enough");
    expect(places.whyNot("fd00:0:0:1::4")).toBeUndefined();
    expect(places.whyNot("10.0.0.1")).toBeUndefined();
  });

  test("a fifth is for this machine alone, which may have others too", () => {
    const places = new Places(10, 9);
    const ends = Array.from({ length: 8 }, (_, index) => places.take(`10.0.0.${index}`));
    expect(places.whyNot("10.0.1.1")).toBe("all are taken");
    expect(places.whyNot("127.0.0.1")).toBeUndefined();
    for (const address of ["127.0.0.1", "::1"]) places.take(address);
    expect(places.whyNot("127.0.0.1")).toBe("all are taken");
    ends[0]!();
    expect(places.whyNot("10.0.1.1")).toBeUndefined();
    expect(places.whyNot("127.0.0.1")).toBeUndefined();
  });

  test("one that is given back is free again", () => {
    const places = new Places(10, 1);
    const giveBack = places.take("10.0.0.7");
    expect(places.whyNot("10.0.0.7")).toBe("its network has enough");
    giveBack();
    expect(places.whyNot("10.0.0.7")).toBeUndefined();
  });
});

/** A response whose reader has everything at once. */
class Response extends EventEmitter {
  readonly writableLength = 0;
  readonly destroyed = false;
  readonly writableEnded = false;
  written = "";
  writeHead(): void {}
  flushHeaders(): void {}
  write(text: string): void {
    this.written += text;
  }
  get asResponse(): ServerResponse {
    return this as unknown as ServerResponse;
  }
}

describe("streams that are open", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const begin = (streams: EventStreams, address: string) => {
    const response = new Response();
    streams.begin(response.asResponse, address, () => {});
    return response;
  };

  test.each([
    [30, 20],
    [50, 25],
    [400, 200],
  ])("are, of %i there may be, %i of one network at most", (max, ofNetwork) => {
    const streams = new EventStreams(max);
    for (let count = 0; count < ofNetwork; count += 1) {
      expect(streams.whyNot("10.0.0.7")).toBeUndefined();
      begin(streams, "10.0.0.7");
    }
    expect(streams.whyNot("10.0.0.7")).toBe(
      `${ofNetwork} live views of 10.0.0.7 or its network are open; close one of them`,
    );
    expect(streams.whyNot("127.0.0.1")).toBeUndefined();
  });

  test("are looked after while there are any, and no timer is left behind the last one", () => {
    const streams = new EventStreams(50);
    const [one, other] = [begin(streams, "10.0.0.7"), begin(streams, "10.0.0.8")];
    one.emit("close");
    vi.advanceTimersByTime(16_000);
    expect(other.written).toBe("event: beat\ndata: {}\n\n");
    expect(vi.getTimerCount()).toBe(1);
    other.emit("close");
    expect([streams.size, vi.getTimerCount()]).toEqual([0, 0]);
    begin(streams, "10.0.0.7");
    expect(vi.getTimerCount()).toBe(1);
  });
});
