import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";
import { run, Workplace } from "./npm-package.ts";
import { hasCommand, requirement } from "./requirement.ts";

const UNIT = fileURLToPath(new URL("../../packaging/systemd/mqtt-sn-gateway.service", import.meta.url));
const CONFIGURATION = fileURLToPath(new URL("../../packaging/deb/gateway.yaml", import.meta.url));

/** Of 100, as systemd-analyze counts; 15 with systemd 252. What is left are the network, child processes and the code that V8 writes. */
const EXPOSURE_MAX = 20;

const hasSystemd = requirement(
  "systemd-analyze",
  hasCommand("systemd-analyze"),
  "REQUIRE_SYSTEMD",
  "on Debian: apt-get install systemd",
);

describe.skipIf(!hasSystemd)("the unit of systemd", () => {
  const place = new Workplace();
  afterAll(() => place.remove());

  test("is one that systemd has nothing to say of", () => {
    // Programs and targets are looked for in a root of their own.
    const root = join(place.path, "root");
    const units = join(root, "usr/lib/systemd/system");
    mkdirSync(units, { recursive: true });
    mkdirSync(join(root, "usr/bin"));
    for (const program of ["mqtt-sn-gateway", "kill"]) {
      writeFileSync(join(root, "usr/bin", program), "#!/bin/sh\n");
      chmodSync(join(root, "usr/bin", program), 0o755);
    }
    for (const name of ["sysinit", "basic", "shutdown", "network-online", "multi-user"]) {
      writeFileSync(join(units, `${name}.target`), "[Unit]\nDescription=a target\nDefaultDependencies=no\n");
    }
    const path = join(units, "mqtt-sn-gateway.service");
    // Its manual page is not installed here.
    writeFileSync(path, readFileSync(UNIT, "utf8").replace(/^Documentation=.*$/m, ""));
    const flags = ["verify", `--root=${root}`, "/usr/lib/systemd/system/mqtt-sn-gateway.service"];
    const { status, stdout, stderr } = spawnSync("systemd-analyze", flags, { encoding: "utf8" });
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: "" });
  });

  test("leaves little to whoever breaks into the gateway", () => {
    const path = join(place.path, "mqtt-sn-gateway.service");
    cpSync(UNIT, path);
    const flags = ["security", "--offline=true", `--threshold=${EXPOSURE_MAX}`, "--no-pager", path];
    expect(run("systemd-analyze", flags, place.path)).toContain("Overall exposure level");
  });
});

test("the configuration that the service begins with is right", () => {
  const configuration = loadConfiguration({ flags: new Map(), configFlag: CONFIGURATION, environment: {} });
  expect(configuration).toMatchObject({ ok: true, warnings: [] });
});

test("what the configuration of the service shows as examples is right", () => {
  const place = new Workplace();
  try {
    const path = join(place.path, "gateway.yaml");
    writeFileSync(path, readFileSync(CONFIGURATION, "utf8").replaceAll(/^#(?= {2}\S| {4}-|[a-z])/gm, ""));
    for (const name of ["broker.password", "http.token"])
      writeFileSync(join(place.path, name), `${"x".repeat(32)}\n`, { mode: 0o600 });
    expect(loadConfiguration({ flags: new Map(), configFlag: path, environment: {} })).toMatchObject({ ok: true });
  } finally {
    place.remove();
  }
});
