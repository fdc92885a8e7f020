import { Duplex } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { BrokerAccess } from "../../src/app/broker/broker-access.ts";
import type { Option } from "../../src/app/configuration/option.ts";
import { OPTION_KEYS } from "../../src/app/configuration/option-names.ts";
import { OPTIONS, type OptionKey, type OptionValues } from "../../src/app/configuration/options.ts";
import { reloadPlan } from "../../src/app/configuration/reload-plan.ts";
import { coreSettings } from "../../src/app/core-settings.ts";

/** Of each option a value that is not its default, as the file has it. */
const OTHERS: Readonly<Record<OptionKey, unknown>> = {
  listen: ["udp://127.0.0.1:1884"],
  // There is no other one that may be chosen.
  mode: undefined,
  "gateway.id": 2,
  "discovery.enabled": false,
  "discovery.groups": ["225.1.1.2"],
  "discovery.interfaces": ["lo"],
  "discovery.advertise_interval": "10s",
  "discovery.radius": 1,
  "discovery.standby": true,
  "broker.url": "mqtt://broker.example",
  "broker.profile": "nats",
  "broker.version": 5,
  "broker.session_expiry": "1h",
  "broker.username": "user",
  "broker.password": "a secret",
  "broker.password_file": "password",
  "broker.client_id": `sn-\${clientId}`,
  "broker.own_client_id": "own",
  "broker.ca": "ca.pem",
  "broker.cert": "cert.pem",
  "broker.key": "key.pem",
  "broker.key_passphrase": "a secret",
  "broker.key_passphrase_file": "passphrase",
  "broker.server_name": "name",
  "broker.alpn": ["mqtt"],
  "broker.reject_unauthorized": false,
  "broker.keep_alive": "10s",
  "broker.connect_timeout": "1s",
  "broker.reconnect_min": "2s",
  "broker.reconnect_max": "2m",
  "broker.max_reconnect_rate": 7,
  "broker.outage_limit": "1m",
  "broker.max_qos": 1,
  "broker.retain": "strip",
  "broker.forbidden_characters": ".",
  "broker.sas_key": "a2V5",
  "broker.sas_key_file": "sas",
  "broker.sas_policy": "device",
  "broker.sas_lifetime": "2h",
  "embedded.listen": "127.0.0.1:1884",
  "clients.max": 7,
  "clients.allow": ["a*"],
  "clients.deny": ["b*"],
  "clients.credentials": [{ client: "boiler", username: "u", password: "a secret" }],
  "clients.credentials_file": "credentials.yaml",
  "clients.migrate_on_wake": true,
  "clients.wake_by_connect": "new",
  "clients.qos_minus_one": false,
  "clients.max_qos_minus_one_rate": 7,
  "clients.max_qos_minus_one_source_rate": 7,
  "clients.max_half_open": 7,
  "clients.max_connect_rate": 7,
  "clients.retry_interval": "7s",
  "clients.retry_count": 7,
  "clients.keep_alive_factor": 7,
  "clients.idle_limit": "7h",
  "clients.max_topics": 7,
  "clients.max_topic_length": 7,
  "clients.max_will_length": 7,
  "clients.max_client_id_length": 77,
  "clients.max_subscriptions": 7,
  "clients.max_in_flight": 7,
  "clients.max_queued": 7,
  "clients.max_queued_bytes": 7777,
  "clients.max_buffered_bytes": 77_777,
  "clients.max_topic_bytes": 77_777,
  "clients.max_awake_messages": 7,
  "clients.max_datagram": 777,
  "clients.max_stranger_answers": 7,
  "topics.predefined": [{ id: 7, topic: "p" }],
  "topics.predefined_file": "predefined.conf",
  "topics.mountpoint": "site/",
  "forwarders.enabled": false,
  "state.path": "elsewhere",
  "http.listen": "127.0.0.1:9885",
  "http.token": "a-token-of-24-characters",
  "http.token_file": "token",
  "http.hosts": ["gateway.example"],
  "http.max_streams": 7,
  "bridge.enabled": false,
  "bridge.base_topic": "sn",
  "bridge.availability": false,
  "bridge.health_interval": "7s",
  "bridge.home_assistant": true,
  "bridge.home_assistant_prefix": "ha",
  "trace.file": "trace.pcap",
  "trace.max_bytes": 777_777,
  "log.level": "trace",
  "log.format": "json",
};

const read = (key: OptionKey, said: unknown): unknown => OPTIONS[key].schema.parse(said);

const DEFAULTS = Object.fromEntries(OPTION_KEYS.map((key) => [key, read(key, OPTIONS[key].default)])) as OptionValues;

const withOther = (...keys: OptionKey[]): OptionValues => ({
  ...DEFAULTS,
  ...Object.fromEntries(keys.map((key) => [key, read(key, OTHERS[key])])),
});

const needsRestart = (key: OptionKey) => (OPTIONS[key] as Option).needsRestart === true;
const CHANGEABLE = OPTION_KEYS.filter((key) => key !== "mode");

test("mode, of which there is only one, needs a restart", () => {
  expect(needsRestart("mode")).toBe(true);
});

test.each(CHANGEABLE.filter(needsRestart))("%s needs a restart, and nothing changes before", (key) => {
  const plan = reloadPlan(DEFAULTS, withOther(key));
  expect(plan).toEqual({ values: DEFAULTS, changed: [], needRestart: [key] });
});

