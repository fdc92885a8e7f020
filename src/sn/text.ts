/** The longest string of MQTT, in octets of UTF-8. */
const OCTETS_MAX = 65_535;

/** Control characters and code points that are no characters: a broker may close the connection for them (MQTT-1.5.3). */
const UNWELCOME = /[\p{Cc}\p{Noncharacter_Code_Point}]/u;

/** Whether a broker takes this as a client id or in a topic; null stands for what was not UTF-8. */
export function isMqttText(text: string | null): text is string {
  return text !== null && text !== "" && Buffer.byteLength(text) <= OCTETS_MAX && !UNWELCOME.test(text);
}
