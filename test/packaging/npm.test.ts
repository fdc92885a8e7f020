import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GatewayProcess, stop } from "../process/gateway-process.ts";
import { Sensor } from "../process/sensor.ts";
import { hasRegistry, run, Workplace } from "./npm-package.ts";
import { requirement } from "./requirement.ts";

const answers = requirement("the npm registry", hasRegistry(), "REQUIRE_NPM", "it does not answer");

const PAGE = fileURLToPath(new URL("../../src/page", import.meta.url));

describe("the package of npm", () => {
  const place = new Workplace();
  afterAll(() => place.remove());

  let packed: ReturnType<Workplace["pack"]>;
  beforeAll(() => {
    packed = place.pack(place.checkout());
  });

  /** npm as on a machine that has never run it, and that runs no scripts of packages. */
  const npmEnvironment = () => ({
    HOME: place.path,
    npm_config_cache: join(place.path, "cache"),
    npm_config_prefix: join(place.path, "prefix"),
    npm_config_ignore_scripts: "true",
    npm_config_prefer_offline: "true",
    npm_config_update_notifier: "false",
    npm_config_audit: "false",
    npm_config_fund: "false",
  });

  test("is built first: of a checkout that was never built it holds the program, what it shows, and what one has to know, and nothing else", () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(["LICENSE", "README.md", "CHANGELOG.md", "dist/cli/main.js"]));
    expect(paths.filter((path) => !/^dist\/|^(LICENSE|README\.md|CHANGELOG\.md|package\.json)$/.test(path))).toEqual(
      [],
    );
    expect(paths.filter((path) => /\.map$|\.ts$|\.tsbuildinfo$|test/.test(path))).toEqual([]);
    const shown = filesOf(PAGE).filter((name) => /\.(html|css|svg|ico|webmanifest)$/.test(name));
    expect(paths).toEqual(expect.arrayContaining(shown.map((name) => `dist/page/${name}`)));
    expect(packed.files.find(({ path }) => path === "dist/cli/main.js")!.mode & 0o111).toBe(0o111);
    expect(packed.unpackedSize).toBeLessThan(3_000_000);
  });

  test.skipIf(!answers)(
    "npm install --global gives a gateway that lets clients in, without scripts of packages",
    async () => {
      const folder = join(place.path, "empty");
      mkdirSync(folder);
      run("npm", ["install", "--global", packed.tarball], folder, npmEnvironment());
      const program = join(place.path, "prefix/bin/mqtt-sn-gateway");
      expect(run(program, ["--version"], folder)).toMatch(/^\d+\.\d+\.\d+/);
      const flags = [
        "--embedded-listen",
        "127.0.0.1:0",
        "--listen",
        "udp://127.0.0.1:0",
        "--http-listen",
        "127.0.0.1:0",
      ];
      const state = { MQTTSN_STATE_PATH: join(place.path, "state") };
      const gateway = new GatewayProcess(["run", "--broker", "embedded:", ...flags], state, undefined, [], [program]);
      const sensor = new Sensor(await gateway.listenerPort());
      sensor.connect("boiler");
      expect(await sensor.message("CONNACK")).toMatchObject({ returnCode: 0 });
      await gateway.line("gateway.started");
      await stop(gateway);
    },
  );

  test.skipIf(!answers)("npx runs it", () => {
    const folder = join(place.path, "npx");
    mkdirSync(folder);
    const environment = npmEnvironment();
    const said = run("npx", ["--yes", "-p", packed.tarball, "mqtt-sn-gateway", "decode", "0216"], folder, environment);
    expect(said).toContain("PINGREQ");
  });
});

/** Names of the files below a folder; none where there is no such folder. */
function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true }) as string[];
  } catch {
    return [];
  }
}
