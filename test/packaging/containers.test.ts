import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";
import { CONFIG_VARIABLE, OPTION_KEYS, variableOf } from "../../src/app/configuration/option-names.ts";
import { OPTIONS, type OptionKey } from "../../src/app/configuration/options.ts";
import { run, Workplace } from "./npm-package.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PACKAGING = join(ROOT, "packaging");
const ADD_ON = join(PACKAGING, "home-assistant/mqtt-sn-gateway");

const text = (path: string) => readFileSync(join(PACKAGING, path), "utf8");

const VARIABLES = new Map(OPTION_KEYS.map((key) => [variableOf(key), key]));

/** Instructions of a Dockerfile, their lines joined. */
function instructions(path: string): string[] {
  return text(path)
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n")
    .replaceAll(/\\\n\s*/g, " ")
    .split("\n")
    .filter((line) => line !== "");
}

/** What is copied from the folder that an image is built in, and not from another stage. */
function copied(path: string): string[] {
  return instructions(path)
    .filter((line) => /^COPY (?!--from)/.test(line))
    .flatMap((line) => line.split(/\s+/).slice(1, -1));
}

describe("the container", () => {
  test("copies what there is, and what .dockerignore lets through", () => {
    const allowed = text("docker/Dockerfile.dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1));
    const sources = copied("docker/Dockerfile");
    expect(sources).toEqual(expect.arrayContaining(["package.json", "package-lock.json", "src"]));
    for (const source of sources) {
      if (!source.includes("*")) expect(existsSync(join(ROOT, source)), source).toBe(true);
      expect(allowed, source).toContain(source);
    }
  });

  test("is built from no more than that", () => {
    const place = new Workplace();
    onTestFinished(() => place.remove());
    expect(copied("docker/Dockerfile")).toContain("tsconfig*.json");
    const checkout = place.checkout(copied("docker/Dockerfile").filter((source) => !source.includes("*")));
    run("npm", ["run", "build"], checkout);
    expect(existsSync(join(checkout, "dist/cli/main.js"))).toBe(true);
  });

  test("runs as somebody who is not root, says at which ports, and is asked how it is at one that the gateway has", () => {
    const lines = instructions("docker/Dockerfile");
    expect(lines.filter((line) => line.startsWith("USER "))).toEqual(["USER node"]);
    expect(lines).toContain("EXPOSE 1883/udp 9884/tcp");
    expect(OPTIONS.listen.default).toEqual(["udp://0.0.0.0:1883"]);
    expect(OPTIONS["http.listen"].default).toBe("127.0.0.1:9884");
    const check = lines.find((line) => line.startsWith("HEALTHCHECK "))!;
    const [program, flag, code] = JSON.parse(/CMD (\[.*\])$/.exec(check)![1]!) as string[];
    expect([program, flag]).toEqual(["node", "-e"]);
    expect(code).toContain("http://127.0.0.1:9884/healthz");
    expect(() => new Function(code!)).not.toThrow();
  });

  test.each(["docker/Dockerfile", "docker/compose.yaml"])("%s names variables that there are", (path) => {
    const named = text(path).match(/\bMQTTSN_\w+/g)!;
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => name !== CONFIG_VARIABLE && !VARIABLES.has(name))).toEqual([]);
  });
});

