import type { Packet } from "mqtt-packet";
import type { QuirkPassage } from "./quirk-passage.ts";

/** What one broker does otherwise than others. It begins anew with every connection. */
export type Habit = (passage: QuirkPassage) => HabitAtWork;

/** What becomes of packets on one connection: another packet, the same, or none. */
export interface HabitAtWork {
  fromClient?: (packet: Packet) => Packet | undefined;
  fromBroker?: (packet: Packet) => Packet | undefined;
}
