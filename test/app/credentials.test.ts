import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Credentials } from "../../src/app/broker/credentials.ts";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";
import { maskedValue } from "../../src/app/configuration/masked-value.ts";
import { OPTION_KEYS } from "../../src/app/configuration/option-names.ts";
import type { OptionKey } from "../../src/app/configuration/options.ts";

const KEY = "dGhlIGtleSBvZiBhIGRldmljZSwgMzIgb2N0ZXRzISE=";
const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Files by their names in a folder, which only their owner may read; `gateway.yaml` is the configuration. */
function load(files: Readonly<Record<string, string>>, flags: Partial<Record<OptionKey, string>> = {}) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o600);
  }
  return loadConfiguration({
    flags: new Map(Object.entries(flags) as [OptionKey, string][]),
    configFlag: files["gateway.yaml"] === undefined ? undefined : join(folder, "gateway.yaml"),
    environment: {},
  });
}

function valuesOf(...given: Parameters<typeof load>) {
  const configuration = load(...given);
  if (!configuration.ok) throw new Error(configuration.problems.join("\n"));
  return configuration.values;
}

function credentialsOf(yaml: string, flags: Partial<Record<OptionKey, string>> = {}): Credentials {
  return new Credentials(valuesOf({ "gateway.yaml": yaml }, flags), () => 1_700_000_000_500);
}

/** The problems, with the folder left off. */
function problemsOf(...given: Parameters<typeof load>): string[] {
  const configuration = load(...given);
  return configuration.ok ? [] : configuration.problems.map((problem) => problem.replaceAll(`${folder}/`, ""));
}

describe("what a client shows to the broker", () => {
  const yaml = `
broker: { url: "mqtt://of-url:url-password@broker", username: "all-\${clientId}", password: "p-\${clientId}" }
clients:
  credentials:
    - { client: "*-7", username: sevens, password: seven }
    - { client: "sensor-*", username: "s-\${clientId}", password: "x\${clientId}x" }
    - { client: sensor-1, username: one, password: "1" }
    - { client: open, username: nobody }
    - { client: alone, password: own }
`;

  test.each([
    ["sensor-1", "one", "1", "the entry with its id, wherever that stands"],
    ["sensor-7", "sevens", "seven", "the first of the patterns that fit"],
    ["sensor-2", "s-sensor-2", "xsensor-2x", "templates with its id in them"],
    ["open", "nobody", undefined, "no password of somebody else with its own user name"],
    ["alone", "all-alone", "own", "the user name of all with its own password"],
    ["other", "all-other", "p-other", "what the broker's options say for all"],
    ["sensor-", "s-sensor-", "xsensor-x", "what stands for nothing in a pattern too"],
    ["Sensor-1", "all-Sensor-1", "p-Sensor-1", "what is its own to the letter"],
  ])("%s: user name %s and password %s: %s", (clientId, username, password, _why) => {
    expect(credentialsOf(yaml).of(clientId)).toEqual({ username, password });
  });

  test("is what the URL says where nothing else does, each of the two by itself", () => {
    const url = "broker: { url: mqtt://u:p@broker }";
    expect(credentialsOf(url).of("a")).toEqual({ username: "u", password: "p" });
    expect(credentialsOf(url, { "broker.username": "v" }).of("a")).toEqual({ username: "v", password: "p" });
    expect(credentialsOf("").of("a")).toEqual({ username: undefined, password: undefined });
  });

  test("a client id that looks like a pattern of replacement is itself", () => {
    expect(credentialsOf("", { "broker.username": `u\${clientId}` }).of("$&$1").username).toBe("u$&$1");
  });

  test("10,000 entries and 100 patterns are no scan for each connection", () => {
    const entries = [
      ...Array.from({ length: 10_000 }, (_, index) => ({ client: `c${index}`, username: `u${index}` })),
      ...Array.from({ length: 100 }, (_, index) => ({ client: `p${index}-*`, username: `p${index}` })),
    ];
    const credentials = new Credentials({ ...valuesOf({}), "clients.credentials": entries });
    const begin = performance.now();
    for (let index = 0; index < 10_000; index += 1) expect(credentials.of(`c${index}`).username).toBe(`u${index}`);
    expect(credentials.of("p99-x").username).toBe("p99");
    expect(performance.now() - begin).toBeLessThan(1000);
  });
});

