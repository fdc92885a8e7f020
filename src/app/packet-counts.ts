import type { PacketFromBroker, PacketToBroker } from "../gateway/packet.ts";

/** MQTT packets of clients' connections by their type, each way. What belongs to a connection (CONNECT, PINGREQ …) is not among them. */
export class PacketCounts {
  readonly toBroker: Record<PacketToBroker["cmd"], number> = {
    publish: 0,
    puback: 0,
    pubrec: 0,
    pubrel: 0,
    pubcomp: 0,
    subscribe: 0,
    unsubscribe: 0,
  };
  readonly fromBroker: Record<PacketFromBroker["cmd"], number> = {
    publish: 0,
    puback: 0,
    pubrec: 0,
    pubrel: 0,
    pubcomp: 0,
    suback: 0,
    unsuback: 0,
  };
}
