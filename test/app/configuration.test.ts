import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  type Configuration,
  type ConfigurationSources,
  loadConfiguration,
} from "../../src/app/configuration/configuration.ts";
import { OPTION_KEYS, variableOf } from "../../src/app/configuration/option-names.ts";
import type { OptionKey } from "../../src/app/configuration/options.ts";
import { coreSettings } from "../../src/app/core-settings.ts";
import { DEFAULT_SETTINGS } from "../../src/gateway/settings.ts";

const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
const path = join(folder, "gateway.yaml");
afterAll(() => rmSync(folder, { recursive: true }));

interface Given {
  flags?: Partial<Record<OptionKey, string>>;
  environment?: ConfigurationSources["environment"];
  file?: string;
}

function load({ flags = {}, environment = {}, file }: Given): Configuration {
  if (file !== undefined) writeFileSync(path, file);
  return loadConfiguration({
    flags: new Map(Object.entries(flags) as [OptionKey, string][]),
    configFlag: file === undefined ? undefined : path,
    environment,
  });
}

function valuesOf(given: Given) {
  const configuration = load(given);
  if (!configuration.ok) throw new Error(configuration.problems.join("\n"));
  return configuration.values;
}

/** The problems, with the file's folder left off. */
function problemsOf(given: Given): string[] {
  const configuration = load(given);
  return configuration.ok ? [] : configuration.problems.map((problem) => problem.replaceAll(`${folder}/`, ""));
}

