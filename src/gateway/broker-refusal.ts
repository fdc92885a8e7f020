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

const CREDENTIALS = "broker.username, broker.password, clients.credentials";

/** What to look at where a CONNECT was refused with a return code of MQTT 3.1.1 or a reason code of MQTT 5. */
const REMEDIES: ReadonlyMap<number, string> = new Map([
  [2, "broker.client_id"],
  [4, CREDENTIALS],
  [5, CREDENTIALS],
  [0x85, "broker.client_id"],
  [0x86, CREDENTIALS],
  [0x87, CREDENTIALS],
  [0x9a, "broker.retain: strip"],
  [0x9b, "broker.max_qos"],
]);

/** Why a CONNECT failed, for people: what the broker said, and what to look at. `said` is what it said besides the code. */
export function refusalText(brokerCode: number, said: string | undefined): string {
  const remedy = REMEDIES.get(brokerCode);
  const reason = said === undefined ? "refused by the broker" : `refused by the broker: ${said}`;
  return remedy === undefined ? reason : `${reason}; see ${remedy}`;
}
