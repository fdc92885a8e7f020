import type { MessageName } from "../../../src/sn/msg-type.ts";

/** What only a gateway sends: a gateway does not answer it, and it says nothing about who sends it. */
export const FOR_CLIENTS: ReadonlySet<MessageName> = new Set([
  "ADVERTISE",
  "GWINFO",
  "CONNACK",
  "WILLTOPICREQ",
  "WILLMSGREQ",
  "SUBACK",
  "UNSUBACK",
  "WILLTOPICRESP",
  "WILLMSGRESP",
  "ENCAPSULATED",
]);
