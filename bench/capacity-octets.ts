import { generate } from "mqtt-packet";
import { encode } from "../src/sn/encode.ts";

/** Headers without options: IPv4 and UDP; IPv4 and TCP, which has timestamps on every usual Linux. */
export const UDP_IP_OCTETS = 28;
export const TCP_IP_OCTETS = 52;

const MINUTES_A_DAY = 1440;

/** Octets of a PUBLISH with QoS 1 and its answer. */
export interface PublishOctets {
  /** Between sensor and gateway. */
  sensor: number;
  /** Between gateway and broker: both packets, and TCP's acknowledgement of the second. That of the first goes with the second. */
  broker: number;
}

export function packetOctets(topic: string, payloadOctets: number): PublishOctets {
  const payload = Buffer.alloc(payloadOctets);
  const sn = encode({
    type: "PUBLISH",
    dup: false,
    qos: 1,
    retain: false,
    topicIdType: "normal",
    topicId: 1,
    msgId: 1,
    data: payload,
  });
  const snAnswer = encode({ type: "PUBACK", topicId: 1, msgId: 1, returnCode: 0 });
  const mqtt = generate({ cmd: "publish", topic, payload, qos: 1, dup: false, retain: false, messageId: 1 });
  const mqttAnswer = generate({ cmd: "puback", messageId: 1 });
  return {
    sensor: sn.length + snAnswer.length + 2 * UDP_IP_OCTETS,
    broker: mqtt.length + mqttAnswer.length + 3 * TCP_IP_OCTETS,
  };
}

/** Of so many devices with one such message a minute each, in words. */
export function perDay(devices: number, octets: number): string {
  const megabytes = (devices * octets * MINUTES_A_DAY) / 1e6;
  return `${Number(megabytes.toPrecision(2)).toLocaleString("en")} MB`;
}
