const MAGIC = 0xa1b2c3d4;
/** Packets begin with their IP header (LINKTYPE_RAW). */
const LINK_TYPE_RAW = 101;
const SNAP_OCTETS = 65_535;
const IP_OCTETS = 20;
const UDP_OCTETS = 8;
const LOOPBACK = [127, 0, 0, 1];

/** A capture file, as Wireshark reads it, of datagrams to this UDP port. No checksums: 0 says so in UDP, and nobody looks at IP's. */
export function udpCapture(datagrams: readonly Uint8Array[], port: number): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(SNAP_OCTETS, 16);
  header.writeUInt32LE(LINK_TYPE_RAW, 20);
  return Buffer.concat([header, ...datagrams.flatMap((datagram) => [headers(datagram.length, port), datagram])]);
}

/** What stands before a datagram of this size: of the record, of IPv4, of UDP. */
function headers(size: number, port: number): Buffer {
  const record = Buffer.alloc(16);
  const total = IP_OCTETS + UDP_OCTETS + size;
  record.writeUInt32LE(total, 8);
  record.writeUInt32LE(total, 12);
  const ip = Buffer.from([0x45, 0, total >> 8, total & 0xff, 0, 0, 0, 0, 64, 17, 0, 0, ...LOOPBACK, ...LOOPBACK]);
  const udp = Buffer.alloc(UDP_OCTETS);
  udp.writeUInt16BE(port + 1, 0);
  udp.writeUInt16BE(port, 2);
  udp.writeUInt16BE(UDP_OCTETS + size, 4);
  return Buffer.concat([record, ip, udp]);
}