describe("values", () => {
  test("without anything said, every option has its default", () => {
    const values = valuesOf({});
    expect(Object.keys(values)).toEqual(OPTION_KEYS);
    expect(values).toMatchObject({
      listen: ["udp://0.0.0.0:1883"],
      "gateway.id": 1,
      "broker.url": "mqtt://127.0.0.1:1883",
      "broker.client_id": `\${clientId}`,
      "broker.keep_alive": 60_000,
      "broker.connect_timeout": 10_000,
      "broker.reconnect_min": 1000,
      "broker.reconnect_max": 60_000,
      "clients.idle_limit": 86_400_000,
      "clients.max": 10_000,
      "embedded.listen": "127.0.0.1:1883",
      "log.level": "info",
      mode: "transparent",
    });
  });

  test("a flag goes before the environment, the environment before the file, the file before the default", () => {
    const file = "broker: { keep_alive: 10s, connect_timeout: 11s, reconnect_min: 12s }";
    const environment = { MQTTSN_BROKER_KEEP_ALIVE: "20s", MQTTSN_BROKER_CONNECT_TIMEOUT: "21s" };
    const values = valuesOf({ file, environment, flags: { "broker.keep_alive": "30s" } });
    expect(values["broker.keep_alive"]).toBe(30_000);
    expect(values["broker.connect_timeout"]).toBe(21_000);
    expect(values["broker.reconnect_min"]).toBe(12_000);
    expect(values["broker.reconnect_max"]).toBe(60_000);
  });

  test.each([
    ["500ms", 500],
    ["10s", 10_000],
    ["5m", 300_000],
    ["1h", 3_600_000],
    ["7", 7000],
    ["0.5", 500],
  ])("the duration %s is %d ms", (text, durationMs) => {
    expect(valuesOf({ flags: { "clients.retry_interval": text } })["clients.retry_interval"]).toBe(durationMs);
    const file = `clients:\n  retry_interval: ${text}\n`;
    expect(valuesOf({ file })["clients.retry_interval"]).toBe(durationMs);
  });

  test("listen takes a list in the file, and several URLs in a flag or in the environment", () => {
    const urls = ["udp://127.0.0.1:1883", "udp://[::1]:1884"];
    expect(valuesOf({ file: `listen: ["${urls.join('", "')}"]` }).listen).toEqual(urls);
    expect(valuesOf({ flags: { listen: urls.join(" ") } }).listen).toEqual(urls);
    expect(valuesOf({ environment: { MQTTSN_LISTEN: urls.join(", ") } }).listen).toEqual(urls);
  });

  test.each(["clients.allow", "clients.deny", "discovery.groups"] as const)(
    "an empty text is no list for %s: a variable that was left empty opens nothing",
    (key) => {
      const variable = `MQTTSN_${key.replace(".", "_").toUpperCase()}`;
      expect(problemsOf({ environment: { [variable]: " " } }).join()).toMatch(/is not/);
      expect(problemsOf({ flags: { [key]: "" } }).join()).toMatch(/is not/);
    },
  );

  test("listen takes a single URL in the file, and the same twice where the system chooses the port", () => {
    expect(valuesOf({ file: "listen: udp://[::]:1883" }).listen).toEqual(["udp://[::]:1883"]);
    const urls = ["udp://127.0.0.1:0", "udp://127.0.0.1:0"];
    expect(valuesOf({ flags: { listen: urls.join(" ") } }).listen).toEqual(urls);
  });

  test("the core's settings are by default those that it has by itself, but that there is a store", () => {
    expect(coreSettings(valuesOf({}))).toEqual({ ...DEFAULT_SETTINGS, savesSessions: true });
  });

  test("predefined topics are for one client, or with * or without a client for all", () => {
    const file = `
topics:
  predefined:
    - { id: 1, topic: a/b }
    - { id: 1, topic: a/c, client: boiler }
    - { id: 65534, topic: d, client: "*" }
`;
    expect(valuesOf({ file })["topics.predefined"]).toEqual([
      { id: 1, topic: "a/b" },
      { id: 1, topic: "a/c", client: "boiler" },
      { id: 65534, topic: "d" },
    ]);
    expect(coreSettings(valuesOf({ file })).predefinedTopics).toEqual([
      { id: 1, topic: "a/b", clientId: undefined },
      { id: 1, topic: "a/c", clientId: "boiler" },
      { id: 65534, topic: "d", clientId: undefined },
    ]);
  });

  test.each(["", "plant/", `clients/\${clientId}/`, "/a/"])("%j is a mountpoint", (mountpoint) => {
    expect(valuesOf({ flags: { "topics.mountpoint": mountpoint } })["topics.mountpoint"]).toBe(mountpoint);
  });

  test("the file may be empty, hold nothing but comments, or sections without options", () => {
    expect(problemsOf({ file: "" })).toEqual([]);
    expect(problemsOf({ file: "# nothing\n" })).toEqual([]);
    expect(problemsOf({ file: "broker:\n  # url: x\nlog: {}\n" })).toEqual([]);
  });

  test("the file may not have become empty", () => {
    writeFileSync(path, " \n");
    const sources = { flags: new Map(), configFlag: path, environment: {} };
    expect(loadConfiguration(sources)).toMatchObject({ ok: true, hasEmptyFile: true });
    const running = { hasEmptyFile: false, certificate: undefined };
    expect(loadConfiguration({ ...sources, running: { ...running, hasEmptyFile: true } })).toMatchObject({ ok: true });
    expect(loadConfiguration({ ...sources, running })).toEqual({
      ok: false,
      problems: [`--config: ${JSON.stringify(path)} is empty now; write it again, or restart the gateway`],
    });
  });

  test("the file may use anchors", () => {
    const values = valuesOf({ file: "broker: { reconnect_min: &t 5s, reconnect_max: *t }" });
    expect(values["broker.reconnect_max"]).toBe(5000);
  });

  test("MQTTSN_CONFIG names the file, the flag goes before it", () => {
    writeFileSync(path, "gateway: { id: 7 }");
    const configuration = loadConfiguration({ flags: new Map(), environment: { MQTTSN_CONFIG: path } });
    expect(configuration).toMatchObject({ ok: true, values: { "gateway.id": 7 } });
    const environment = { MQTTSN_CONFIG: "/does/not/exist" };
    expect(valuesOf({ file: "gateway: { id: 8 }", environment })["gateway.id"]).toBe(8);
  });

  test("the password may come from a file, whose last line end is left off, and its byte order mark", () => {
    const passwordFile = join(folder, "password");
    writeFileSync(passwordFile, "s3cret \r\n");
    const flags = { "broker.password_file": passwordFile, "broker.username": "gateway" };
    expect(valuesOf({ flags })["broker.password"]).toBe("s3cret ");
    // So editors of Windows begin a file.
    writeFileSync(passwordFile, "\uFEFFs3cret");
    expect(valuesOf({ flags })["broker.password"]).toBe("s3cret");
  });
});

