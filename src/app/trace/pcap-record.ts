import type { UdpEnd } from "../device/udp-end.ts";

const RECORD_OCTETS = 16;
const IPV4_OCTETS = 20;
const IPV6_OCTETS = 40;
const UDP_OCTETS = 8;
const UDP = 17;

/** What a capture cannot know of the packet: a usual one. */
const HOPS = 64;

/** The octets that a datagram from there takes in a capture file. */
export function pcapRecordOctets(from: UdpEnd, data: Uint8Array): number {
  return RECORD_OCTETS + (from.octets.length === 4 ? IPV4_OCTETS : IPV6_OCTETS) + UDP_OCTETS + data.length;
}

/**
 * Writes the record of a datagram at this place of a capture file's octets, with the IP and UDP headers that it had or may have had, and
 * right checksums. Both ends are of one IP version; `timeUs` is the wall clock in microseconds.
 */
export function writePcapRecord(
  file: Buffer,
  at: number,
  timeUs: number,
  from: UdpEnd,
  to: UdpEnd,
  data: Uint8Array,
): void {
  const packetOctets = pcapRecordOctets(from, data) - RECORD_OCTETS;
  const ip = at + RECORD_OCTETS;
  const udp = ip + packetOctets - UDP_OCTETS - data.length;
  const udpOctets = UDP_OCTETS + data.length;
  const seconds = Math.floor(timeUs / 1e6);
  file.writeUInt32LE(seconds >>> 0, at);
  file.writeUInt32LE(Math.floor(timeUs - seconds * 1e6), at + 4);
  file.writeUInt32LE(packetOctets, at + 8);
  file.writeUInt32LE(packetOctets, at + 12);
  if (udp - ip === IPV4_OCTETS) writeIpv4(file, ip, packetOctets, from, to);
  else writeIpv6(file, ip, udpOctets, from, to);
  file.writeUInt16BE(from.port, udp);
  file.writeUInt16BE(to.port, udp + 2);
  file.writeUInt16BE(udpOctets, udp + 4);
  file.writeUInt16BE(0, udp + 6);
  file.set(data, udp + UDP_OCTETS);
  // Both addresses end where UDP begins, and are part of what is summed up.
  const checksum = checksumOf(file, udp - 2 * from.octets.length, udp + udpOctets, UDP + udpOctets);
  // In UDP 0 stands for none.
  file.writeUInt16BE(checksum === 0 ? 0xffff : checksum, udp + 6);
}

function writeIpv4(file: Buffer, at: number, totalOctets: number, from: UdpEnd, to: UdpEnd): void {
  file.writeUInt32BE(0x45000000 + totalOctets, at);
  // No identification, and not in fragments (RFC 6864).
  file.writeUInt32BE(0x00004000, at + 4);
  file.writeUInt32BE(((HOPS << 24) | (UDP << 16)) >>> 0, at + 8);
  file.set(from.octets, at + 12);
  file.set(to.octets, at + 16);
  file.writeUInt16BE(checksumOf(file, at, at + IPV4_OCTETS, 0), at + 10);
}

function writeIpv6(file: Buffer, at: number, payloadOctets: number, from: UdpEnd, to: UdpEnd): void {
  file.writeUInt32BE(0x60000000, at);
  file.writeUInt16BE(payloadOctets, at + 4);
  file[at + 6] = UDP;
  file[at + 7] = HOPS;
  file.set(from.octets, at + 8);
  file.set(to.octets, at + 24);
}

/** The checksum of the Internet (RFC 1071) of these octets, and of what is added to them. */
function checksumOf(file: Buffer, start: number, end: number, added: number): number {
  let sum = added;
  for (let at = start; at < end - 1; at += 2) sum += (file[at]! << 8) | file[at + 1]!;
  if ((end - start) % 2 === 1) sum += file[end - 1]! << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
