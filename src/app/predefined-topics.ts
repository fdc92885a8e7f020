import { z } from "zod";
import type { PredefinedTopic } from "../gateway/settings.ts";
import { isTopicName } from "../sn/topic-name.ts";
import { isNot } from "./option.ts";

const ID = isNot("a topic id from 1 to 65534");
const TOPIC = isNot("a topic name (not empty, without + and #)");
const CLIENT = isNot('a client id, or "*" for all clients');

const entry = z.strictObject(
  {
    id: z.int(ID).min(1, ID).max(65534, ID),
    topic: z.string(TOPIC).refine(isTopicName, TOPIC),
    client: z.string(CLIENT).min(1, CLIENT).optional(),
  },
  isNot("an entry such as { id: 1, topic: sensors/boiler }"),
);

/** What an entry may hold. */
export const PREDEFINED_TOPIC_KEYS = Object.keys(entry.shape);

/** The list `topics.predefined`. One id means one topic to one client; an entry for a client goes before one for all. */
export const predefinedTopics = z
  .array(entry, isNot("a list of entries such as { id: 1, topic: sensors/boiler, client: boiler }"))
  .superRefine((entries, context) => {
    const seen = new Set<string>();
    entries.forEach(({ id, client = "*" }, index) => {
      const key = `${id} ${client}`;
      if (seen.has(key)) {
        const whom = client === "*" ? "all clients" : JSON.stringify(client);
        const message = `${id} has a topic for ${whom} already`;
        context.addIssue({ code: "custom", path: [index, "id"], message });
      }
      seen.add(key);
    });
  })
  .transform((entries): PredefinedTopic[] =>
    entries.map(({ id, topic, client }) => ({ id, topic, clientId: client === "*" ? undefined : client })),
  );
