import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { udpEnd } from "../../src/app/device/udp-end.ts";
import { PCAP_HEADER } from "../../src/app/trace/pcap-header.ts";
import { pcapRecordOctets, writePcapRecord } from "../../src/app/trace/pcap-record.ts";

const TIME_US = 1_700_000_000_123_456;

function record(from: string, to: string, data: Uint8Array, timeUs = TIME_US): Buffer {
  const [source, target] = [udpEnd(from), udpEnd(to)];
  const octets = Buffer.alloc(pcapRecordOctets(source, data), 0xee);
  writePcapRecord(octets, 0, timeUs, source, target, data);
  return octets;
}

/** The sum of 16-bit words that is 0xffff where a checksum among them is right (RFC 1071). */
function sumOf(...parts: readonly Uint8Array[]): number {
  const octets = Buffer.concat([...parts, Buffer.alloc(1)]);
  let sum = 0;
  for (let at = 0; at + 1 < octets.length; at += 2) sum += octets.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return sum;
}

test("a capture begins as Wireshark expects it: little-endian, microseconds, bare IP", () => {
  expect(PCAP_HEADER.toString("hex")).toBe("d4c3b2a102000400" + "0000000000000000" + "0000040065000000");
});

describe("a record", () => {
  test("of IPv4 has the time, both lengths, the IP and the UDP header, and the datagram", () => {
    // Checksums by hand: of IP over its ten words, of UDP with the pseudo-header.
    expect(record("10.0.0.2:50000", "10.0.0.1:1883", Uint8Array.of(2, 0x16)).toString("hex")).toBe(
      ["00f15365 40e20100 1e000000 1e000000", "4500001e 00004000 401126cd 0a000002 0a000001", "c350075b 000a1f16 0216"]
        .join("")
        .replaceAll(" ", ""),
    );
  });

  test("of IPv6 has the same with its header", () => {
    const octets = record("[::1]:50000", "[ff03::1883]:1883", Uint8Array.of(3, 1, 0));
    expect(octets.subarray(8, 12).readUInt32LE()).toBe(51);
    expect(octets.subarray(16, 56).toString("hex")).toBe(
      "60000000000b1140" + "00000000000000000000000000000001" + "ff030000000000000000000000001883",
    );
    expect(octets.subarray(56, 62).toString("hex")).toBe("c350075b000b");
    expect(octets.subarray(64).toString("hex")).toBe("030100");
  });

  test("has checksums that are right, whatever is in it", () => {
    const address = fc.oneof(
      fc.ipV4().map((host) => [`${host}:1`, `${host}:65535`] as const),
      fc.ipV6().map((host) => [`[${host}]:1883`, "[::]:7"] as const),
    );
    fc.assert(
      fc.property(address, fc.uint8Array({ maxLength: 300 }), ([from, to], data) => {
        const octets = record(from, to, data);
        const ip = octets.subarray(16, octets.length - data.length - 8);
        const udp = octets.subarray(octets.length - data.length - 8);
        if (ip.length === 20) expect(sumOf(ip)).toBe(0xffff);
        const pseudo = Buffer.from([0, 17, udp.length >> 8, udp.length & 0xff]);
        expect(sumOf(ip.subarray(ip.length === 20 ? 12 : 8), pseudo, udp)).toBe(0xffff);
        expect(udp.readUInt16BE(6)).not.toBe(0);
        expect(udp.subarray(8).equals(data)).toBe(true);
      }),
    );
  });

  test("has 0xffff for a UDP checksum that comes to 0, which would say that there is none", () => {
    const octets = record("10.0.0.2:50000", "10.0.0.1:1883", Uint8Array.of(0x21, 0x2c));
    expect(octets.readUInt16BE(octets.length - 4)).toBe(0xffff);
  });

  test("takes the largest datagrams that there are", () => {
    const data = new Uint8Array(65_507).fill(0xff);
    expect(record("10.0.0.2:1", "10.0.0.1:2", data).readUInt32LE(8)).toBe(65_535);
    expect(record("[::1]:1", "[::2]:2", data).readUInt32LE(8)).toBe(65_555);
  });

  test("is of its microsecond, and of a time after 2038 too", () => {
    expect(record("10.0.0.2:1", "10.0.0.1:2", new Uint8Array(), 999_999).readUInt32LE(4)).toBe(999_999);
    const late = record("10.0.0.2:1", "10.0.0.1:2", new Uint8Array(), 4_000_000_000_000_001);
    expect([late.readUInt32LE(0), late.readUInt32LE(4)]).toEqual([4_000_000_000, 1]);
  });
});
