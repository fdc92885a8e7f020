import { describe, expect, test } from "vitest";
import type { InterfaceAddress } from "../../src/transport/interface-address.ts";
import { Neighbourhood } from "../../src/transport/neighbourhood.ts";
import { OwnSockets } from "../../src/transport/own-sockets.ts";
import { selectInterfaces } from "../../src/transport/select-interfaces.ts";

function at(interfaceName: string, address: string, prefixLength: number): InterfaceAddress {
  return { interfaceName, address, prefixLength, isIPv6: address.includes(":"), isLoopback: interfaceName === "lo" };
}

const MACHINE: InterfaceAddress[] = [
  at("lo", "127.0.0.1", 8),
  at("lo", "::1", 128),
  at("eth0", "10.0.0.1", 24),
  at("eth0", "10.0.9.1", 24),
  at("eth0", "fd00::1", 64),
  at("eth0", "fe80::1", 64),
  at("wlan0", "192.168.1.5", 24),
  at("wlan0", "fe80::5", 64),
  at("tun0", "10.8.0.1", 32),
];

describe("the interfaces of a listener are", () => {
  test.each<[string, string[], boolean, string | undefined, string[]]>([
    ["every one with IPv4", ["all"], false, undefined, ["127.0.0.1", "10.0.0.1", "192.168.1.5", "10.8.0.1"]],
    ["every one with IPv6", ["all"], true, undefined, ["::%lo", "::%eth0", "::%wlan0"]],
    ["those named", ["wlan0", "lo"], false, undefined, ["127.0.0.1", "192.168.1.5"]],
    ["those whose addresses are named, by these", ["10.0.9.1"], false, undefined, ["10.0.9.1"]],
    ["for IPv6 those whose IPv4 address is named", ["192.168.1.5"], true, undefined, ["::%wlan0"]],
    ["for IPv4 those whose IPv6 address is named, in capitals", ["FD00::1"], false, undefined, ["10.0.0.1"]],
    ["only the one it is bound to", ["all"], false, "10.0.9.1", ["10.0.9.1"]],
    ["only the one it is bound to, with a zone", ["all"], true, "fe80::5%wlan0", ["::%wlan0"]],
    ["not those of the same address in another zone", ["all"], true, "fe80::5%eth0", []],
    ["loopback for every address of it", ["all"], false, "127.0.0.9", ["127.0.0.1"]],
    ["none where it is bound to another than those named", ["eth0"], false, "127.0.0.1", []],
    ["none where that is not there", ["eth7"], false, undefined, []],
  ])("%s", (_name, wanted, isIPv6, boundTo, expected) => {
    expect(selectInterfaces(MACHINE, { wanted, isIPv6, boundTo }).map(({ via }) => via)).toEqual(expected);
  });
});

describe("a source", () => {
  const onEth0 = new Neighbourhood(["eth0"], MACHINE);

  test.each([
    ["in its network", "10.0.9.77", true],
    ["far away", "172.16.0.1", true],
    ["in the network of another interface", "192.168.1.77", false],
    ["on this machine's loopback", "127.0.0.1", false],
    ["with its zone", "fe80::9%eth0", true],
    ["with the zone of another interface", "fe80::9%wlan0", false],
    ["in its IPv6 network", "fd00::77", true],
    ["far away, by IPv6", "2001:db8::1", true],
  ])("%s is behind an interface or not", (_name, source, expected) => {
    expect(onEth0.mayHave(source)).toBe(expected);
  });

  test("in a network that two interfaces share is behind each of them", () => {
    const shared = [at("eth0", "10.0.0.1", 24), at("wlan0", "10.0.0.2", 24)];
    expect(new Neighbourhood(["eth0"], shared).mayHave("10.0.0.9")).toBe(true);
  });
});

describe("own datagrams", () => {
  test("are those from the address and port of a listener, or from any address of the machine where it has all", () => {
    const own = new OwnSockets();
    expect(own.has("10.0.0.1", 1883)).toBe(false);
    own.update(
      [
        { port: 1883, isIPv6: false, boundTo: "10.0.0.1" },
        { port: 1884, isIPv6: true, boundTo: undefined },
        { port: 1884, isIPv6: false, boundTo: "127.0.0.1" },
      ],
      MACHINE,
    );
    expect(own.has("10.0.0.1", 1883)).toBe(true);
    expect(own.has("127.0.0.1", 1883)).toBe(false);
    expect(own.has("fe80::5%wlan0", 1884)).toBe(true);
    expect(own.has("fd00::1", 1884)).toBe(true);
    expect(own.has("fd00::2", 1884)).toBe(false);
    expect(own.has("127.0.0.1", 1884)).toBe(true);
    expect(own.has("10.0.0.1", 1884)).toBe(false);
    expect(own.has("10.0.0.1", 1885)).toBe(false);
  });

  test("follow the addresses of the machine", () => {
    const own = new OwnSockets();
    const place = { port: 1883, isIPv6: false, boundTo: undefined };
    own.update([place], MACHINE);
    own.update([place], [at("eth0", "10.0.0.2", 24)]);
    expect([own.has("10.0.0.1", 1883), own.has("10.0.0.2", 1883)]).toEqual([false, true]);
  });
});
