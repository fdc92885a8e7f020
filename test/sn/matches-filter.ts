import { hasWildcard } from "../../src/sn/topic-name.ts";

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
