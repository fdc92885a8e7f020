import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { parse } from "yaml";
import type { ClientDetails, ClientList, GatewayStatus } from "../../src/http/answers.ts";
import { encode } from "../../src/sn/encode.ts";
import { HttpGateway } from "./http-gateway.ts";

const DOCUMENT = parse(readFileSync(new URL("../../docs/openapi.yaml", import.meta.url), "utf8"));

const HAS_CURL = spawnSync("curl", ["--version"]).error === undefined;

test.skipIf(HAS_CURL)("without curl the commands of docs/api.md are not run, unless REQUIRE_CURL=1", () => {
  const line = "curl is missing: the commands of docs/api.md are not run";
  process.stderr.write(`${line}\n`);
  expect(process.env.REQUIRE_CURL === "1", `${line}, and REQUIRE_CURL=1 says that they must be`).toBe(false);
});

const WAIT = { timeout: 20_000, interval: 20 };

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(DOCUMENT, "openapi");

/** What is wrong with an answer by the schema of this name; empty where nothing is. */
function problemsOf(schema: string, answer: unknown): string {
  const validate = ajv.getSchema(`openapi#/components/schemas/${schema}`)!;
  return validate(answer) ? "" : ajv.errorsText(validate.errors);
}

describe("the API of a running gateway is as docs/openapi.yaml says", () => {
  const ends: (() => void)[] = [];
  const atEnd = (end: () => void) => void ends.push(end);
  let site: HttpGateway;

  beforeAll(async () => {
    site = await HttpGateway.start(
      "embedded:",
      ["--clients-retry-interval", "1s", "--clients-retry-count", "1"],
      atEnd,
    );
    const active = await site.device(
      "active/1",
      {
        cleanSession: false,
        will: { willTopic: "wills/1", willMsg: Buffer.from("a secret"), qos: 1, retain: true },
      },
      atEnd,
    );
    await active.subscribe("lights/+/on", 1);
    await active.subscribe({ topicIdType: "short", topicId: 0x6162 }, 0);
    await active.publish("rooms/1", "21.5", 1);
    const asleep = await site.device("asleep", { cleanSession: false }, atEnd);
    await asleep.subscribe("rooms/#", 1);
    await asleep.sleep(300);
    await active.publish("rooms/2", "22", 1);
    const left = await site.device("left", {}, atEnd);
    await left.disconnect();
    const lost = await site.device("lost", { duration: 1 }, atEnd);
    lost.vanish();
    await vi.waitFor(async () => {
      const { states } = await site.json<ClientList>("/api/clients");
      expect(states).toMatchObject({ active: 1, asleep: 1, disconnected: 1, lost: 1 });
    }, WAIT);
    await vi.waitFor(async () => {
      expect(await site.json<ClientDetails>("/api/clients/asleep")).toMatchObject({ state: "asleep", queued: 1 });
    }, WAIT);
  });
  afterAll(() => {
    for (const end of ends.reverse()) end();
  });

  test("a client that is in the middle of its CONNECT, one behind a forwarder, and one that did not finish", async () => {
    const forwarder = site.sensor();
    const connect = encode({
      type: "CONNECT",
      will: true,
      cleanSession: true,
      protocolId: 1,
      duration: 60,
      clientId: "node",
    });
    forwarder.sendOctets(encode({ type: "ENCAPSULATED", radius: 0, wirelessNodeId: Buffer.of(0, 42), data: connect }));
    await vi.waitFor(async () => {
      const client = await site.json<ClientDetails>("/api/clients/node");
      expect(client).toMatchObject({ state: "connecting", wirelessNodeId: "002a" });
      expect(problemsOf("ClientDetails", client)).toBe("");
    }, WAIT);
    await vi.waitFor(async () => {
      const client = await site.json<ClientDetails>("/api/clients/node");
      expect(client).toMatchObject({ state: "abandoned", parted: { how: "abandoned" } });
      expect(problemsOf("ClientDetails", client)).toBe("");
    }, WAIT);
  });

  test.each([
    ["/api/gateway", "GatewayStatus"],
    ["/api/clients", "ClientList"],
    ["/api/clients?sort=queued&order=desc&limit=1&offset=1&state=active,asleep&search=A", "ClientList"],
    ["/api/history", "History"],
    ["/api/history?range=24h", "History"],
  ])("%s is a %s", async (path, schema) => {
    expect(problemsOf(schema, await site.json(path))).toBe("");
  });

  test("each client is a ClientDetails, in whatever state it is", async () => {
    const { clients } = await site.json<ClientList>("/api/clients");
    expect(clients.map(({ clientId }) => clientId)).toEqual(
      expect.arrayContaining(["active/1", "asleep", "left", "lost"]),
    );
    for (const { clientId } of clients) {
      const client = await site.json(`/api/clients/${encodeURIComponent(clientId)}`);
      expect(problemsOf("ClientDetails", client), clientId).toBe("");
    }
  });

  test("events of streams are what they are said to be", async () => {
    const stream = await site.read("/api/stream");
    expect(problemsOf("GatewayStatus", await stream.last("gateway"))).toBe("");
    expect(problemsOf("ClientList", await stream.last("clients"))).toBe("");
    const client = await site.read("/api/clients/asleep/stream");
    expect(problemsOf("ClientDetails", await client.last("client"))).toBe("");
    const trace = await site.read("/api/clients/tracy/trace");
    const device = await site.device("tracy");
    await device.disconnect();
    expect(problemsOf("TracedDatagram", await trace.last("datagram", 4))).toBe("");
  });

  test.each([
    ["GET", "/api/clients?limit=0", 400],
    ["GET", "/api/clients/nobody", 404],
    ["GET", "/nowhere", 404],
    ["PUT", "/api/clients/asleep", 405],
    ["POST", "/api/clients/nobody/disconnect", 404],
  ])("%s %s is an ApiError with %s", async (method, path, status) => {
    const answer = await site.ask(path, { method });
    expect(answer.status).toBe(status);
    expect(problemsOf("ApiError", JSON.parse(answer.body))).toBe("");
  });

  test("every route answers as it is described, with a status and a type of content that are in the document", async () => {
    for (const [path, operations] of Object.entries<Record<string, { responses: Record<string, unknown> }>>(
      DOCUMENT.paths,
    )) {
      const asked = path.replace("{clientId}", "asleep").replace("{name}", "style.css");
      const isOfClient = path === "/api/client" || path.startsWith("/api/client/");
      const query = path === "/api/trace" ? "?address=10.0.0.7" : isOfClient ? "?id=asleep" : "";
      const { status, headers } = await site.ask(`${asked}${query}`, { method: "HEAD" });
      const get = operations.get;
      if (get === undefined) {
        expect([path, status]).toEqual([path, 405]);
        continue;
      }
      expect(Object.keys(get.responses), path).toContain(String(status));
      if (status !== 200) continue;
      const described = resolved(get.responses["200"]) as { content: Record<string, unknown> };
      expect(Object.keys(described.content), path).toContain(headers.get("content-type")!.split(";")[0]);
    }
  });

  test.runIf(HAS_CURL)("the commands of docs/api.md do what they say", async () => {
    const page = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");
    const commands = page.match(/^curl .*$/gm)!;
    expect(commands.length).toBeGreaterThanOrEqual(7);
    const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-api-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "token"), "a-token-of-24-characters");
    const ended = await site.device("boiler-cellar", { reconnect: false });
    for (const command of commands) {
      const isStream = command.startsWith("curl -fsSN");
      const asked = command
        .replace("http://127.0.0.1:9884", site.url)
        .replace("curl ", `curl --max-time ${isStream ? 0.3 : 10} `);
      const { status, stderr } = spawnSync("sh", ["-c", asked], { cwd: folder, encoding: "utf8" });
      // A stream does not end by itself: 28 is that the time is over.
      expect([command, status, isStream ? "" : stderr]).toEqual([command, isStream ? 28 : 0, ""]);
    }
    await ended.isDisconnectedByGateway();
  });

  test("nothing in an answer is a secret: no payload, no message of a will", async () => {
    for (const path of ["/api/gateway", "/api/clients", "/api/clients/active%2F1", "/api/clients/asleep"]) {
      expect((await site.ask(path)).body).not.toMatch(/a secret|21\.5/);
    }
    expect((await site.json<ClientDetails>("/api/clients/active%2F1")).will).toEqual({
      topic: "wills/1",
      qos: 1,
      retain: true,
      octets: 8,
    });
  });

  test("the gateway's figures are those of its clients", async () => {
    const status = await site.json<GatewayStatus>("/api/gateway");
    expect(status).toMatchObject({ ready: true, broker: { reachable: true, reason: null, outages: 0 }, queued: 1 });
    expect(status.published[1]).toBe(2);
    const { subscribed } = await site.json<ClientDetails>("/api/clients/active%2F1");
    expect(subscribed.map(({ filter, qos, topicIdType }) => [filter, qos, topicIdType])).toEqual([
      ["lights/+/on", 1, "normal"],
      ["ab", 0, "short"],
    ]);
    expect(status.datagramsIn).toBeGreaterThan(10);
    expect(status.log.map(({ name }) => name)).toContain("client.lost");
  });
});

/** What a reference in the document leads to. */
function resolved(value: unknown): unknown {
  const reference = (value as { $ref?: string }).$ref;
  if (reference === undefined) return value;
  return reference
    .slice("#/".length)
    .split("/")
    .reduce<unknown>((found, name) => (found as Record<string, unknown>)[name], DOCUMENT);
}
