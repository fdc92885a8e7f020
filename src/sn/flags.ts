/** Masks of the flags octet (§5.3.4). Bits that a message does not use are sent as 0 and ignored on receipt (F8). */
export const FLAG = {
  dup: 0x80,
  retain: 0x10,
  will: 0x08,
  cleanSession: 0x04,
} as const;

/** Where the two QoS bits stand: 0b11 means −1. */
export const QOS_SHIFT = 5;
