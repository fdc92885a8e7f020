/** Octets of run and node, sequence number, and time: no payload can be shorter. */
const HEAD_OCTETS = 16;

/** What a simulated message says of itself, so that it is known again at the far end. */
interface SimulatedHead {
  /** Tells runs apart that use one topic: 0 to 65535. */
  run: number;
  /** 0 to 65535. */
  node: number;
  sequence: number;
  /** An instant of the process that sent it. */
  sentAt: number;
}

export const simulatedPayload = {
  octetsMin: HEAD_OCTETS,

  encode(octets: number, { run, node, sequence, sentAt }: SimulatedHead): Buffer {
    const data = Buffer.alloc(octets, ".");
    data.writeUInt16BE(run, 0);
    data.writeUInt16BE(node, 2);
    data.writeUInt32BE(sequence, 4);
    data.writeDoubleBE(sentAt, 8);
    return data;
  },

  /** null where the data is not such a payload. */
  decode(data: Uint8Array): SimulatedHead | null {
    if (data.length < HEAD_OCTETS) return null;
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    return { run: view.getUint16(0), node: view.getUint16(2), sequence: view.getUint32(4), sentAt: view.getFloat64(8) };
  },
};
