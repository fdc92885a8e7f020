import type { MessageName } from "../../src/sn/msg-type.ts";

/** What our gateway sends to one client or stranger. */
export const SENT_BY_GATEWAY: ReadonlySet<MessageName> = new Set([
  "GWINFO",
  "CONNACK",
  "WILLTOPICREQ",
  "WILLMSGREQ",
  "REGISTER",
  "REGACK",
  "PUBLISH",
  "PUBACK",
  "PUBREC",
  "PUBREL",
  "PUBCOMP",
  "SUBACK",
  "UNSUBACK",
  "PINGRESP",
  "DISCONNECT",
  "WILLTOPICRESP",
  "WILLMSGRESP",
]);