describe("problems", () => {
  const brokerUrls =
    "a URL that the gateway can use (mqtt://host:port, mqtts://host:port, ws://host:port/path, wss://host:port/path, or embedded:)";
  const durations = "(500ms, 10s, 5m, 2h, 1d, or seconds)";

  test.each<[string, Given, string[]]>([
    [
      "a value that is wrong, with file, line, column and key",
      { file: 'listen: ["udp://[::]:1883"]\nbroker:\n  # the broker\n  url: mqt://x\n' },
      [`gateway.yaml:4:8: broker.url: "mqt://x" is not ${brokerUrls}`],
    ],
    [
      "a value in the environment, with the variable",
      { environment: { MQTTSN_BROKER_URL: "mqt://x" } },
      [`MQTTSN_BROKER_URL: "mqt://x" is not ${brokerUrls}`],
    ],
    ["a value of a flag, with the flag", { flags: { "broker.url": "x" } }, [`--broker: "x" is not ${brokerUrls}`]],
    [
      "every problem, not just the first",
      { file: "gateway: { id: 0 }\nlog: { level: loud }", flags: { "clients.max": "many" } },
      [
        '--clients-max: "many" is not a whole number from 1 to 1000000',
        "gateway.yaml:1:16: gateway.id: 0 is not a whole number from 1 to 255",
        'gateway.yaml:2:15: log.level: "loud" is not one of trace, debug, info, warn, error',
      ],
    ],
    [
      "those of the file in the order of its lines, whatever their kind",
      {
        file: "log: { level: loud }\nbrokr: {}\nbroker:\n  reconnect_min: 2m\n  keepalive: 1s\n  url: x\ngateway: { id: 0 }\n",
        environment: { MQTTSN_FOO: "1" },
      },
      [
        "MQTTSN_FOO: there is no such variable",
        'gateway.yaml:1:15: log.level: "loud" is not one of trace, debug, info, warn, error',
        "gateway.yaml:2:1: brokr: there is no such option; did you mean broker?",
        "gateway.yaml:4:18: broker.reconnect_min: broker.reconnect_min is longer than broker.reconnect_max",
        "gateway.yaml:5:3: broker.keepalive: there is no such option; did you mean broker.keep_alive?",
        `gateway.yaml:6:8: broker.url: "x" is not ${brokerUrls}`,
        "gateway.yaml:7:16: gateway.id: 0 is not a whole number from 1 to 255",
      ],
    ],
    [
      "what depends on several options although others are wrong, but not where one of the several is",
      {
        file: "broker: { reconnect_min: 2m, reconnect_max: soon, username: 5 }",
        flags: { "broker.password": "p", "broker.password_file": "f", "gateway.id": "0" },
      },
      [
        "--gateway-id: 0 is not a whole number from 1 to 255",
        "--broker-password-file: broker.password is given too; leave one of them out",
        `gateway.yaml:1:45: broker.reconnect_max: "soon" is not a duration from 10ms to 1d ${durations}`,
        "gateway.yaml:1:61: broker.username: 5 is not a text; put it in quotes",
      ],
    ],
    [
      "what cannot be read, and not of what may be missing for it",
      { file: "broker:\n\tusername: u\n", flags: { "broker.password": "p" } },
      ["gateway.yaml:2:1: Tabs are not allowed as indentation; indent with spaces"],
    ],
    [
      "an alias for nothing, and not of what may be missing for it",
      { file: "broker: { username: *u }", flags: { "broker.password": "p" } },
      ["gateway.yaml:1:11: broker.username: has an alias without its anchor; put texts that begin with * in quotes"],
    ],
    [
      "an unknown key, with the one that was meant",
      { file: "broker:\n  keepalive: 10s\n" },
      ["gateway.yaml:2:3: broker.keepalive: there is no such option; did you mean broker.keep_alive?"],
    ],
    [
      "an unknown key without what was to be its value, which may be secret",
      { file: "broker: { password:geheim }\nclients: { credentials: [{ client: x, password geheim }] }" },
      [
        "gateway.yaml:1:11: broker.password: there is no such option; write a colon and a space between a key and its value",
        "gateway.yaml:2:26: clients.credentials[0]: password: there is no such key; write a colon and a space between a key and its value",
      ],
    ],
    [
      "an unknown section",
      { file: "brokr: {}" },
      ["gateway.yaml:1:1: brokr: there is no such option; did you mean broker?"],
    ],
    [
      "an unknown key like no other in its section, with the one of that name",
      { file: "log: { url: x }" },
      ["gateway.yaml:1:8: log.url: there is no such option; did you mean broker.url? It stands below broker, indented"],
    ],
    ["an unknown key like no other", { file: "zzz: 1" }, ["gateway.yaml:1:1: zzz: there is no such option"]],
    [
      "an unknown variable",
      { environment: { MQTTSN_BROKER_KEEPALIVE: "10s", PATH: "/bin" } },
      ["MQTTSN_BROKER_KEEPALIVE: there is no such variable; did you mean MQTTSN_BROKER_KEEP_ALIVE?"],
    ],
    [
      "a variable for what only the file can say",
      { environment: { [variableOf("topics.predefined")]: "[]" } },
      ["MQTTSN_TOPICS_PREDEFINED: only a file can say topics.predefined; name one in MQTTSN_TOPICS_PREDEFINED_FILE"],
    ],
    [
      "a value where a section should be",
      { file: "broker: mqtt://x" },
      ["gateway.yaml:1:1: broker: is a section; write its options below it, indented, such as broker.url"],
    ],
    [
      "a file that is no map",
      { file: "- a" },
      ['gateway.yaml:1:1: is not a map of options; write for example "log: { level: debug }"'],
    ],
    [
      "a key without a value",
      { file: "broker:\n  url:\n" },
      ["gateway.yaml:2:3: broker.url: is empty; give it a value, or leave it out"],
    ],
    [
      "a number in quotes",
      { file: 'gateway: { id: "7" }' },
      ['gateway.yaml:1:16: gateway.id: "7" is not a whole number from 1 to 255; leave the quotes out'],
    ],
    [
      "a duration without a sense",
      { file: "broker: { keep_alive: soon }" },
      [`gateway.yaml:1:23: broker.keep_alive: "soon" is not a duration from 1s to 65535s ${durations}`],
    ],
    [
      "a duration out of range",
      { file: "broker: { keep_alive: 0 }" },
      [`gateway.yaml:1:23: broker.keep_alive: 0 is not a duration from 1s to 65535s ${durations}`],
    ],
    [
      "a list for a single value",
      { file: "log: { level: [info] }" },
      ["gateway.yaml:1:15: log.level: a list is not one of trace, debug, info, warn, error"],
    ],
    [
      "a single value for a list that is wrong",
      { file: "listen: tcp://x" },
      [
        'gateway.yaml:1:9: listen: "tcp://x" is not a place to listen at (udp://host:port, such as udp://0.0.0.0:1883 or udp://[::]:1883)',
      ],
    ],
    [
      "something else for a list",
      { file: "listen: 1883" },
      ["gateway.yaml:1:9: listen: 1883 is not a URL such as udp://0.0.0.0:1883, or a list of such URLs"],
    ],
    [
      "a place to listen at that is listed twice",
      { file: "listen:\n  - udp://0.0.0.0\n  - udp://[::]:1883\n  - udp://0.0.0.0:1883\n" },
      ['gateway.yaml:4:5: listen[2]: "udp://0.0.0.0:1883" is listed twice'],
    ],
    [
      "a place to listen at that is given twice",
      { flags: { listen: "udp://[::1]:1883 udp://[::1]:1883" } },
      ['--listen: "udp://[::1]:1883" is listed twice'],
    ],
    [
      "an entry of a list, with its place",
      { file: "listen:\n  - udp://[::]:1883\n  - tcp://x\n" },
      [
        'gateway.yaml:3:5: listen[1]: "tcp://x" is not a place to listen at (udp://host:port, such as udp://0.0.0.0:1883 or udp://[::]:1883)',
      ],
    ],
    [
      "no place to listen at",
      { file: "listen: []" },
      ["gateway.yaml:1:9: listen: is an empty list: name at least one place, such as udp://0.0.0.0:1883"],
    ],
    [
      "a mode that is planned",
      { flags: { mode: "aggregating" } },
      ['--mode: "aggregating" is planned and does not exist yet: write transparent, or leave it out'],
    ],
    [
      "what looks like memory: and is not, and would be a folder of that name",
      { environment: { MQTTSN_STATE_PATH: "Memory:" } },
      ['MQTTSN_STATE_PATH: "Memory:" is not a folder, or memory: to keep nothing'],
    ],
    ["a mode that is not", { flags: { mode: "x" } }, ['--mode: "x" is not a mode there is (transparent)']],
    [
      "a template with a placeholder there is not",
      { flags: { "broker.username": `\${user}` } },
      [`--broker-username: "\${user}" has a placeholder other than \${clientId}`],
    ],
    [
      "a template for client ids with a placeholder there is not",
      { flags: { "broker.client_id": `\${id}` } },
      [`--broker-client-id: "\${id}" has a placeholder other than \${clientId}`],
    ],
    [
      "a client id that is the same for all clients",
      { flags: { "broker.client_id": "gateway" } },
      [`--broker-client-id: "gateway" has no \${clientId} in it: a broker knows each client by an id of its own`],
    ],
    [
      "a forbidden character that no topic could do without",
      { flags: { "broker.forbidden_characters": "./" } },
      ['--broker-forbidden-characters: "./" is not characters that stand in topics (without / + #)'],
    ],
    [
      "a mountpoint that would end within a level",
      { flags: { "topics.mountpoint": "plant" } },
      ['--topics-mountpoint: "plant" does not end a level; write "plant/"'],
    ],
    [
      "a mountpoint with a wildcard",
      { flags: { "topics.mountpoint": "+/plant/" } },
      ['--topics-mountpoint: "+/plant/" is not the beginning of a topic name (without +, # and control characters)'],
    ],
    [
      "a mountpoint that is a shared subscription",
      { flags: { "topics.mountpoint": "$share/group/" } },
      [
        '--topics-mountpoint: "$share/group/" begins with $share/, which stands for shared subscriptions; leave that out',
      ],
    ],
    [
      "a mountpoint with a placeholder there is not",
      { flags: { "topics.mountpoint": `\${id}/` } },
      [`--topics-mountpoint: "\${id}/" has a placeholder other than \${clientId}`],
    ],
    [
      "a predefined topic that is wrong in each of its parts",
      {
        file: "topics:\n  predefined:\n    - { id: 0, topic: a }\n    - { id: 65535, topic: a }\n    - { id: 3, topic: a/# }\n    - { id: 4 }\n    - { id: 5, topic: a, klient: b }\n    - { id: 6, topic: a, clnt: b, foo: 1 }\n",
      },
      [
        "gateway.yaml:3:13: topics.predefined[0].id: 0 is not a topic id from 1 to 65534 (0 and 65535 are reserved)",
        "gateway.yaml:4:13: topics.predefined[1].id: 65535 is not a topic id from 1 to 65534 (0 and 65535 are reserved)",
        'gateway.yaml:5:23: topics.predefined[2].topic: "a/#" is not a topic name (not empty, without + and #)',
        "gateway.yaml:6:7: topics.predefined[3].topic: is missing",
        "gateway.yaml:7:34: topics.predefined[4].klient: there is no such key; did you mean client?",
        "gateway.yaml:8:32: topics.predefined[5].clnt: there is no such key; did you mean client?",
        "gateway.yaml:8:40: topics.predefined[5].foo: there is no such key",
      ],
    ],
    [
      "an id with two topics for one client",
      {
        file: "topics:\n  predefined:\n    - { id: 1, topic: a }\n    - { id: 1, topic: b, client: c }\n    - { id: 1, topic: d, client: c }\n    - { id: 1, topic: e, client: '*' }\n",
      },
      [
        'gateway.yaml:5:13: topics.predefined[2].id: 1 has a topic for "c" already (gateway.yaml:4:13)',
        "gateway.yaml:6:13: topics.predefined[3].id: 1 has a topic for all clients already (gateway.yaml:3:13)",
      ],
    ],
    [
      "a shortest wait that is longer than the longest",
      { flags: { "broker.reconnect_min": "2m" } },
      ["--broker-reconnect-min: broker.reconnect_min is longer than broker.reconnect_max"],
    ],
    [
      "a password given twice",
      { flags: { "broker.username": "u", "broker.password": "p", "broker.password_file": "f" } },
      ["--broker-password-file: broker.password is given too; leave one of them out"],
    ],
    [
      "a password without a user name",
      { flags: { "broker.password": "p" } },
      ["--broker-password: MQTT 3.1.1 allows a password only with a user name; set broker.username too"],
    ],
    [
      "a password file that is not there",
      { flags: { "broker.username": "u", "broker.password_file": "/does/not/exist" } },
      ['--broker-password-file: cannot read "/does/not/exist": there is no such file'],
    ],
    [
      "a configuration file that is not there",
      { environment: { MQTTSN_CONFIG: "/does/not/exist.yaml" } },
      ['MQTTSN_CONFIG: cannot read "/does/not/exist.yaml": there is no such file'],
    ],
    [
      "a configuration file that is a directory",
      { environment: { MQTTSN_CONFIG: "/" } },
      ['MQTTSN_CONFIG: cannot read "/": it is a directory'],
    ],
  ])("tell of %s", (_what, given, problems) => {
    expect(problemsOf(given)).toEqual(problems);
  });

  const quotes = "put texts with special characters in quotes";

  test.each([
    ["a bracket that is not closed", "mode: transparent\nbroker: [\n", /^gateway\.yaml:3:1: .*whether every bracket/],
    ["a key that comes twice", "mode: a\nmode: b\n", /^gateway\.yaml:2:1: mode is there a second time; .*leave one of/],
    ["a tab", "broker:\n\turl: x\n", /^gateway\.yaml:2:1: Tabs are not allowed as indentation; indent with spaces$/],
    ["several documents", "mode: a\n---\nmode: b\n", /^gateway\.yaml:2:1: the file has several documents; leave out/],
    ["an indentation of no level", "broker:\n  url: a\n username: b\n", /^gateway\.yaml:3:1: .*the indentation/],
    ["a text that begins with @", "broker:\n  password: @x\n", new RegExp(`^gateway\\.yaml:2:13: .*; ${quotes}$`)],
    ["a text with a colon", "broker:\n  password: a: b\n", new RegExp(`^gateway\\.yaml:2:13: .*; ${quotes}$`)],
    ["embedded: bare", "broker:\n  url: embedded:\n", /^gateway\.yaml:2:8: .*it stands in quotes: "embedded:"$/],
    ["a quote that is not closed", "broker:\n  password: 'x\n", new RegExp(`^gateway\\.yaml:3:1: .*; ${quotes}$`)],
  ])("tell of %s, with its line and what to do", (_what, file, problem) => {
    expect(problemsOf({ file })).toEqual([expect.stringMatching(problem)]);
  });

  test("never show a secret", () => {
    const given = [
      { file: "broker:\n  password: 123456\n" },
      { file: "broker:\n  password: [s3cret]\n" },
      { file: "broker:\n  password: s3cret\n" },
      { file: "broker:\n  password: 's3cret\n" },
      { file: "broker:\n  password: s3cret: x\n" },
      { file: "broker:\n  password: *s3cret\n" },
      { file: "broker:\n  password: [*s3cret]\n" },
      { file: "broker:\n  password: !s3cret x\n" },
      { file: "broker:\n  password: |s3cret\n" },
      { file: 'broker:\n  password: "\\xs3cret"\n' },
      { file: "broker:\n  url: mqt://user:s3cret@host\n" },
    ];
    for (const each of given) {
      const problems = problemsOf(each);
      expect(problems).not.toEqual([]);
      expect(problems.join()).not.toMatch(/s3cret|123456/);
    }
  });
});
