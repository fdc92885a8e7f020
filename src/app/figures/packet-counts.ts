import type { PacketFromBroker, PacketToBroker } from "../../gateway/packet.ts";

type PacketType = (PacketToBroker | PacketFromBroker)["cmd"];

/**
 * MQTT packets of clients' connections that went one way, by their type. What belongs to a connection (CONNECT, PINGREQ …) is not among
 * them.
 */
export class PacketCounts {
  publish = 0;
  puback = 0;
  pubrec = 0;
  pubrel = 0;
  pubcomp = 0;
  subscribe = 0;
  suback = 0;
  unsubscribe = 0;
  unsuback = 0;

  /** A packet goes this way. */
  add(type: PacketType): void {
    // Several times as fast as a property by its name.
    switch (type) {
      case "publish":
        this.publish += 1;
        return;
      case "puback":
        this.puback += 1;
        return;
      case "pubrec":
        this.pubrec += 1;
        return;
      case "pubrel":
        this.pubrel += 1;
        return;
      case "pubcomp":
        this.pubcomp += 1;
        return;
      default:
        this[type] += 1;
    }
  }
}
