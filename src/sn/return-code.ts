/** Return codes (§5.3.10). Every other value is reserved: a receiver treats it as a permanent refusal. */
export const RETURN_CODE = {
  accepted: 0x00,
  congestion: 0x01,
  invalidTopicId: 0x02,
  notSupported: 0x03,
} as const;