describe("SAS tokens", () => {
  const hub = "broker:\n  url: mqtt://plant.azure-devices.net\n  username: u\n";

  test("are the password of each client, for as long as they are meant to hold", () => {
    const { password, expiresInMs } = credentialsOf(`${hub}  sas_key: ${KEY}\n  sas_lifetime: 2h\n`).of("boiler");
    expect(password).toMatch(/^SharedAccessSignature sr=plant\.azure-devices\.net%2Fdevices%2Fboiler&sig=.+&se=/);
    // Until the second after which two hours are over.
    expect(password).toMatch(/&se=1700007201$/);
    expect(expiresInMs).toBe(7_200_000);
  });

  test("are made with the key of a policy, and with a device's own without it", () => {
    const yaml = `${hub}  sas_key: ${KEY}\n  sas_policy: device\nclients: { credentials: [{ client: boiler, sas_key: ${KEY} }] }\n`;
    const credentials = credentialsOf(yaml);
    expect(credentials.of("pump").password).toMatch(/&se=1700003601&skn=device$/);
    expect(credentials.of("boiler").password).toMatch(/&se=1700003601$/);
  });

  test("go before the password in the URL", () => {
    const yaml = `broker: { url: "mqtt://u:p@plant.azure-devices.net", sas_key: "${KEY}" }`;
    expect(credentialsOf(yaml).of("boiler").password).toMatch(/^SharedAccessSignature/);
  });

  test("are made anew each time", () => {
    let nowMs = 1_700_000_000_000;
    const values = valuesOf({ "gateway.yaml": `${hub}  sas_key: ${KEY}\n` });
    const credentials = new Credentials(values, () => nowMs);
    const first = credentials.of("a").password;
    nowMs += 60_000;
    expect(first).toMatch(/&se=1700003600$/);
    expect(credentials.of("a").password).toMatch(/&se=1700003660$/);
  });
});

