import type { PacketFromBroker } from "../gateway/packet.ts";
import type { MqttVersion } from "./mqtt-version.ts";
import type { Properties } from "./properties.ts";

/** What comes from a broker. */
export type PacketRead = PacketFromBroker | Connack | ServerDisconnect | Pingresp | MalformedStream;

/** The broker's answer to CONNECT. */
export interface Connack {
  cmd: "connack";
  /** The version that it is said in: the broker's, where it does not speak the one of CONNECT. */
  version: MqttVersion;
  /** The return code of MQTT 3.1.1, or the reason code of MQTT 5. 0 is accepted. */
  returnCode: number;
  sessionPresent: boolean;
  /** What MQTT 5 has to say besides; empty with 3.1.1. */
  properties: Properties;
}

/** The broker's last word, in MQTT 5. */
interface ServerDisconnect {
  cmd: "disconnect";
  reasonCode: number;
  reasonString: string | undefined;
}

/** The broker's answer to PINGREQ. */
export interface Pingresp {
  cmd: "pingresp";
}

/** The stream is not MQTT, or breaks its rules. Nothing that follows can be understood. */
export interface MalformedStream {
  cmd: "malformed";
  /** For people. */
  reason: string;
}

/** `reason` goes on after "the broker sent". */
export function malformed(reason: string): MalformedStream {
  return { cmd: "malformed", reason: `the broker sent ${reason}` };
}