describe("compose.yaml", () => {
  const compose = parse(text("docker/compose.yaml"));
  const { gateway, mosquitto } = compose.services;

  test("builds from files that there are", () => {
    const context = resolve(PACKAGING, "docker", gateway.build.context);
    expect(join(context, "/")).toBe(`${resolve(ROOT)}/`);
    expect(() => readFileSync(join(context, gateway.build.dockerfile))).not.toThrow();
    expect(mosquitto.volumes).toContain("./mosquitto.conf:/mosquitto/config/mosquitto.conf:ro");
    expect(text("docker/mosquitto.conf")).toMatch(/^listener 1883$/m);
  });

  test("gives the gateway a configuration that is right, with the token that another than a loopback address needs", () => {
    const place = new Workplace();
    onTestFinished(() => place.remove());
    expect(gateway.environment.MQTTSN_HTTP_TOKEN_FILE).toBe(`/run/secrets/${gateway.secrets[0]}`);
    expect(Object.keys(compose.secrets)).toEqual(gateway.secrets);
    const token = join(place.path, "token");
    writeFileSync(token, "0123456789abcdef0123456789abcdef\n", { mode: 0o600 });
    const environment = { ...gateway.environment, MQTTSN_HTTP_TOKEN_FILE: token };
    expect(loadConfiguration({ flags: new Map(), configFlag: undefined, environment })).toMatchObject({ ok: true });
  });

  test("lets nobody but this machine at the page and at the broker, which asks for no name", () => {
    expect(gateway.ports).toEqual(["1883:1883/udp", "127.0.0.1:9884:9884/tcp"]);
    expect(mosquitto.ports).toEqual(["127.0.0.1:1883:1883/tcp"]);
  });

  test("uses volumes and networks that it declares", () => {
    for (const service of [gateway, mosquitto]) {
      const volumes = (service.volumes as string[]).filter((volume) => !volume.startsWith("."));
      for (const volume of volumes) expect(compose.volumes).toHaveProperty(volume.split(":")[0]!);
      for (const network of service.networks) expect(compose.networks).toHaveProperty(network);
    }
  });
});

describe("the add-on for Home Assistant", () => {
  const config = parse(readFileSync(join(ADD_ON, "config.yaml"), "utf8"));

  test("says that it is untested, and has what Home Assistant asks for", () => {
    for (const name of ["config.yaml", "Dockerfile", "run.sh", "DOCS.md"]) {
      expect(readFileSync(join(ADD_ON, name), "utf8"), name).toMatch(/untested/i);
    }
    expect(config).toMatchObject({ stage: "experimental", slug: expect.stringMatching(/^[\w.-]+$/) });
    for (const key of ["name", "version", "description", "arch"]) expect(config, key).toHaveProperty(key);
    expect(config.version).toBe(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version);
    expect(Object.keys(config.schema)).toEqual(expect.arrayContaining(Object.keys(config.options)));
  });

  test("copies what lies beside it, and the package that DOCS.md says how to get", () => {
    const there = readdirSync(ADD_ON);
    const docs = readFileSync(join(ADD_ON, "DOCS.md"), "utf8");
    for (const name of copied("home-assistant/mqtt-sn-gateway/Dockerfile")) {
      expect(there.includes(name) || docs.includes(`\`${name}\``), name).toBe(true);
    }
  });

  test("makes of its options a configuration that the gateway takes", () => {
    const place = new Workplace();
    onTestFinished(() => place.remove());
    const options = {
      broker_url: "mqtt://core-mosquitto:1883",
      broker_username: "sensors",
      broker_password: "secret",
      gateway_id: 7,
      log_level: "debug",
      home_assistant_discovery: true,
      predefined_topics: [{ id: 1, topic: "sensors/temperature" }],
    };
    expect(Object.keys(options).sort()).toEqual(Object.keys(config.schema).sort());
    const values = configured(place, options);
    expect(values).toMatchObject({
      "broker.url": options.broker_url,
      "broker.username": "sensors",
      "broker.password": "secret",
      "gateway.id": 7,
      "log.level": "debug",
      "bridge.home_assistant": true,
      "state.path": "/data/state",
    } satisfies Partial<Record<OptionKey, unknown>>);
    // Without those that may be left out.
    expect(configured(place, { ...config.options, broker_url: options.broker_url })).toMatchObject({
      "gateway.id": 1,
      "broker.username": undefined,
    });
  });

  function configured(place: Workplace, options: object): unknown {
    const file = join(place.path, "options.json");
    writeFileSync(file, JSON.stringify(options));
    const path = join(place.path, "gateway.yaml");
    writeFileSync(path, execFileSync(process.execPath, [join(ADD_ON, "options.mjs"), file]), { mode: 0o600 });
    const configuration = loadConfiguration({ flags: new Map(), configFlag: path, environment: {} });
    expect(configuration).toMatchObject({ ok: true });
    return configuration.ok && configuration.values;
  }

  test("begins the gateway with that", () => {
    const script = readFileSync(join(ADD_ON, "run.sh"), "utf8");
    expect(script).toContain("node /options.mjs /data/options.json >/data/gateway.yaml");
    expect(script).toContain("exec mqtt-sn-gateway run --config /data/gateway.yaml");
  });
});
