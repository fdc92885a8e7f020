import { z } from "zod";
import { isTemplate } from "../../gateway/template.ts";
import { isTopicName } from "../../sn/topic-name.ts";
import { isNot, isNotText } from "./option.ts";

const ID = isNot("a topic id from 1 to 65534 (0 and 65535 are reserved)");
const TOPIC = isNotText("a topic name (not empty, without + and #)");
const CLIENT = isNotText('a client id, or "*" for all clients');

/** A topic id of the range that there is (I1). */
export const predefinedId = z.int(ID).min(1, ID).max(65534, ID);

/** The name behind it, in which `${clientId}` may stand for each client. */
export const predefinedName = z
  .string(TOPIC)
  .refine(isTopicName, TOPIC)
  .refine(isTemplate, { error: `has a placeholder other than \${clientId}` });

/** Whom it is for. A pattern would look as if it worked. */
export const predefinedClient = z.string(CLIENT).refine((client) => /^(\*|[^*]+)$/s.test(client), CLIENT);

const entry = z.strictObject(
  { id: predefinedId, topic: predefinedName, client: predefinedClient.optional() },
  isNot("an entry such as { id: 1, topic: sensors/boiler }"),
);

/** What an entry may hold. */
export const PREDEFINED_TOPIC_KEYS = Object.keys(entry.shape);

/** The list `topics.predefined`. One id means one topic to one client; an entry for a client goes before one for all. */
export const predefinedTopics = z.array(entry, {
  // What it is instead is not shown: it may be a whole file, and that a password or a key.
  error: "is not a list of entries such as { id: 1, topic: sensors/boiler, client: boiler }",
});

/** An entry, wherever it stands. */
export type PredefinedEntry = z.output<typeof entry>;
