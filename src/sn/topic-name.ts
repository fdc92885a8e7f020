import { isMqttText } from "./text.ts";

/** Whether one may publish to this name: not empty, no wildcard, no control character (T5, I6). */
export function isTopicName(text: string | null): text is string {
  return isMqttText(text) && !text.includes("+") && !text.includes("#");
}

/** Whether the filter holds a wildcard, and so matches more than the name it is. */
export function hasWildcard(filter: string): boolean {
  return filter.includes("+") || filter.includes("#");
}

/** Whether one may subscribe to this filter: `+` and `#` fill a whole level, `#` only the last one (MQTT 3.1.1 §4.7.1). */
export function isTopicFilter(text: string | null): text is string {
  if (!isMqttText(text)) return false;
  if (!hasWildcard(text)) return true;
  const levels = text.split("/");
  return levels.every((level, index) => {
    if (level === "#") return index === levels.length - 1;
    return level === "+" || !hasWildcard(level);
  });
}
