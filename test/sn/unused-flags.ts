import type { MessageName } from "../../src/sn/msg-type.ts";

/** For each message with an octet of flags the bits of it that mean nothing there (§5.3.4, F8); for the envelope those of Ctrl. */
export const UNUSED_FLAGS: Partial<Record<MessageName, number>> = {
  CONNECT: 0b1111_0011,
  WILLTOPIC: 0b1000_1111,
  WILLTOPICUPD: 0b1000_1111,
  PUBLISH: 0b0000_1100,
  SUBSCRIBE: 0b0001_1100,
  SUBACK: 0b1001_1111,
  UNSUBSCRIBE: 0b1111_1100,
  ENCAPSULATED: 0b1111_1100,
};
