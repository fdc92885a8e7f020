import { describe, expect, test, vi } from "vitest";
import { BrokerCounts } from "../../src/app/figures/broker-counts.ts";
import { type Core, Runner, type RunnerLink, type Surroundings } from "../../src/app/runner.ts";
import type { Effect, GatewayEvent } from "../../src/gateway/contract.ts";
import { encode } from "../../src/sn/encode.ts";

const PING = encode({ type: "PINGREQ", clientId: "" });
const PONG = encode({ type: "PINGRESP" });

/** A runner whose core answers each event with what the test says; links do nothing but tell. */
function setUp() {
  let answer: Effect[] = [];
  const core: Core = { handle: () => answer.splice(0), deadline: Number.POSITIVE_INFINITY };
  let tell: (event: GatewayEvent) => void = () => {};
  const link: RunnerLink = { write: vi.fn(), probe: vi.fn(), pause: vi.fn(), resume: vi.fn(), close: vi.fn() };
  const around = {
    send: vi.fn(),
    broadcast: vi.fn(),
    publish: vi.fn(),
    openLink: (_link: number, _connect: unknown, emit: (event: GatewayEvent) => void) => {
      tell = emit;
      return link;
    },
    linkOpened: vi.fn(),
    note: vi.fn(),
    save: undefined,
    stalled: vi.fn(),
    trace: undefined,
    failed: (error: unknown) => {
      throw error;
    },
  } satisfies Surroundings;
  const runner = new Runner(core, around);
  /** A datagram comes, and this is what the core wants done. */
  const make = (...effects: Effect[]) => {
    answer = effects;
    runner.datagram("a", PING);
  };
  const open = (id: number) =>
    make({ type: "open", link: id, connect: { clientId: "c", cleanSession: true, will: undefined } });
  return { counts: runner.counts, runner, make, open, link, tell: (event: GatewayEvent) => tell(event) };
}

describe("the runner counts", () => {
  test("datagrams each way, those to the groups too", () => {
    const { counts, make } = setUp();
    make({ type: "send", to: "a", data: PONG }, { type: "broadcast", near: undefined, radius: 0, data: PONG });
    make();
    expect([counts.in.datagrams, counts.in.octets, counts.out.datagrams, counts.out.octets]).toEqual([2, 4, 2, 4]);
    expect(counts.out.byType.find(({ type }) => type === "PINGRESP")?.count).toBe(2);
  });

  test("packets each way, and none to a connection that is gone", () => {
    const { counts, make, open, tell, link } = setUp();
    open(1);
    tell({ type: "link-opened", link: 1, sessionPresent: false });
    const puback = { cmd: "puback", messageId: 1 } as const;
    make({ type: "write", link: 1, packet: puback }, { type: "write", link: 2, packet: puback });
    tell({ type: "packet", link: 1, packet: { cmd: "unsuback", messageId: 1 } });
    expect(link.write).toHaveBeenCalledTimes(1);
    expect([counts.packetsToBroker.puback, counts.packetsFromBroker.unsuback]).toEqual([1, 1]);
  });

  test("connections by what became of them", () => {
    const { counts, open, tell } = setUp();
    const there = () => [counts.links.opening, counts.links.open];
    for (const id of [1, 2, 3]) open(id);
    expect(there()).toEqual([3, 0]);
    tell({ type: "link-opened", link: 1, sessionPresent: false });
    tell({ type: "link-refused", link: 2, returnCode: 5 });
    tell({ type: "link-closed", link: 3, reason: "nobody listens" });
    expect(there()).toEqual([0, 1]);
    expect([counts.links.accepted, counts.links.refused, counts.links.failed]).toEqual([1, 1, 1]);
    tell({ type: "link-closed", link: 1, reason: "reset" });
    expect(there()).toEqual([0, 0]);
    expect([counts.links.accepted, counts.links.refused, counts.links.failed]).toEqual([1, 1, 1]);
  });

  test("notes, and outages of the broker: not that it is not there yet", () => {
    const { counts, make, runner } = setUp();
    make({ type: "note", name: "client.lost", fields: { clientId: "c", reason: "no answer" } });
    expect(counts.notes.byReason("client.lost")).toMatchObject({ no_answer: 1, other: 0 });
    for (const reachable of [false, true, true, false, false, true]) runner.brokerReachable(reachable);
    expect([counts.broker.outages, counts.broker.reachable]).toEqual([1, true]);
  });
});

test("what is said of the broker again is no other outage", () => {
  const counts = new BrokerCounts();
  for (const reachable of [false, false, true, true, false, false]) counts.reached(reachable);
  expect([counts.outages, counts.reachable]).toEqual([1, false]);
});
