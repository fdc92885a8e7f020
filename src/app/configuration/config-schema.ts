import { z } from "zod";
import type { Option } from "./option.ts";
import { flagOf, OPTION_KEYS, variableOf } from "./option-names.ts";
import { OPTIONS, type OptionKey } from "./options.ts";

/** A JSON Schema, or a part of one. */
export type JsonSchema = Record<string, unknown>;

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/**
 * The JSON Schema (draft 2020-12) of the configuration file, for editors. What takes more than one value to judge, or a look into another
 * file, only `check` can tell.
 */
export function configSchema(): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  for (const key of OPTION_KEYS) {
    const [head, ...rest] = key.split(".") as [string, ...string[]];
    if (rest.length === 0) {
      properties[head] = optionSchema(key);
      continue;
    }
    properties[head] ??= mapOf({});
    (properties[head].properties as Record<string, JsonSchema>)[rest.join(".")] = optionSchema(key);
  }
  return {
    $schema: DIALECT,
    title: "mqtt-sn-gateway",
    description:
      "The configuration file of mqtt-sn-gateway. What goes together, and the files it names, are looked at by: mqtt-sn-gateway check",
    ...mapOf(properties),
  };
}

/** A map, of which nothing may have been written yet. */
function mapOf(properties: Record<string, JsonSchema>): JsonSchema {
  return { type: ["object", "null"], properties, additionalProperties: false };
}

function optionSchema(key: OptionKey): JsonSchema {
  const { schema, default: usual, defaultShown, meaning, expected, fromText, needsRestart }: Option = OPTIONS[key];
  const { $schema: _dialect, ...value } = z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" });
  const spellings = fromText === undefined ? [] : [`Flag ${flagOf(key)}, environment ${variableOf(key)}`];
  const shown = defaultShown === undefined ? [] : [`Default: ${defaultShown}`];
  const restart = needsRestart === true ? ["A change needs a restart"] : [];
  return {
    // One text stands for a list of one.
    ...(Array.isArray(usual) ? { anyOf: [value, value.items] } : value),
    ...(usual !== undefined && defaultShown === undefined && { default: usual }),
    description: [meaning, `It is ${expected}`, ...shown, ...spellings, ...restart].join(". "),
  };
}
