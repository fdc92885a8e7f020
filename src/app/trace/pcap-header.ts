/** The largest packet that a record may have, as Wireshark takes it for granted. */
const SNAP_OCTETS = 262_144;

/** Packets begin with their IP header, of either version (LINKTYPE_RAW): there is no Ethernet to make up. */
const LINK_TYPE_RAW = 101;

/** What a capture file begins with: classic pcap 2.4, little-endian, times in microseconds. */
export const PCAP_HEADER: Buffer = header();

function header(): Buffer {
  const octets = Buffer.alloc(24);
  octets.writeUInt32LE(0xa1b2c3d4, 0);
  octets.writeUInt16LE(2, 4);
  octets.writeUInt16LE(4, 6);
  octets.writeUInt32LE(SNAP_OCTETS, 16);
  octets.writeUInt32LE(LINK_TYPE_RAW, 20);
  return octets;
}
