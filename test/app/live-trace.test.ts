import { expect, test } from "vitest";
import type { Surroundings } from "../../src/app/runner.ts";
import { DatagramTraces } from "../../src/app/trace/datagram-traces.ts";
import { LiveTrace } from "../../src/app/trace/live-trace.ts";
import { encode } from "../../src/sn/encode.ts";

const nobody = { clientIdAt: () => undefined, addressOf: () => undefined };

/** Datagrams by their text, of what is traced at an address. */
function traced(address: string, datagrams: readonly (readonly [from: string, data: Uint8Array])[]): string[] {
  let see: Surroundings["trace"];
  const traces = new DatagramTraces((all) => {
    see = all;
  });
  const seen: string[] = [];
  const end = new LiveTrace(traces, nobody, (place) => ({ address: place })).begin({ address }, (inWords) =>
    seen.push(inWords().text),
  );
  for (const [from, data] of datagrams) see!("in", from, data);
  end();
  expect(see).toBe(undefined);
  return seen;
}

const ping = encode({ type: "PINGREQ", clientId: "" });
const wrapped = (...wirelessNodeId: number[]) =>
  encode({ type: "ENCAPSULATED", radius: 0, wirelessNodeId: Buffer.from(wirelessNodeId), data: ping });

test("an address of a node behind a forwarder is traced without the others there", () => {
  const datagrams = [
    ["10.0.0.7:4711", wrapped(0, 42)],
    ["10.0.0.7:4711", wrapped(0, 43)],
    ["10.0.0.8:4711", wrapped(0, 42)],
    ["10.0.0.7:4711", ping],
  ] as const;
  expect(traced("10.0.0.7:4711/002a", datagrams)).toEqual([expect.stringMatching(/^forwarded, node 002a/)]);
  expect(traced("10.0.0.7/002a", datagrams)).toHaveLength(1);
  expect(traced("10.0.0.7:4711", datagrams)).toHaveLength(3);
});

test("an address of one link alone is traced with and without its zone", () => {
  const datagrams = [["[fe80::1%eth0]:4711", ping]] as const;
  for (const address of ["fe80::1", "fe80::1%eth0", "[fe80::1%eth0]:4711"]) {
    expect(traced(address, datagrams)).toHaveLength(1);
  }
  expect(traced("fe80::1%eth1", datagrams)).toEqual([]);
});
