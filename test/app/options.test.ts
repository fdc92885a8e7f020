import { expect, test } from "vitest";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";
import type { Option } from "../../src/app/configuration/option.ts";
import { flagsOf, OPTION_KEYS, variableOf } from "../../src/app/configuration/option-names.ts";
import { OPTIONS, type OptionKey } from "../../src/app/configuration/options.ts";

/** What users' files, scripts and units depend on: the options that were promised, with their defaults. */
const PROMISED: readonly (readonly [key: OptionKey, usual: unknown])[] = [
  ["gateway.id", 1],
  ["listen", ["udp://0.0.0.0:1883"]],
  ["discovery.enabled", true],
  ["discovery.groups", ["225.1.1.1", "ff03::1883"]],
  ["discovery.interfaces", ["all"]],
  ["discovery.advertise_interval", 900_000],
  ["broker.url", "mqtt://127.0.0.1:1883"],
  ["embedded.listen", "127.0.0.1:1883"],
  ["broker.version", 4],
  ["broker.username", undefined],
  ["broker.password", undefined],
  ["broker.password_file", undefined],
  ["broker.client_id", `\${clientId}`],
  ["broker.ca", undefined],
  ["broker.cert", undefined],
  ["broker.key", undefined],
  ["broker.server_name", undefined],
  ["broker.alpn", []],
  ["broker.reject_unauthorized", true],
  ["broker.keep_alive", 60_000],
  ["broker.connect_timeout", 10_000],
  ["broker.reconnect_min", 1000],
  ["broker.reconnect_max", 60_000],
  ["broker.max_qos", 2],
  ["broker.retain", "keep"],
  ["clients.max", 10_000],
  ["clients.allow", []],
  ["clients.deny", []],
  ["clients.credentials", undefined],
  ["clients.migrate_on_wake", false],
  ["clients.qos_minus_one", true],
  ["clients.retry_interval", 10_000],
  ["clients.retry_count", 3],
  ["clients.keep_alive_factor", undefined],
  ["clients.max_topics", 1000],
  ["clients.max_queued", 100],
  ["clients.max_queued_bytes", 65_536],
  ["clients.max_datagram", 1200],
  ["topics.predefined", undefined],
  ["topics.mountpoint", ""],
  ["forwarders.enabled", true],
  ["mode", "transparent"],
  ["log.level", "info"],
  ["log.format", undefined],
];

test.each(PROMISED)("%s is an option, by default %j", (key, usual) => {
  const configuration = loadConfiguration({ flags: new Map(), environment: {} });
  expect(configuration.ok && configuration.values).toHaveProperty([key], usual);
});

test("state.path is ./data, or what systemd says", () => {
  expect(OPTIONS["state.path"].default).toBe(process.env.STATE_DIRECTORY?.split(":")[0] || "./data");
});

test("the short flags are those that were promised", () => {
  expect(OPTION_KEYS.map(flagsOf).filter((flags) => flags.includes(", "))).toEqual(["-l, --listen", "-b, --broker"]);
});

test("every secret has a file that may hold it, and is masked", () => {
  const secrets = OPTION_KEYS.filter((key) => /password$|passphrase$|_key$|token$/.test(key));
  expect(secrets).toEqual(["broker.password", "broker.key_passphrase", "broker.sas_key", "http.token"]);
  for (const key of secrets) {
    const { masked }: Option = OPTIONS[key];
    expect(masked?.("hush" as never)).toBe("***");
    expect(OPTION_KEYS).toContain(`${key}_file`);
  }
});

test("what only a file can say has a file of its own, which a flag and a variable name", () => {
  const keys = OPTION_KEYS.filter((key) => OPTIONS[key].fromText === undefined);
  expect(keys).toEqual(["clients.credentials", "topics.predefined"]);
  for (const key of keys) expect(OPTIONS[`${key}_file` as OptionKey].fromText).toBeDefined();
});

test("every option that names a file is relative to the file that it stands in", () => {
  const files = OPTION_KEYS.filter((key) => (OPTIONS[key] as Option).placeholder === "<file>" || key === "state.path");
  expect(files.filter((key) => (OPTIONS[key] as Option).isPath !== true)).toEqual([]);
  expect(files.length).toBeGreaterThan(8);
});

test("no two options have the same flag or variable", () => {
  expect(new Set(OPTION_KEYS.map(variableOf)).size).toBe(OPTION_KEYS.length);
  expect(new Set(OPTION_KEYS.map(flagsOf)).size).toBe(OPTION_KEYS.length);
});

test("it is said which clients are refused where the client's id may be part of topics", () => {
  for (const key of ["topics.predefined", "topics.mountpoint"] as const) {
    expect(OPTIONS[key].meaning).toMatch(/clients whose id has \/ \+ or # in it, or begins with \$, are refused/);
  }
});