describe("files", () => {
  test("of secrets are read, relative to the file that names them, and one line end is left off", () => {
    const values = valuesOf({
      "gateway.yaml": `
broker: { username: u, password_file: secrets/all }
clients:
  credentials: [{ client: a, username: a, password_file: secrets/a }]
  credentials_file: more/credentials.yaml
`,
      "more/credentials.yaml": "- { client: b, username: b, password_file: b }\n- { client: c, sas_key_file: key }\n",
      "secrets/all": "all\n",
      "secrets/a": "a\r\n",
      "more/b": "b\n\n",
      "more/key": `${KEY}\n`,
    });
    expect(values["broker.password"]).toBe("all");
    const credentials = new Credentials(values);
    expect(credentials.of("a").password).toBe("a");
    expect(credentials.of("b").password).toBe("b\n");
    expect(credentials.of("c").password).toMatch(/^SharedAccessSignature/);
    expect(credentials.of("d").password).toBe("all");
  });

  test("named by a flag are relative to the working directory, whatever the configuration file", () => {
    const files = { "gateway.yaml": "broker: { username: u }" };
    expect(problemsOf(files, { "broker.password_file": "no-such-file" })).toEqual([
      '--broker-password-file: cannot read "no-such-file": there is no such file',
    ]);
  });

  test("and folders in the configuration file are relative to its folder; memory: is neither", () => {
    const path = (state: string) => valuesOf({ "gateway.yaml": `state: { path: "${state}" }` })["state.path"];
    expect(path("./data")).toBe(join(folder, "data"));
    expect(path("/var/lib/x")).toBe("/var/lib/x");
    expect(path("memory:")).toBe("memory:");
    expect(valuesOf({ "gateway.yaml": "" })["state.path"]).toBe("./data");
  });

  test("of predefined topics add to those of the configuration", () => {
    const values = valuesOf({
      "gateway.yaml": "topics: { predefined: [{ id: 1, topic: a }], predefined_file: topics.conf }",
      "topics.conf": "*,b,2\nboiler,c,1\n",
    });
    expect(values["topics.predefined"]).toEqual([
      { id: 1, topic: "a" },
      { id: 2, topic: "b" },
      { id: 1, topic: "c", client: "boiler" },
    ]);
  });

  test("of credentials may be empty, or have nothing but comments", () => {
    const files = { "gateway.yaml": "clients: { credentials_file: list.yaml }", "list.yaml": "# nobody yet\n" };
    expect(valuesOf(files)["clients.credentials"]).toEqual([]);
  });

  test("are read anew each time", () => {
    const files = { "gateway.yaml": "broker: { username: u, password_file: secret }" };
    expect(valuesOf({ ...files, secret: "one" })["broker.password"]).toBe("one");
    expect(valuesOf({ ...files, secret: "two" })["broker.password"]).toBe("two");
  });

  test.skipIf(process.platform === "win32")(
    "that hold a secret and everybody may read are warned of, once each",
    () => {
      const files = {
        "gateway.yaml": "broker: { username: u, password_file: secret }\nclients: { credentials_file: list.yaml }",
        "list.yaml": "- { client: a, password_file: secret }\n- { client: b, password: p }\n",
        secret: "x",
      };
      expect(load(files)).toMatchObject({ ok: true, warnings: [] });
      const warningsWith = (mode: number, ...names: string[]) => {
        for (const name of names) chmodSync(join(folder, name), mode);
        const configuration = load({});
        expect(configuration.ok).toBe(true);
        const again = loadConfiguration({
          flags: new Map(),
          configFlag: join(folder, "gateway.yaml"),
          environment: {},
        });
        return again.ok ? again.warnings.map((warning) => warning.replaceAll(`${folder}/`, "")) : [];
      };
      const told = (name: string) =>
        `everybody on this machine may read "${name}", which holds a password or a key; let it belong to the gateway's user, and take that away (chmod o-r)`;
      // A group of its own is how daemons are given files.
      expect(warningsWith(0o640, "secret")).toEqual([]);
      // There is no secret in it.
      expect(warningsWith(0o644, "gateway.yaml")).toEqual([]);
      expect(warningsWith(0o644, "secret", "list.yaml")).toEqual([told("secret"), told("list.yaml")]);
      writeFileSync(join(folder, "list.yaml"), `- { client: a, sas_key: ${KEY} }\n`);
      expect(warningsWith(0o600, "secret")).toEqual([told("list.yaml")]);
      for (const broker of ["username: u, password: p", 'url: "mqtt://u:p@h"', 'url: "ws://h/mqtt?token=t"']) {
        writeFileSync(join(folder, "gateway.yaml"), `broker: { ${broker} }`);
        expect(warningsWith(0o644, "gateway.yaml")).toEqual([told("gateway.yaml")]);
      }
    },
  );
});

describe("the gateway's own connection", () => {
  const unknown =
    "the gateway's own connection has another client id at each start, and by what is set it shows credentials that change with it; set broker.own_client_id to one that the broker knows, or give mqtt-sn-gateway-* a username and a password in clients.credentials";
  const warningsOf = (...given: Parameters<typeof load>) => {
    const configuration = load(...given);
    return configuration.ok ? configuration.warnings : configuration.problems;
  };

  test.each<[string, Parameters<typeof load>]>([
    ["a user name", [{}, { "broker.username": `s-\${clientId}` }]],
    ["a password", [{}, { "broker.username": "u", "broker.password": `\${clientId}` }]],
    ["a token", [{}, { "broker.username": "u", "broker.sas_key": KEY }]],
    ["what fits all", [{ "gateway.yaml": `clients: { credentials: [{ client: "*", username: "\${clientId}" }] }` }]],
  ])("is warned of with a client id of chance, and %s made from it", (_what, given) => {
    expect(warningsOf(...given)).toEqual([unknown]);
    const [files, flags] = given;
    expect(warningsOf(files, { ...flags, "broker.own_client_id": "gateway" })).toEqual([]);
  });

  test("is not where it shows the same at each start", () => {
    expect(warningsOf({}, { "broker.username": "u", "broker.password": "p" })).toEqual([]);
    const yaml = `broker: { username: "\${clientId}" }\nclients: { credentials: [{ client: mqtt-sn-gateway-*, username: g, password: p }] }`;
    expect(warningsOf({ "gateway.yaml": yaml })).toEqual([]);
  });
});

