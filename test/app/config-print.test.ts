import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { configPrint } from "../../src/app/configuration/config-print.ts";
import { configSchema } from "../../src/app/configuration/config-schema.ts";
import {
  type ConfigurationInOrder,
  type ConfigurationSources,
  loadConfiguration,
} from "../../src/app/configuration/configuration.ts";
import type { Option } from "../../src/app/configuration/option.ts";
import { OPTION_KEYS, variableOf } from "../../src/app/configuration/option-names.ts";
import { OPTIONS, type OptionKey, type OptionValues } from "../../src/app/configuration/options.ts";
import { isTemplate } from "../../src/gateway/template.ts";
import { isTopicName } from "../../src/sn/topic-name.ts";

const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return join(folder, name);
}

interface Given {
  file?: string | undefined;
  flags?: ReadonlyMap<OptionKey, string>;
  environment?: ConfigurationSources["environment"];
}

function load({ file, flags = new Map(), environment = {} }: Given) {
  return loadConfiguration({
    flags,
    configFlag: file === undefined ? undefined : write("gateway.yaml", file),
    environment,
  });
}

function inOrder(given: Given): ConfigurationInOrder {
  const configuration = load(given);
  if (!configuration.ok) throw new Error(configuration.problems.join("\n"));
  return configuration;
}

/** What is printed of a configuration, without the folder of its file. */
function printed(given: Given): string {
  return configPrint(inOrder(given), "set").replaceAll(`${folder}/`, "");
}

/** What is printed, read as a file in another folder. */
function readAgain(configuration: ConfigurationInOrder, which: "set" | "all"): OptionValues {
  const name = join(mkdtempSync(join(folder, "elsewhere-")), "printed.yaml");
  writeFileSync(name, configPrint(configuration, which), { mode: 0o600 });
  const again = loadConfiguration({ flags: new Map(), configFlag: name, environment: {} });
  if (!again.ok) throw new Error(again.problems.join("\n"));
  return again.values;
}

/** The values with absolute names of files. */
function resolved(values: OptionValues): Record<string, unknown> {
  const isFile = (key: OptionKey) => (OPTIONS[key] as Option).isPath === true && values[key] !== undefined;
  return Object.fromEntries(
    OPTION_KEYS.map((key) => [
      key,
      isFile(key) && values[key] !== "memory:" ? resolve(String(values[key])) : values[key],
    ]),
  );
}

