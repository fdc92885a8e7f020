import { expect, test } from "vitest";
import { udpEnd } from "../../src/app/device/udp-end.ts";

const hex = (octets: Uint8Array) => Buffer.from(octets).toString("hex");

test.each([
  ["127.0.0.1:1883", "7f000001", 1883],
  ["255.254.0.9:65535", "fffe0009", 65_535],
  ["[::]:1", "00000000000000000000000000000000", 1],
  ["[::1]:5000", "00000000000000000000000000000001", 5000],
  ["[ff03::1883]:1883", "ff030000000000000000000000001883", 1883],
  ["[2001:db8:1:2:3:4:5:6]:9", "20010db8000100020003000400050006", 9],
  ["[2001:db8::]:9", "20010db8000000000000000000000000", 9],
  ["[::ffff:10.1.2.3]:9", "00000000000000000000ffff0a010203", 9],
  ["[fe80::1%eth0]:1883", "fe800000000000000000000000000001", 1883],
  ["[fe80::1%wlan@0 :x]:1883", "fe800000000000000000000000000001", 1883],
])("the end of a datagram at %s", (text, octets, port) => {
  const end = udpEnd(text);
  expect([hex(end.octets), end.port]).toEqual([octets, port]);
});
