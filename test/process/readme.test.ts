import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { loadConfiguration } from "../../src/app/configuration/configuration.ts";
import { Site } from "../interop/site.ts";
import { GatewayProcess, runToEnd, stop } from "./gateway-process.ts";
import { Sensor } from "./sensor.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const { scripts } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

const PROGRAM = "node dist/cli/main.js ";
/** What the commands find at the ports of the standard; the tests have it elsewhere. */
const BROKER = "mqtt://127.0.0.1:1883";

/** The contents of the code blocks of a language. */
function blocks(language: string): string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, text]) => text!);
}

const LINES = blocks("sh").flatMap((block) => block.split("\n").filter((line) => line !== ""));

/** The arguments of the one command of ours that begins with these words. */
function argumentsOf(command: string): string[] {
  const lines = LINES.filter((line) => line.startsWith(`${PROGRAM}${command} `));
  expect(lines, `one line with "${PROGRAM}${command}" in the README`).toHaveLength(1);
  return lines[0]!.slice(PROGRAM.length).split(" ");
}

describe("README.md", () => {
  const ends: (() => void)[] = [];
  let site: Site;

  beforeAll(async () => {
    // In the place of `npm ci && npm start`: what that runs, from what is built, at free ports, and with a log that can be read here.
    site = await Site.start("embedded:", ["--log-level", "trace"], (end) => ends.push(end));
  });
  afterAll(() => {
    for (const end of ends) end();
  });

  test("has no command that is not run here", () => {
    const known = ["npm ci && npm start", "npm ci && npm test"];
    const commands = LINES.filter((line) => !known.includes(line));
    expect(commands.map((line) => line.slice(0, line.indexOf(" ", PROGRAM.length)))).toEqual(
      ["subscribe", "publish", "run", "publish", "simulate"].map((command) => PROGRAM + command),
    );
    expect(LINES).toEqual(expect.arrayContaining(known));
    // The tests split at spaces.
    expect(commands.join("")).not.toMatch(/["'$\\|&;<>]/);
    expect(scripts.start).toContain(`${PROGRAM}run --broker embedded:`);
  });

  test("run it in a minute: the subscriber, and MQTT clients, see what the sensor publishes", async () => {
    const peer = await site.mqttPeer();
    await peer.subscribe("sensors/+");
    const subscriber = new GatewayProcess([...argumentsOf("subscribe"), "--gateway", site.gatewayUrl]);
    await vi.waitFor(
      () => expect(site.process.lines.some(({ message }) => String(message).startsWith("SUBACK"))).toBe(true),
      { timeout: 10_000, interval: 10 },
    );
    const published = await runToEnd([...argumentsOf("publish --client-id"), "--gateway", site.gatewayUrl]);
    expect(published).toEqual({ code: 0, stdout: "", stderr: "" });
    await vi.waitFor(() => expect(subscriber.stdout).toBe("sensors/kitchen 21.5\n"), { timeout: 10_000 });
    await peer.receives({ topic: "sensors/kitchen", data: "21.5", qos: 1, retain: false });
    await stop(subscriber, "SIGINT");
  });

  test("with your broker: the gateway uses one that is there", async () => {
    const args = argumentsOf("run").map((word) => (word === BROKER ? site.brokerUrl : word));
    expect(args).toContain(site.brokerUrl);
    const gateway = new GatewayProcess([...args, "-l", "udp://127.0.0.1:0"]);
    await gateway.line("gateway.ready");
    const sensor = new Sensor(await gateway.listenerPort());
    sensor.connect("sensor");
    expect((await sensor.message("CONNACK")).returnCode).toBe(0);
    await stop(gateway);
  });

  test("how sensors find it: the gateway is searched for, and gets the message", async () => {
    const peer = await site.mqttPeer();
    await peer.subscribe("sensors/hall");
    // The group at the test's own port, and on loopback alone.
    const there = ["--group", `225.1.1.1:${site.gateway.port}`, "--interface", "127.0.0.1"];
    const published = await runToEnd([...argumentsOf("publish --discover"), ...there]);
    expect(published).toMatchObject({ code: 0, stdout: "" });
    await peer.receives({ topic: "sensors/hall", data: "20.5", qos: 1, retain: false });
  });

  test("many sensors: the summary says what was sent, delivered, lost and duplicated, and nothing is lost", async () => {
    const args = argumentsOf("simulate").map((word) => (word === BROKER ? site.brokerUrl : word));
    expect(args).toContain(site.brokerUrl);
    // The same for a shorter time; a later flag goes before an earlier one.
    const shorter = ["--duration", "2s", "--retry-interval", "200ms"];
    const { code, stdout, stderr } = await runToEnd([...args, ...shorter, "--gateway", site.gatewayUrl]);
    expect(stdout).toMatch(/100 of 100 connected/);
    expect(stdout).toMatch(/\d+ sent by the nodes/);
    expect(stdout).toMatch(/^delivered +\d+, \d+ lost \(0 of them acknowledged\), \d+ duplicated/m);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("the configuration file is such as the gateway takes", () => {
    const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const password = join(folder, "password");
    writeFileSync(password, "a secret\n", { mode: 0o600 });
    const [yaml, ...more] = blocks("yaml");
    expect(more).toEqual([]);
    const file = join(folder, "gateway.yaml");
    writeFileSync(file, yaml!.replace("/etc/mqtt-sn-gateway/password", password));
    expect(loadConfiguration({ flags: new Map(), configFlag: file, environment: {} })).toMatchObject({
      ok: true,
      values: { "broker.url": "mqtt://broker.example:1883", "broker.password": "a secret", "log.level": "info" },
    });
  });
});
