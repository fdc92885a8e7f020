import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { configPrint } from "../../src/app/configuration/config-print.ts";
import { configSchema, type JsonSchema } from "../../src/app/configuration/config-schema.ts";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";
import type { Option } from "../../src/app/configuration/option.ts";
import { OPTION_KEYS } from "../../src/app/configuration/option-names.ts";
import { OPTIONS, type OptionKey } from "../../src/app/configuration/options.ts";

const schema = configSchema();
// What editors take, ajv can be made to insist on: that every keyword is one there is.
const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(schema);

/** What is wrong with a file for an editor. */
function errorsOf(yaml: string): string[] {
  validate(parse(yaml));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

function schemaOf(key: OptionKey): JsonSchema {
  const steps = key.split(".");
  return steps.reduce((each, step) => (each.properties as Record<string, JsonSchema>)[step]!, schema);
}

describe("the JSON Schema of the configuration file", () => {
  test.each(OPTION_KEYS)("has %s with its meaning, what may be written, and its default", (key) => {
    const { default: usual, defaultShown, meaning, expected, needsRestart }: Option = OPTIONS[key];
    const { description, default: shown } = schemaOf(key);
    expect(description).toContain(meaning);
    expect(description).toContain(expected);
    expect(shown).toEqual(defaultShown === undefined ? usual : undefined);
    if (defaultShown !== undefined) expect(description).toContain(`Default: ${defaultShown}`);
    expect(String(description).includes("needs a restart")).toBe(needsRestart === true);
  });

  test("says nothing of a machine: it is the same wherever it was made", () => {
    expect(schemaOf("state.path").default).toBeUndefined();
  });

  test("takes what is printed where nothing is set", () => {
    const configuration = loadConfiguration({ flags: new Map(), environment: {} });
    expect(configuration.ok && errorsOf(configPrint(configuration, "all"))).toEqual([]);
  });

  test.each([
    ["nothing", ""],
    ["a section without options", "broker:\n"],
    ["one text for a list", "listen: udp://[::]:1883\nclients: { deny: a }\n"],
    ["durations with a unit and without", "broker: { keep_alive: 1.5m, connect_timeout: 7, reconnect_min: '7' }"],
    ["a list of topics", "topics: { predefined: [{ id: 1, topic: a }, { id: 2, topic: b, client: '*' }] }"],
    ["a list of credentials", "clients: { credentials: [{ client: a, username: b, password_file: c }] }"],
  ])("takes %s", (_what, yaml) => {
    expect(errorsOf(yaml)).toEqual([]);
  });

  test.each([
    ["an unknown section", "brokr: {}", " must NOT have additional properties"],
    ["an unknown key", "broker: { uri: x }", "/broker must NOT have additional properties"],
    ["an unknown key in a list", "topics: { predefined: [{ id: 1, name: a }] }", "/topics/predefined/0 must NOT have"],
    ["a value where a section is", "broker: mqtt://x", "/broker must be object,null"],
    ["a text for a number", "gateway: { id: one }", "/gateway/id must be integer"],
    ["a number out of range", "gateway: { id: 256 }", "/gateway/id must be <= 255"],
    ["a text for true or false", "discovery: { enabled: yes }", "/discovery/enabled must be boolean"],
    ["a word there is not", "log: { level: loud }", "/log/level must be equal to one of the allowed values"],
    ["a mode that does not exist yet", "mode: aggregating", "/mode must be equal to one of the allowed values"],
    ["a duration without a sense", "broker: { keep_alive: 10 s }", "/broker/keep_alive must match pattern"],
    ["a duration below zero", "broker: { keep_alive: -1 }", "/broker/keep_alive must be >= 0"],
    ["an id out of range", "topics: { predefined: [{ id: 0, topic: a }] }", "/topics/predefined/0/id must be >= 1"],
    ["no place to listen at", "listen: []", "/listen must NOT have fewer than 1 items"],
  ])("refuses %s", (_what, yaml, error) => {
    expect(errorsOf(yaml)).toContainEqual(expect.stringContaining(error));
  });
});
