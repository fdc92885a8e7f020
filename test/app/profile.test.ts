import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { BROKER_PROFILES, type BrokerProfile } from "../../src/app/configuration/broker-profiles.ts";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";
import { isOptionKey } from "../../src/app/configuration/option-names.ts";
import { OPTIONS, type OptionKey } from "../../src/app/configuration/options.ts";

const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
afterAll(() => rmSync(folder, { recursive: true }));

const PROFILES = Object.entries<BrokerProfile>(BROKER_PROFILES);
const KEY = "dGhlIGtleSBvZiBhIGRldmljZSwgMzIgb2N0ZXRzISE=";

/** Enough for every profile: an encrypted URL, credentials, and a name for the gateway's own connection. */
const ENOUGH = {
  "broker.url": "mqtts://plant.example.net",
  "broker.username": "u",
  "broker.password": "p",
  "broker.own_client_id": "gateway",
};

type Texts = Partial<Record<OptionKey, string>>;

function load(flags: Texts, yaml?: string) {
  const file = join(folder, "gateway.yaml");
  if (yaml !== undefined) writeFileSync(file, yaml, { mode: 0o600 });
  return loadConfiguration({
    flags: new Map(Object.entries(flags) as [OptionKey, string][]),
    configFlag: yaml === undefined ? undefined : file,
    environment: {},
  });
}

function valuesOf(flags: Texts, yaml?: string) {
  const configuration = load(flags, yaml);
  if (!configuration.ok) throw new Error(configuration.problems.join("\n"));
  return configuration.values;
}

function problemsOf(flags: Texts, yaml?: string): string[] {
  const configuration = load(flags, yaml);
  return configuration.ok ? [] : configuration.problems.map((problem) => problem.replaceAll(`${folder}/`, ""));
}

test.each(PROFILES)("%s sets options that there are, to other values than they have without it", (name, profile) => {
  const without = valuesOf(ENOUGH);
  const values = valuesOf({ ...ENOUGH, "broker.profile": name });
  for (const [key, value] of Object.entries(profile.options)) {
    expect(isOptionKey(key)).toBe(true);
    expect(key).toMatch(/^(broker\.|bridge\.enabled$)/);
    if (key === "broker.username") continue;
    // What a newer broker may one day be given by default is said all the same.
    if (key === "broker.version" && value === 4) continue;
    expect([key, values[key as OptionKey]]).not.toEqual([key, without[key as OptionKey]]);
  }
  const set = new Set(["broker.profile", ...Object.keys(profile.options)]);
  for (const key of Object.keys(OPTIONS) as OptionKey[]) {
    if (!set.has(key)) expect([key, values[key]]).toEqual([key, without[key]]);
  }
});

test.each([
  ["mosquitto", { "broker.version": 5 }],
  [
    "rabbitmq",
    { "broker.version": 4, "broker.max_qos": 1, "broker.forbidden_characters": "*", "broker.retain": "keep" },
  ],
  ["nats", { "broker.version": 4, "broker.max_qos": 1, "broker.forbidden_characters": " .\t>" }],
  ["hivemq-cloud", { "broker.version": 5, "broker.max_qos": 2 }],
  ["emqx-serverless", { "broker.version": 5, "broker.max_reconnect_rate": 50 }],
  [
    "adafruit-io",
    {
      "broker.max_qos": 1,
      "broker.retain": "strip",
      "broker.reconnect_min": 10_000,
      "broker.max_reconnect_rate": 1,
      "bridge.enabled": false,
    },
  ],
  ["azure-iot-hub", { "broker.version": 4, "broker.max_qos": 1, "broker.retain": "strip", "bridge.enabled": false }],
  ["aws-iot", { "broker.version": 5, "broker.max_qos": 1, "broker.retain": "keep", "bridge.enabled": false }],
] as const)("%s is what that broker can do", (name, values) => {
  expect(valuesOf({ ...ENOUGH, "broker.profile": name })).toMatchObject(values);
});

