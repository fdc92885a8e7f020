import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Site } from "../interop/site.ts";
import { runToEnd } from "../process/gateway-process.ts";
import { Sensor } from "../process/sensor.ts";

const ROUNDS = 21;

/** A gateway that waits for its next look at the socket takes up to half a second; this is far from that on a busy machine too. */
const AT_ONCE_MS = 100;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** How long the gateway takes for the answer to what `ask` sends. */
async function roundTripMs(sensor: Sensor, answer: "CONNACK" | "PINGRESP", ask: () => void): Promise<number> {
  sensor.received.length = 0;
  const start = performance.now();
  ask();
  await vi.waitFor(() => expect(sensor.received.map(({ type }) => type)).toContain(answer), {
    timeout: 20_000,
    interval: 1,
  });
  return performance.now() - start;
}

describe("a gateway with nothing to do", () => {
  test("field 17 an idle gateway answers CONNECT at once, not when it looks next", async () => {
    const site = await Site.start("embedded:", []);
    const connects: number[] = [];
    const pings: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const sensor = new Sensor(site.gateway.port);
      connects.push(await roundTripMs(sensor, "CONNACK", () => sensor.connect(`device-${round}`)));
      pings.push(await roundTripMs(sensor, "PINGRESP", () => sensor.send({ type: "PINGREQ", clientId: "" })));
    }
    expect(median(connects)).toBeLessThan(AT_ONCE_MS);
    expect(median(pings)).toBeLessThan(AT_ONCE_MS);
  });

  test("field 17 a gateway takes 1,500 clients, past what select() can watch", async () => {
    const site = await Site.start("embedded:", []);
    const load = ["--nodes", "1500", "--rate", "1500", "--duration", "1s", "--qos", "1", "--retry-count", "10"];
    const places = ["--gateway", site.gatewayUrl, "--broker", site.brokerUrl];
    const { stdout, stderr } = await runToEnd(["simulate", ...places, ...load, "--json"]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({
      nodes: 1500,
      connected: 1500,
      failed: 0,
      unanswered: 0,
      lostAccepted: 0,
    });
    expect(site.process.child.exitCode).toBeNull();
  });
});

describe("how many clients, and how fast", () => {
  test("field 19 simulate says how many clients and how fast, in words and as JSON", async () => {
    const site = await Site.start("embedded:", []);
    const load = ["--nodes", "10", "--rate", "50", "--duration", "1s", "--qos", "1", "--seed", "7"];
    const args = ["simulate", "--gateway", site.gatewayUrl, "--broker", site.brokerUrl, ...load];
    const { code, stdout } = await runToEnd([...args, "--json"]);
    expect(code).toBe(0);
    const figures = JSON.parse(stdout) as Record<string, number> & Record<string, { p50: number; p99: number }>;
    expect(figures).toMatchObject({ nodes: 10, connected: 10, lostAccepted: 0, lostUnaccepted: 0, duplicated: 0 });
    expect(figures.sent).toBeGreaterThan(0);
    expect(figures.delivered).toBe(figures.sent);
    expect(figures.connectMs).toBeGreaterThan(0);
    expect(figures.sendingMs).toBeGreaterThan(0);
    for (const latency of [figures.answerLatencyMs!, figures.arrivalLatencyMs!] as { p50: number; p99: number }[]) {
      expect(latency.p50).toBeGreaterThan(0);
      expect(latency.p99).toBeGreaterThanOrEqual(latency.p50);
    }
    const summary = await runToEnd(args);
    expect(summary.stdout).toMatch(/^nodes +10 of 10 connected in \d/m);
    expect(summary.stdout).toMatch(/^messages +\d+ sent by the nodes in [\d.]+ s, [\d.]+ a second/m);
    expect(summary.stdout).toMatch(/^acknowledged +\d+, 0 failed; latency p50 [\d.]+ ms, p99 [\d.]+ ms/m);
    expect(summary.stdout).toMatch(/^delivered +\d+, 0 lost/m);
  });
});

describe("a configuration that is wrong", () => {
  test.each([
    [
      "an unknown key",
      "brokr:\n  url: mqtt://127.0.0.1:1883\n",
      /gateway\.yaml:1:1: brokr: there is no such option; did you mean broker/,
    ],
    ["a misspelt key in a section", "broker:\n  ulr: x\n", /gateway\.yaml:2:3: broker\.ulr: there is no such option/],
    [
      "a value that cannot be",
      "clients:\n  max: many\n",
      /gateway\.yaml:2:8: clients\.max: "many" is not a whole number/,
    ],
    ["a transport that there is not", "listen: carrier-pigeon://roof\n", /gateway\.yaml:1:9: listen/],
    ["a key twice", "gateway: { id: 1 }\ngateway: { id: 2 }\n", /gateway\.yaml:2/],
  ])("field 20 the gateway is not silent about %s, says where, and does not start", async (_, text, problem) => {
    const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "gateway.yaml");
    writeFileSync(file, text);
    const { code, stdout, stderr } = await runToEnd(["run", "--config", file]);
    expect({ code, stdout }).toEqual({ code: 78, stdout: "" });
    expect(stderr).toMatch(problem);
  });

  test("field 20 the gateway is not silent about a variable or a flag that there is not", async () => {
    const variable = await runToEnd(["run"], { MQTTSN_BROKR_URL: "x" });
    expect(variable).toMatchObject({ code: 78, stdout: "" });
    expect(variable.stderr).toContain("MQTTSN_BROKR_URL: there is no such variable");
    const flag = await runToEnd(["run", "--brokr", "x"]);
    expect(flag).toMatchObject({ code: 2, stdout: "" });
    expect(flag.stderr).toContain("--brokr");
  });

  test("field 20 the transport is an option, not another program: two listeners of one gateway, chosen when it starts", async () => {
    const site = await Site.start("embedded:", ["-l", "udp://127.0.0.1:0"]);
    const urls = String((await site.process.line("gateway.started")).listeners).split(" ");
    expect(urls).toHaveLength(2);
    for (const url of urls) {
      const sensor = new Sensor(Number(new URL(url).port));
      sensor.connect(`at-${new URL(url).port}`);
      await sensor.message("CONNACK");
    }
  });
});
