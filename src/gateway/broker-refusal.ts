import { RETURN_CODE } from "../sn/return-code.ts";

/**
 * Refusals that may pass by themselves (6c): of MQTT 3.1.1's CONNACK server unavailable (3), of MQTT 5 server unavailable, server busy,
 * quota exceeded, connection rate exceeded.
 */
const PASSING: ReadonlySet<number> = new Set([3, 0x88, 0x89, 0x97, 0x9f]);

/** What a client is told where the broker has refused something of it: the return code of a CONNACK, or a reason code of MQTT 5. */
export function returnCodeOf(brokerCode: number): number {
  return PASSING.has(brokerCode) ? RETURN_CODE.congestion : RETURN_CODE.notSupported;
}

/** Whether the code in an acknowledgement of the broker, which may be none, is a refusal. */
export function isRefusal(reasonCode: number | undefined): reasonCode is number {
  return reasonCode !== undefined && reasonCode >= 0x80;
}