describe("a profile", () => {
  test("gives way to what is said by flag, in the environment or in the file", () => {
    const yaml = "broker: { profile: nats, max_qos: 2 }";
    expect(valuesOf({}, yaml)).toMatchObject({ "broker.max_qos": 2, "broker.forbidden_characters": " .\t>" });
    expect(valuesOf({ "broker.forbidden_characters": " " }, yaml)["broker.forbidden_characters"]).toBe(" ");
    const configuration = loadConfiguration({
      flags: new Map(),
      environment: { MQTTSN_BROKER_PROFILE: "nats", MQTTSN_BROKER_MAX_QOS: "0" },
    });
    expect(configuration).toMatchObject({ ok: true, values: { "broker.max_qos": 0 } });
  });

  test("of a hub has the host of the URL in the user name", () => {
    const flags = { ...ENOUGH, "broker.profile": "azure-iot-hub" };
    const { "broker.username": _username, ...others } = flags;
    expect(valuesOf(others)["broker.username"]).toBe(`plant.example.net/\${clientId}/?api-version=2021-04-12`);
    expect(valuesOf(flags)["broker.username"]).toBe("u");
  });

  test("that there is not is told with those that there are", () => {
    expect(problemsOf({ "broker.profile": "hivemq" })).toEqual([
      `--broker-profile: "hivemq" is not one of ${Object.keys(BROKER_PROFILES).join(", ")}`,
    ]);
  });

  test("is named where what it sets does not go together with the rest", () => {
    expect(problemsOf({ ...ENOUGH, "broker.profile": "adafruit-io", "broker.reconnect_max": "5s" })).toEqual([
      "--broker-reconnect-max: broker.reconnect_min is longer than broker.reconnect_max, and adafruit-io sets broker.reconnect_min to 10s",
    ]);
  });
});

const tls = "takes only encrypted connections; write mqtts://host in broker.url";
const anybody =
  "takes nobody without credentials; set broker.username and broker.password_file, or broker.cert and broker.key";
const own = "has to know the gateway's own connection as a device; set broker.own_client_id to the id of one";
const sas =
  "takes nobody without credentials; set broker.sas_key_file, or a sas_key_file for each client in clients.credentials, or broker.cert and broker.key";

