/**
 * The path of a URL without what in it may be secret: `/mqtt` and `/ws` say where a server has MQTT, and what comes below may be the token of
 * whoever comes there, as `/mqtt/<token>`.
 */
export function maskedPath(path: string): string {
  return path.replace(/^(\/[^/]*\/).+/s, "$1***");
}
