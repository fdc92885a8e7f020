/** Octets of node, sequence number and time: no payload can be shorter. */
const HEAD_OCTETS = 16;

/** What a simulated message says of itself, so that it is known again at the far end. */
export const simulatedPayload = {
  octetsMin: HEAD_OCTETS,

  encode(octets: number, node: number, sequence: number, sentAt: number): Buffer {
    const data = Buffer.alloc(octets, ".");
    data.writeUInt32BE(node, 0);
    data.writeUInt32BE(sequence, 4);
    data.writeDoubleBE(sentAt, 8);
    return data;
  },

  /** null where the data is not such a payload. `sentAt` is an instant of this process. */
  decode(data: Uint8Array): { node: number; sequence: number; sentAt: number } | null {
    if (data.length < HEAD_OCTETS) return null;
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    return { node: view.getUint32(0), sequence: view.getUint32(4), sentAt: view.getFloat64(8) };
  },
};
