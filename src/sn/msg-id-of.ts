import type { Message } from "./message.ts";

/** The MsgId of a message; 0 where it has none. */
export function msgIdOf(message: Message): number {
  switch (message.type) {
    case "PUBLISH":
    case "PUBACK":
    case "PUBREC":
    case "PUBREL":
    case "PUBCOMP":
    case "REGISTER":
    case "REGACK":
    case "SUBSCRIBE":
    case "SUBACK":
    case "UNSUBSCRIBE":
    case "UNSUBACK":
      return message.msgId;
    default:
      // A type that has one and is not above is an error here.
      message satisfies Exclude<Message, { msgId: number }>;
      return 0;
  }
}
