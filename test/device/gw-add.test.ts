import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gwAdd } from "../../src/device/gw-add.ts";
import { encode } from "../../src/sn/encode.ts";

function hex(octets: Uint8Array | null): string | undefined {
  return octets === null ? undefined : Buffer.from(octets).toString("hex");
}

describe("A-07 our coding of GwAdd", () => {
  test("is that of the reference's vector", () => {
    const message = encode({ type: "GWINFO", gwId: 5, gwAdd: gwAdd.encode("192.168.0.7:10000")! });
    expect(hex(message)).toBe("0a020506c0a800072710");
  });

  test.each([
    ["192.168.0.7:10000", "06c0a800072710"],
    ["[2001:db8::7]:1883", "1220010db8000000000000000000000007075b"],
    ["[::]:1", "12000000000000000000000000000000000001"],
    ["[::1]:65535", "1200000000000000000000000000000001ffff"],
    ["[2001:0:0:1::3]:1", "12200100000000000100000000000000030001"],
    ["[2001::1:0:0:2:3]:1", "12200100000000000100000000000200030001"],
  ])("writes and reads %s", (address, octets) => {
    expect(hex(gwAdd.encode(address))).toBe(octets);
    expect(gwAdd.decode(Buffer.from(octets, "hex"))).toBe(address);
  });

  test.each([
    ["[2001:DB8:0:0:0:0:0:7]:1883", "[2001:db8::7]:1883"],
    ["[::ffff:192.168.0.7]:1883", "[::ffff:c0a8:7]:1883"],
  ])("writes %s as well", (address, read) => {
    expect(gwAdd.decode(gwAdd.encode(address)!)).toBe(read);
  });

  test.each([
    "gateway.example:1883",
    "192.168.0.7",
    "192.168.0:1883",
    "192.168.0.256:1883",
    "192.168.0.7:65536",
    "192.168.0.7:0",
    "[fe80::1%eth0]:1883",
    "[1:2:3]:1883",
    "[1:2:3:4:5:6:7:8:9]:1883",
    "[1::2::3]:1883",
    "[1:2:3:4::5:6:7:8]:1883",
    "[:::]:1883",
    "[1.2.3.4.5::]:1883",
    "",
  ])("has none for %j", (address) => {
    expect(gwAdd.encode(address)).toBe(null);
  });

  test.each([
    "",
    "00",
    "01",
    "05c0a80007",
    "06c0a8000727",
    "07c0a80007271000",
    "06c0a800070000",
    "0b0102030405060708090a0b",
  ])("takes %j for none", (octets) => {
    expect(gwAdd.decode(Buffer.from(octets, "hex"))).toBe(null);
  });

  test("any address comes back as it was, in the spelling of the system", () => {
    const port = fc.integer({ min: 1, max: 0xffff });
    fc.assert(
      fc.property(fc.ipV6(), port, (host, at) => {
        const { hostname } = new URL(`http://${`[${host}]`}/`);
        expect(gwAdd.decode(gwAdd.encode(`[${host}]:${at}`)!)).toBe(`${hostname}:${at}`);
      }),
    );
    fc.assert(
      fc.property(fc.ipV4(), port, (host, at) => {
        expect(gwAdd.decode(gwAdd.encode(`${host}:${at}`)!)).toBe(`${host}:${at}`);
      }),
    );
  });

  test("any octets are survived", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (octets) => {
        const address = gwAdd.decode(octets);
        if (address !== null) expect(hex(gwAdd.encode(address))).toBe(hex(octets));
      }),
    );
  });
});
