import { cutText } from "./cut-text.ts";

/** The return codes of MQTT 3.1.1 that refuse a connection, and the reason codes of MQTT 5 that a server sends (§2.4). */
const REASONS: Readonly<Record<number, string>> = {
  0: "normal disconnection",
  1: "unacceptable protocol version",
  2: "identifier rejected",
  3: "server unavailable",
  4: "bad user name or password",
  5: "not authorized",
  16: "no matching subscribers",
  128: "unspecified error",
  129: "malformed packet",
  130: "protocol error",
  131: "implementation specific error",
  132: "unsupported protocol version",
  133: "client identifier not valid",
  134: "bad user name or password",
  135: "not authorized",
  136: "server unavailable",
  137: "server busy",
  138: "banned",
  139: "server shutting down",
  140: "bad authentication method",
  141: "keep alive timeout",
  142: "session taken over",
  143: "topic filter invalid",
  144: "topic name invalid",
  145: "packet identifier in use",
  146: "packet identifier not found",
  147: "receive maximum exceeded",
  148: "topic alias invalid",
  149: "packet too large",
  150: "message rate too high",
  151: "quota exceeded",
  152: "administrative action",
  153: "payload format invalid",
  154: "retain not supported",
  155: "QoS not supported",
  156: "use another server",
  157: "server moved",
  158: "shared subscriptions not supported",
  159: "connection rate exceeded",
  160: "maximum connect time",
  161: "subscription identifiers not supported",
  162: "wildcard subscriptions not supported",
};

/**
 * A code in words, with its number, and what the broker said besides in quotes: `session taken over (0x8E), "another client"`. That is
 * a stranger's text: it is cut, and control characters are taken out.
 */
export function reasonText(code: number, reasonString?: string): string {
  const number = `0x${code.toString(16).toUpperCase().padStart(2, "0")}`;
  const words = `${REASONS[code] ?? "a reason that MQTT does not know"} (${number})`;
  if (reasonString === undefined || reasonString === "") return words;
  return `${words}, "${cutText(reasonString.replaceAll(/\p{C}/gu, " "))}"`;
}
