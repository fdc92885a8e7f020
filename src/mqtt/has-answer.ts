import type { PacketToBroker } from "../gateway/packet.ts";

/** Whether the broker has something to say to it: what it is sent besides is the last word, or a message of QoS 0. */
export function hasAnswer(packet: PacketToBroker): boolean {
  switch (packet.cmd) {
    case "publish":
      return packet.qos !== 0;
    case "puback":
    case "pubcomp":
      return false;
    default:
      return true;
  }
}