describe("what check prints", () => {
  test("is each value as it was written, with who said it", () => {
    const given = {
      file: "log: { level: debug }\nbroker:\n  profile: nats\n  max_qos: 2\n  keep_alive: 90\n  connect_timeout: 5s\n",
      flags: new Map([["clients.allow", "a b"]] as const),
      environment: { MQTTSN_BROKER_CONNECT_TIMEOUT: "1500ms" },
    };
    expect(printed(given)).toBe(`broker:
  profile: nats                              # gateway.yaml:3:12
  version: 4                                 # broker.profile (gateway.yaml:3:12)
  keep_alive: 90s                            # gateway.yaml:5:15
  connect_timeout: 1500ms                    # MQTTSN_BROKER_CONNECT_TIMEOUT
  max_qos: 2                                 # gateway.yaml:4:12
  forbidden_characters: " .\\t>"              # broker.profile (gateway.yaml:3:12)
clients:
  allow: [ a, b ]                            # --clients-allow
log:
  level: debug                               # gateway.yaml:1:15
`);
  });

  test("says so where nothing is set", () => {
    expect(printed({})).toBe("# Nothing is set: every option has its default.\n");
    expect(parse(printed({}))).toBeNull();
  });

  test("names files in full, those that entries of a list name as well", () => {
    write("secret", "hush\n");
    const file = `state: { path: kept }
broker: { username: u, password_file: secret }
clients: { credentials: [{ client: a, username: b, password_file: secret }] }
`;
    const text = configPrint(inOrder({ file }), "set");
    expect(parse(text)).toEqual({
      state: { path: join(folder, "kept") },
      broker: { username: "u", password_file: join(folder, "secret") },
      clients: { credentials: [{ client: "a", username: "b", password_file: join(folder, "secret") }] },
    });
  });

  test("is every option where that is asked for, as a comment where it has no value", () => {
    const text = configPrint(inOrder({}), "all");
    for (const key of OPTION_KEYS) {
      const name = key.slice(key.indexOf(".") + 1);
      expect(text).toMatch(new RegExp(`^ *(# )?${name}:`, "m"));
    }
    expect(text).toMatch(/^ {2}keep_alive: 60s +# default$/m);
    expect(text).toMatch(/^ {2}# server_name: +# default: the host of broker.url$/m);
    expect(resolved(readAgain(inOrder({}), "all"))).toEqual(resolved(inOrder({}).values));
  });
});

describe("a secret", () => {
  const KEY = "dGhlIGtleSBvZiBhIGRldmljZSwgMzIgb2N0ZXRzISE=";
  const files = {
    "by-file": "hush-file\n",
    "key-file": `${KEY}\n`,
    "entries.yaml": "[{ client: f, username: u, password: hush-entry }]",
  };
  const file = `broker:
  url: ws://hush-user:hush-url@host/mqtt/hush-token?hush=query
  username: u
  password: hush-password
clients:
  credentials:
    - { client: a, username: b, password: hush-listed }
    - { client: c, sas_key: ${KEY} }
    - { client: d, username: u, password_file: by-file }
    - { client: e, sas_key_file: key-file }
  credentials_file: entries.yaml
`;
  for (const [name, text] of Object.entries(files)) write(name, text);

  test.each(["set", "all"] as const)("is not shown, wherever it came from (%s)", (which) => {
    const text = configPrint(inOrder({ file }), which);
    expect(text).not.toMatch(/hush|dGhlIGtle/);
    expect(text).toContain("url: ws://***@host/mqtt/***?***");
    expect(text).toMatch(/^ {2}password: "\*\*\*" +# .*, \*\*\* is not shown$/m);
  });

  test("that is not shown is asked for when it is read again", () => {
    write("printed.yaml", configPrint(inOrder({ file }), "set"));
    const again = loadConfiguration({ flags: new Map(), configFlag: join(folder, "printed.yaml"), environment: {} });
    expect(again.ok).toBe(false);
    const problems = again.ok ? [] : again.problems;
    expect(problems.map((problem) => /: ([\w.[\]]+): (is|has) \*\*\*/.exec(problem)?.[1])).toEqual([
      "broker.url",
      "broker.password",
      "clients.credentials[0].password",
      "clients.credentials[1].sas_key",
    ]);
  });
});

/** Texts that mean something to YAML, and any other. */
const anyText = fc.oneof(
  fc.constantFrom(
    "a: b",
    "#x",
    "a #b",
    "yes",
    "0815",
    "null",
    "~a",
    "x\ny",
    " x ",
    `\${clientId}`,
    '"',
    "'",
    "ä",
    "- a",
  ),
  fc.constantFrom(
    "&a",
    "*a",
    "!a",
    "true",
    "{a}",
    "[a]",
    "a,b",
    "@",
    "%",
    "\t",
    "|",
    ">",
    "1e3",
    "embedded:",
    "---",
    "?",
    "\u0085",
  ),
  fc.string({ unit: "binary", minLength: 1 }),
);
const template = anyText.filter(isTemplate);
const topic = template.filter(isTopicName);
const client = anyText.filter((text) => !text.includes("*"));

/** What may be written of an option that no JSON Schema describes well enough. */
const TEXTS: Partial<Record<OptionKey, fc.Arbitrary<unknown>>> = {
  listen: fc.constantFrom("udp://[::]:1883", ["udp://127.0.0.1:1", "udp://[::1]:2"]),
  "discovery.groups": fc.constantFrom("225.1.1.2", ["225.1.1.1", "[ff03::1]:7"], []),
  "discovery.interfaces": fc.array(anyText, { minLength: 1 }),
  "broker.url": fc.constantFrom("mqtt://host", "ws://host/mqtt", "embedded:"),
  "broker.username": template,
  "broker.client_id": template.map((text) => `${text}\${clientId}`),
  "broker.own_client_id": anyText,
  "broker.forbidden_characters": anyText.filter((text) => !/[/+#\0]/.test(text)),
  "embedded.listen": fc.constantFrom("127.0.0.1:1", "[::1]:0"),
  "clients.credentials": fc.uniqueArray(fc.record({ client, username: template }), { selector: (each) => each.client }),
  "topics.predefined": fc.uniqueArray(fc.record({ id: fc.integer({ min: 1, max: 65_534 }), topic }), {
    selector: (each) => each.id,
  }),
  "topics.mountpoint": topic.filter((text) => !text.startsWith("$share/")).map((text) => `${text}/`),
  "state.path": fc.constantFrom("memory:", "kept", "/var/lib/kept", "a: b #c"),
  "http.hosts": fc.constantFrom("gateway.example", ["a", "b"]),
  "bridge.base_topic": fc.constantFrom("a/b", "yes", "0815", "a: b"),
};

/** Of the other options, whose description as JSON Schema says it all. */
function arbitraryOf(key: OptionKey): fc.Arbitrary<unknown> | undefined {
  const [head, name] = key.split(".") as [string, string | undefined];
  const inSection = (configSchema().properties as Record<string, { properties: Record<string, unknown> }>)[head]!;
  const schema = (name === undefined ? inSection : inSection.properties[name]) as Record<string, unknown>;
  const { enum: words, type, minimum: min, maximum: max, anyOf } = schema as Record<string, unknown>;
  if (words !== undefined) return fc.constantFrom(...(words as unknown[]));
  if (type === "boolean") return fc.boolean();
  if (type === "integer") return fc.integer({ min: min as number, max: max as number });
  if (type === "number") return fc.double({ min: min as number, max: max as number, noNaN: true });
  // Long enough and short enough for every option that is a duration.
  if (anyOf !== undefined) return fc.constantFrom("60s", "0.25h", 600, " 20m ", "1000.5s");
  return undefined;
}

const ARBITRARIES = OPTION_KEYS.flatMap((key) => {
  const arbitrary = TEXTS[key] ?? arbitraryOf(key);
  return arbitrary === undefined ? [] : [fc.record({ key: fc.constant(key), value: arbitrary })];
});

/** Options, and who says them. */
const anySayings = fc.uniqueArray(
  fc.record({ saying: fc.oneof(...ARBITRARIES), by: fc.constantFrom("file", "flag", "variable") }),
  { selector: ({ saying }) => saying.key, maxLength: 12 },
);

test("what is printed is a file by which everything has the same value", () => {
  const outcomes = { same: 0, refused: 0 };
  fc.assert(
    fc.property(anySayings, fc.constantFrom("set" as const, "all" as const), (sayings, which) => {
      const file: Record<string, unknown> = {};
      const flags = new Map<OptionKey, string>();
      const environment: Record<string, string> = {};
      for (const { saying, by } of sayings) {
        const { key, value } = saying;
        if (by === "file" || typeof value === "object") file[key] = value;
        else if (by === "flag") flags.set(key, String(value));
        else environment[variableOf(key)] = String(value);
      }
      const configuration = load({ file: stringify(file), flags, environment });
      // Some options do not go together.
      outcomes[configuration.ok ? "same" : "refused"] += 1;
      if (!configuration.ok) return;
      expect(resolved(readAgain(configuration, which))).toEqual(resolved(configuration.values));
    }),
    { numRuns: 300 },
  );
  expect(ARBITRARIES.length).toBeGreaterThan(65);
  expect(outcomes.same).toBeGreaterThan(50);
});