const RELOADED = CHANGEABLE.filter((key) => !needsRestart(key));

test.each(RELOADED)("%s is taken over", (key) => {
  const next = withOther(key);
  expect(reloadPlan(DEFAULTS, next)).toEqual({ values: next, changed: [key], needRestart: [] });
});

describe("what is taken over holds", () => {
  /** What connections are opened with is looked at below; certificates, the version of MQTT, the level of the log and names of the page in test/process. */
  const elsewhere: readonly OptionKey[] = [
    "broker.ca",
    "broker.cert",
    "broker.key",
    "broker.key_passphrase",
    "broker.server_name",
    "broker.alpn",
    "broker.reject_unauthorized",
    "broker.version",
    "http.hosts",
    "http.token",
    "log.level",
  ];
  /** They name where the values of others are. */
  const naming: readonly OptionKey[] = ["broker.profile", ...OPTION_KEYS.filter((key) => key.endsWith("_file"))];
  /** By connections that are opened; and what has to be said besides, to make a difference. */
  const byConnections: Partial<Record<OptionKey, OptionKey[]>> = {
    "broker.session_expiry": ["broker.version"],
    "broker.username": [],
    "broker.password": ["broker.username"],
    "broker.keep_alive": [],
    "broker.sas_key": ["broker.username"],
    "broker.sas_policy": ["broker.username", "broker.sas_key"],
    "broker.sas_lifetime": ["broker.username", "broker.sas_key"],
    "clients.credentials": [],
  };

  test.each(RELOADED.filter((key) => ![...elsewhere, ...naming].includes(key) && byConnections[key] === undefined))(
    "%s is told to the core, which follows (as test/fuzz shows)",
    (key) => {
      expect(coreSettings(reloadPlan(DEFAULTS, withOther(key)).values)).not.toEqual(coreSettings(DEFAULTS));
    },
  );

  test.each(Object.entries(byConnections) as [OptionKey, OptionKey[]][])(
    "%s holds for connections that are opened from then on",
    async (key, besides) => {
      vi.useFakeTimers({ toFake: ["Date"] });
      try {
        const before = accessOf(withOther(...besides));
        const after = accessOf(withOther(...besides, key));
        const first = await before.connects();
        before.access.reload(withOther(...besides, key));
        const now = await before.connects();
        expect(now).toBe(await after.connects());
        expect(now).not.toBe(first);
      } finally {
        vi.useRealTimers();
      }
    },
  );
});

/** What a client's connection says first. */
function accessOf(options: OptionValues) {
  let said = "";
  const openStream = () =>
    new Duplex({
      read: () => {},
      write: (octets: Buffer, _encoding, done) => {
        said += octets.toString("hex");
        done();
      },
    });
  const access = new BrokerAccess(options, openStream, { onFallback: () => {}, onLimits: () => {} });
  const connects = async () => {
    said = "";
    const link = access.openLink(1, { clientId: "boiler", cleanSession: false, will: undefined }, () => {});
    for (let turns = 0; said === "" && turns < 1000; turns += 1) await setImmediate();
    expect(said).not.toBe("");
    link.close(false);
    return said;
  };
  return { access, connects };
}

describe("what is told", () => {
  const of = (before: Partial<Record<OptionKey, unknown>>, after: Partial<Record<OptionKey, unknown>>) => {
    const { changed, needRestart } = reloadPlan(
      { ...DEFAULTS, ...before } as OptionValues,
      { ...DEFAULTS, ...after } as OptionValues,
    );
    return { changed, needRestart };
  };

  test("nothing where the same is said in other words", () => {
    const topics = read("topics.predefined", OTHERS["topics.predefined"]) as OptionValues["topics.predefined"];
    expect(of({ "topics.predefined": topics }, { "topics.predefined": structuredClone(topics) })).toEqual({
      changed: [],
      needRestart: [],
    });
  });

  test("the file where only its content is another one", () => {
    const file = { "broker.password_file": "password" };
    expect(of({ ...file, "broker.password": "a" }, { ...file, "broker.password": "b" }).changed).toEqual([
      "broker.password_file",
    ]);
  });

  test("the file and the value where the file is new", () => {
    const after = { "broker.password_file": "password", "broker.password": "b" };
    expect(of({ "broker.password": "a" }, after).changed).toEqual(["broker.password", "broker.password_file"]);
  });
});

describe("what is said of another broker waits for the restart together with broker.url", () => {
  test("for at the broker of now nobody would be let in with it", () => {
    const next = withOther("broker.url", "broker.username", "broker.ca", "clients.credentials", "clients.max");
    const plan = reloadPlan(DEFAULTS, next);
    expect(plan.changed).toEqual(["clients.max"]);
    expect(plan.needRestart).toEqual(["broker.url", "broker.username", "broker.ca", "clients.credentials"]);
    expect(plan.values).toEqual(withOther("clients.max"));
  });

  test("and is told again at each reload, until it is as before", () => {
    const { values } = reloadPlan(DEFAULTS, withOther("broker.url", "broker.username"));
    expect(reloadPlan(values, withOther("broker.url", "broker.username")).needRestart).toHaveLength(2);
    expect(reloadPlan(values, DEFAULTS)).toMatchObject({ changed: [], needRestart: [] });
  });
});