describe("problems", () => {
  const list = (...entries: string[]) => ({
    "gateway.yaml": `broker: { username: u }\nclients:\n  credentials:\n${entries.map((each) => `    - ${each}\n`).join("")}`,
  });
  const nothing = "says nothing of its client; give it a username, a password, a sas_key, or a file with one of these";
  const alone = "MQTT 3.1.1 allows a password only with a user name";

  test.each<[string, Parameters<typeof load>, string[]]>([
    [
      "a client id or pattern that comes twice",
      [list("{ client: a*, username: u }", "{ client: b, username: u }", "{ client: a*, password: p }")],
      [
        'gateway.yaml:6:17: clients.credentials[2].client: "a*" has credentials already (gateway.yaml:4:17); leave one of them out',
      ],
    ],
    [
      "one that comes in the file again",
      [
        {
          "gateway.yaml": "clients:\n  credentials: [{ client: a, username: u }]\n  credentials_file: list.yaml\n",
          "list.yaml": "- { client: b, username: u }\n- client: a\n  username: u\n",
        },
      ],
      ['list.yaml:2:11: [1].client: "a" has credentials already (gateway.yaml:2:27); leave one of them out'],
    ],
    [
      "two passwords",
      [list("{ client: a, password: p, password_file: f }", "{ client: b, password: p, sas_key: k }")],
      [
        "gateway.yaml:4:48: clients.credentials[0].password_file: password is given too; leave one of them out",
        "gateway.yaml:5:42: clients.credentials[1].sas_key: password is given too; leave one of them out",
      ],
    ],
    ["an entry without anything", [list("{ client: a }")], [`gateway.yaml:4:7: clients.credentials[0]: ${nothing}`]],
    [
      "a key that there is not",
      [list("{ client: a, user: u }", "{ clnt: a, username: u }")],
      [
        "gateway.yaml:4:26: clients.credentials[0].user: there is no such key; did you mean username?",
        "gateway.yaml:5:7: clients.credentials[1].client: is missing",
        "gateway.yaml:5:15: clients.credentials[1].clnt: there is no such key; did you mean client?",
      ],
    ],
    [
      "what is no entry, and does not show it",
      [list('"sensor-1:hush"')],
      [
        'gateway.yaml:4:7: clients.credentials[0]: is not an entry such as { client: "sensor-*", username: sensors, password_file: sensors.password }',
      ],
    ],
    [
      "numbers where texts are meant",
      [list("{ client: 0815, username: 7 }")],
      [
        "gateway.yaml:4:17: clients.credentials[0].client: 815 is not a client id, or a pattern of client ids (sensor-*); put it in quotes",
        "gateway.yaml:4:33: clients.credentials[0].username: 7 is not a text; put it in quotes",
      ],
    ],
    [
      "a number for a password, which is not shown",
      [list("{ client: a, password: 12345 }")],
      ["gateway.yaml:4:30: clients.credentials[0].password: is not a text: put it in quotes"],
    ],
    [
      "a placeholder that there is not",
      [list(`{ client: a, username: "\${user}" }`)],
      [`gateway.yaml:4:30: clients.credentials[0].username: has a placeholder other than \${clientId}`],
    ],
    [
      "files that cannot be read or are empty",
      [{ ...list("{ client: a, password_file: none }", "{ client: b, sas_key_file: empty }"), empty: "\n" }],
      [
        'gateway.yaml:4:35: clients.credentials[0].password_file: cannot read "none": there is no such file',
        'gateway.yaml:5:34: clients.credentials[1].sas_key_file: "empty" is empty',
      ],
    ],
    [
      "a key that is not base64, wherever it stands, and does not show it",
      [{ ...list("{ client: a, sas_key: s3cret }", "{ client: b, sas_key_file: key }"), key: "s3cret" }],
      [
        "gateway.yaml:4:29: clients.credentials[0].sas_key: is not a key of Azure IoT Hub (base64)",
        "gateway.yaml:5:34: clients.credentials[1].sas_key_file: is not a key of Azure IoT Hub (base64)",
      ],
    ],
    [
      "the broker's key that is not base64",
      [{ key: "s3cret" }, { "broker.username": "u", "broker.sas_key_file": join(folder, "key") }],
      ["--broker-sas-key-file: is not a key of Azure IoT Hub (base64)"],
    ],
    [
      "a password of a client for which there is no user name",
      [{ "gateway.yaml": "clients: { credentials: [{ client: a, password: p }] }" }],
      [
        `gateway.yaml:1:49: clients.credentials[0].password: ${alone}; give its client a username, or set broker.username`,
      ],
    ],
    [
      "a token for which there is no user name",
      [{}, { "broker.sas_key": KEY }],
      [`--broker-sas-key: ${alone}; set broker.username too`],
    ],
    [
      "a password and a key of which only one can count",
      [{}, { "broker.username": "u", "broker.password": "p", "broker.sas_key": KEY }],
      ["--broker-sas-key: broker.password is given too; leave one of them out"],
    ],
    [
      "a policy without its key",
      [{}, { "broker.sas_policy": "device" }],
      ["--broker-sas-policy: is of use only with its key; set broker.sas_key_file too"],
    ],
    [
      "tokens for devices of other names than the clients have",
      [{}, { "broker.username": "u", "broker.sas_key": KEY, "broker.client_id": `x\${clientId}` }],
      ["--broker-client-id: SAS tokens are for the device that has the client's id; leave broker.client_id out"],
    ],
    [
      "a passphrase that is given twice",
      [{}, { "broker.key_passphrase": "p", "broker.key_passphrase_file": "f" }],
      ["--broker-key-passphrase-file: broker.key_passphrase is given too; leave one of them out"],
    ],
    [
      "a file with credentials that is not there",
      [{}, { "clients.credentials_file": "none.yaml" }],
      ['--clients-credentials-file: cannot read "none.yaml": there is no such file'],
    ],
    [
      "a file with credentials that is no list",
      [{ "gateway.yaml": "clients: { credentials_file: list.yaml }", "list.yaml": "client: a\n" }],
      [
        'list.yaml:1:1: is not a list of entries such as { client: "sensor-*", username: sensors, password_file: sensors.password }',
      ],
    ],
    [
      "a file with credentials that is no YAML, and does not show it",
      [
        {
          "gateway.yaml": "clients: { credentials_file: list.yaml }",
          "list.yaml": "- client: a\n  password: @s3cret\n",
        },
      ],
      [
        "list.yaml:2:13: Plain value cannot start with reserved character @; put texts with special characters in quotes",
      ],
    ],
    [
      "topics that the file and the configuration have both",
      [
        {
          "gateway.yaml": "topics:\n  predefined: [{ id: 3, topic: a }]\n  predefined_file: topics.conf\n",
          "topics.conf": "*,b,2\n*,c,3\n",
        },
      ],
      ["topics.conf:2:5: 3 has a topic for all clients already (gateway.yaml:2:22)"],
    ],
    [
      "a file with topics that is not there",
      [{}, { "topics.predefined_file": "none.conf" }],
      ['--topics-predefined-file: cannot read "none.conf": there is no such file'],
    ],
  ])("tell of %s", (_what, given, problems) => {
    expect(problemsOf(...given)).toEqual(problems);
  });

  test("an entry with a user name of its own needs none for all", () => {
    const yaml = "clients: { credentials: [{ client: a, username: u, password: p }] }";
    expect(problemsOf({ "gateway.yaml": yaml })).toEqual([]);
  });

  test("with MQTT 5 a password needs no user name", () => {
    expect(problemsOf({}, { "broker.version": "5", "broker.password": "p" })).toEqual([]);
    const entries = { "gateway.yaml": "clients: { credentials: [{ client: a, password: p }] }" };
    expect(problemsOf(entries, { "broker.version": "5" })).toEqual([]);
  });
});

test("secrets are masked where all values are shown", () => {
  const values = valuesOf({
    "gateway.yaml": `
broker: { url: "mqtt://hush:hush@broker:1", username: u, password_file: secret }
clients: { credentials: [{ client: a, username: b, password: hush }, { client: c, sas_key_file: key }] }
`,
    secret: "hush",
    key: KEY,
  });
  const shown = Object.fromEntries(OPTION_KEYS.map((key) => [key, maskedValue(key, values[key])]));
  expect(JSON.stringify(shown)).not.toMatch(/hush|dGhlIGtle/);
  expect(shown).toMatchObject({
    "broker.url": "mqtt://***@broker:1",
    "broker.username": "u",
    "broker.password": "***",
    "clients.credentials": [
      { client: "a", username: "b", password: "***" },
      { client: "c", sas_key: "***" },
    ],
    "gateway.id": 1,
  });
});
