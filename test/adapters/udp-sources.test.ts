import { expect, test } from "vitest";
import { SourceNetworks } from "../../src/transport/source-networks.ts";

test("without a network in either list nothing is asked", () => {
  expect(SourceNetworks.of([], [])).toBeUndefined();
});

test.each<[string, string[], string[], string[], string[]]>([
  ["what is denied", [], ["10.0.0.0/8"], ["11.0.0.1", "fd00::1"], ["10.255.0.1", "10.0.0.0"]],
  ["what is not allowed", ["10.0.0.0/8"], [], ["10.1.2.3"], ["11.0.0.1", "fd00::1"]],
  ["what is denied of what is allowed", ["10.0.0.0/8"], ["10.0.0.7"], ["10.0.0.6"], ["10.0.0.7", "192.0.2.1"]],
  [
    "IPv6 by network",
    ["fd00::/8"],
    ["fd12:3456::/32"],
    ["fd00::1", "fdff::1"],
    ["fd12:3456::9", "fe80::1", "10.0.0.1"],
  ],
  ["link-local sources, whatever their zone", [], ["fe80::1"], ["fe80::2%eth0"], ["fe80::1%eth0", "fe80::1%wlan0"]],
  ["all of one version", [], ["0.0.0.0/0"], ["::1"], ["127.0.0.1", "255.1.1.1"]],
])("%s is refused", (_name, allowed, denied, admitted, refused) => {
  const networks = SourceNetworks.of(allowed, denied)!;
  expect(admitted.filter((address) => !networks.admit(address))).toEqual([]);
  expect(refused.filter((address) => networks.admit(address))).toEqual([]);
  // The second time from memory.
  expect([...admitted, ...refused].map((address) => networks.admit(address))).toEqual([
    ...admitted.map(() => true),
    ...refused.map(() => false),
  ]);
});

test("more sources than are remembered are told apart all the same", () => {
  const networks = SourceNetworks.of([], ["10.1.0.0/16"])!;
  for (let number = 0; number < 30_000; number += 1) {
    const [high, low] = [number >> 8, number & 255];
    expect(networks.admit(`10.${high & 1}.${high >> 1}.${low}`)).toBe((high & 1) === 0);
  }
});
