import type { Message } from "../../../src/sn/message.ts";

/** What a message may be answered with, with the numbers that the answer has to repeat. */
export function answersTo(message: Message): string[] {
  switch (message.type) {
    case "REGISTER":
      return [`REGACK ${message.msgId}`];
    case "SUBSCRIBE":
      return [`SUBACK ${message.msgId}`];
    case "UNSUBSCRIBE":
      return [`UNSUBACK ${message.msgId}`];
    case "PUBLISH":
      return [`PUBACK ${message.msgId} ${message.topicId}`, ...(message.qos === 2 ? [`PUBREC ${message.msgId}`] : [])];
    case "PUBREL":
      return [`PUBCOMP ${message.msgId}`];
    case "PINGREQ":
      return ["PINGRESP"];
    case "CONNECT":
    case "WILLTOPIC":
    case "WILLMSG":
      return ["CONNACK"];
    case "WILLTOPICUPD":
      return ["WILLTOPICRESP"];
    case "WILLMSGUPD":
      return ["WILLMSGRESP"];
    default:
      return [];
  }
}

/** An answer, with the numbers that it repeats. */
export function answerKey(message: Message): string {
  if (message.type === "PUBACK") return `PUBACK ${message.msgId} ${message.topicId}`;
  return "msgId" in message ? `${message.type} ${message.msgId}` : message.type;
}
