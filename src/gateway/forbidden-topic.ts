import type { Settings } from "./settings.ts";

/** Whether the broker would close the connection for a topic name or filter (`broker.forbidden_characters`). */
export function isForbiddenTopic(topic: string, { forbiddenInTopics }: Settings): boolean {
  if (forbiddenInTopics === "") return false;
  for (const character of forbiddenInTopics) if (topic.includes(character)) return true;
  return false;
}
