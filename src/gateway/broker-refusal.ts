import { RETURN_CODE } from "../sn/return-code.ts";

/** MQTT 3.1.1 CONNACK: server unavailable, the one refusal that may pass by itself (6c). */
const SERVER_UNAVAILABLE = 3;

/** What a client is told when the broker has refused its connection with this return code of MQTT 3.1.1. */
export function returnCodeOf(brokerCode: number): number {
  return brokerCode === SERVER_UNAVAILABLE ? RETURN_CODE.congestion : RETURN_CODE.notSupported;
}