describe("what a broker takes nobody without is told:", () => {
  test.each<[string, Texts, string[]]>([
    ["hivemq-cloud", {}, [`--broker-profile: hivemq-cloud ${tls}`, `--broker-profile: hivemq-cloud ${anybody}`]],
    ["hivemq-cloud", { "broker.url": "mqtt://u:p@h" }, [`--broker: hivemq-cloud ${tls}`]],
    ["hivemq-cloud", { "broker.url": "mqtts://u:p@h" }, []],
    ["hivemq-cloud", { "broker.url": "wss://u:p@h/mqtt" }, []],
    [
      "emqx-serverless",
      { "broker.url": "mqtts://h" },
      [
        "--broker-profile: emqx-serverless takes nobody without a user name; set broker.username and broker.password_file",
      ],
    ],
    [
      "adafruit-io",
      {},
      ["--broker-profile: adafruit-io takes nobody without a user name; set broker.username and broker.password_file"],
    ],
    ["adafruit-io", { "broker.username": "u" }, []],
    ["aws-iot", { "broker.url": "mqtts://h" }, [`--broker-profile: aws-iot ${anybody}`]],
    [
      "aws-iot",
      { "broker.url": "mqtts://u:p@h:443" },
      [
        "--broker: aws-iot speaks MQTT at port 443 only where it is asked to; set broker.alpn to x-amzn-mqtt-ca, or use port 8883",
      ],
    ],
    ["aws-iot", { "broker.url": "mqtts://u:p@h:443", "broker.alpn": "x-amzn-mqtt-ca" }, []],
    ["aws-iot", { "broker.url": "mqtts://u:p@h:8883" }, []],
    [
      "azure-iot-hub",
      { "broker.url": "mqtts://h" },
      [`--broker-profile: azure-iot-hub ${sas}`, `--broker-profile: azure-iot-hub ${own}`],
    ],
    [
      "azure-iot-hub",
      {
        "broker.url": "mqtts://h",
        "broker.own_client_id": "g",
        "broker.sas_key": KEY,
        "broker.keep_alive": "1177s",
      },
      [],
    ],
    [
      "azure-iot-hub",
      {
        "broker.url": "mqtts://h",
        "broker.own_client_id": "g",
        "broker.password": "SharedAccessSignature sr=…",
        "broker.client_id": `x-\${clientId}`,
        "broker.keep_alive": "1178s",
      },
      [
        "--broker-client-id: azure-iot-hub knows a device by its own id; leave broker.client_id out",
        "--broker-keep-alive: azure-iot-hub takes a keep alive of at most 1177s",
      ],
    ],
  ])("%s, %o", (name, flags, problems) => {
    expect(problemsOf({ ...flags, "broker.profile": name })).toEqual(problems);
  });

  test("a client certificate is credentials enough", () => {
    const certificates = join(import.meta.dirname, "../certificates");
    const flags = {
      "broker.url": "mqtts://h",
      "broker.own_client_id": "g",
      "broker.cert": join(certificates, "client.pem"),
      "broker.key": join(certificates, "client.key"),
    };
    for (const name of ["hivemq-cloud", "aws-iot", "azure-iot-hub"]) {
      expect(problemsOf({ ...flags, "broker.profile": name })).toEqual([]);
    }
  });

  test("keys of the clients are credentials enough, and stand where the file says", () => {
    const yaml = `broker: { profile: azure-iot-hub, url: "mqtts://h", own_client_id: g }\nclients: { credentials: [{ client: a, sas_key: ${KEY} }] }`;
    expect(problemsOf({}, yaml)).toEqual([]);
    expect(problemsOf({}, "broker:\n  profile: azure-iot-hub\n  url: mqtt://h\n")).toEqual([
      `gateway.yaml:2:12: broker.profile: azure-iot-hub ${sas}`,
      `gateway.yaml:2:12: broker.profile: azure-iot-hub ${own}`,
      `gateway.yaml:3:8: broker.url: azure-iot-hub ${tls}`,
    ]);
  });
});

describe("broker.version", () => {
  test.each([
    ["3.1.1", '"3.1.1": write 4 for MQTT 3.1.1'],
    ['"3.1.1"', '"3.1.1": write 4 for MQTT 3.1.1'],
    ["311", "311: write 4 for MQTT 3.1.1"],
    ['"4"', '"4": write 4 for MQTT 3.1.1'],
    ['"5"', '"5": write 5 for MQTT 5'],
    ["v5", '"v5": write 5 for MQTT 5'],
    ["5.0.0", '"5.0.0": write 5 for MQTT 5'],
    ["3", "3 is not 4 (MQTT 3.1.1) or 5 (MQTT 5)"],
    ["3.1", "3.1 is not 4 (MQTT 3.1.1) or 5 (MQTT 5)"],
    ["[5]", "a list is not 4 (MQTT 3.1.1) or 5 (MQTT 5)"],
  ])("%s is told what to write", (version, problem) => {
    expect(problemsOf({}, `broker: { version: ${version} }`)).toEqual([
      `gateway.yaml:1:20: broker.version: ${problem}`,
    ]);
  });

  test.each([
    ["4", 4],
    ["5", 5],
    ["5.0", 5],
  ])("%s is one", (text, version) => {
    expect(valuesOf({ "broker.version": text })["broker.version"]).toBe(version);
    expect(valuesOf({}, `broker: { version: ${text} }`)["broker.version"]).toBe(version);
  });
});
