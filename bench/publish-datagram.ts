import type { MqttQoS } from "../src/gateway/packet.ts";
import { QOS_SHIFT } from "../src/sn/flags.ts";
import { MSG_TYPE } from "../src/sn/msg-type.ts";

/** Where the payload begins in a PUBLISH of the short form; TopicId is at 3, MsgId at 5. */
export const DATA_OFFSET = 7;

const PAYLOAD_OCTETS = 32;

/** A PUBLISH with a payload of 32 octets, in which TopicId, MsgId and the payload are still to be written. */
export function newPublish(qos: MqttQoS): Buffer {
  const datagram = Buffer.alloc(DATA_OFFSET + PAYLOAD_OCTETS, "x");
  datagram.set([datagram.length, MSG_TYPE.PUBLISH, qos << QOS_SHIFT, 0, 0, 0, 0]);
  return datagram;
}
