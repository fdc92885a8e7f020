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

/** Whether a message published to `name` belongs to `filter`; wildcards do not match a first level that begins with `$`. */
export function matchesFilter(filter: string, name: string): boolean {
  if (!hasWildcard(filter)) return filter === name;
  const filterLevels = filter.split("/");
  const nameLevels = name.split("/");
  if (name.startsWith("$") && hasWildcard(filterLevels[0]!)) return false;
  for (let index = 0; index < filterLevels.length; index += 1) {
    const level = filterLevels[index];
    if (level === "#") return true;
    if (index >= nameLevels.length) return false;
    if (level !== "+" && level !== nameLevels[index]) return false;
  }
  return filterLevels.length === nameLevels.length;
}
