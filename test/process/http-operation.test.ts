import { chmodSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { ClientDetails, ClientList, GatewayStatus, TracedDatagram } from "../../src/http/answers.ts";
import { encode } from "../../src/sn/encode.ts";
import { Mosquitto } from "../interop/mosquitto.ts";
import { MqttPeer } from "../interop/mqtt-peer.ts";
import { nowhere } from "./broker-double.ts";
import { GatewayProcess, runToEnd, stop } from "./gateway-process.ts";
import { HttpGateway, temporaryFile } from "./http-gateway.ts";
import { SmallBroker } from "./small-broker.ts";

const WAIT = { timeout: 20_000, interval: 20 };
const TOKEN = "a-token-of-24-characters";
const OTHER = "b-token-of-24-characters";
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

const isInstalled = Mosquitto.isInstalled;

/** For tests that leave it as it was. */
let site: HttpGateway;
const ends: (() => void)[] = [];

beforeAll(async () => {
  site = await HttpGateway.start("embedded:", ["--clients-deny", "bad"], (end) => void ends.push(end));
});
afterAll(() => {
  for (const end of ends.reverse()) end();
});

test.skipIf(isInstalled)("without Mosquitto the test of forgetting is skipped, unless REQUIRE_MOSQUITTO=1", () => {
  const line = "mosquitto or its clients are missing: what a broker keeps is not tested";
  process.stderr.write(`${line}\n`);
  expect(process.env.REQUIRE_MOSQUITTO === "1", `${line}, and REQUIRE_MOSQUITTO=1 says that it must be`).toBe(false);
});

describe("a client's life, as the page sees it", () => {
  test("it connects, sleeps, has a message waiting, wakes up and has it, and is lost", async () => {
    const stream = await site.read("/api/clients/sleeper/stream");
    const shows = (part: Partial<ClientDetails>) =>
      stream.until<ClientDetails>("client", (client) => expect(client).toMatchObject(part));
    const device = await site.device("sleeper", { cleanSession: false, duration: 1 });
    await shows({ state: "active", connects: 1, link: "open", parted: null });
    await device.subscribe("to/d1", 1);
    await shows({ subscriptions: 1, subscribed: [{ filter: "to/d1", qos: 1, topicIdType: "normal", topicId: 0 }] });
    await device.sleep(2);
    await shows({ state: "asleep", sleepSeconds: 2 });
    const peer = await MqttPeer.at({ url: `mqtt://127.0.0.1:${await site.process.brokerPort()}` });
    await peer.publish("to/d1", "hello", 1);
    await shows({ queued: 1 });
    await device.wakesUntilReceived({ topic: "to/d1", data: "hello", qos: 1, retain: false });
    await shows({ queued: 0, delivered: 1 });
    const client = await site.json<ClientDetails>("/api/clients/sleeper");
    expect(client.wakeUps).toBeGreaterThanOrEqual(1);
    expect(client.lostAt! - client.lastSeen).toBeGreaterThan(1000);
    device.vanish();
    await shows({ state: "lost", link: "none", lostAt: null });
    const { parted } = await site.json<ClientDetails>("/api/clients/sleeper");
    expect(parted).toMatchObject({ how: "lost" });
    expect(Math.abs(parted!.at - Date.now())).toBeLessThan(10_000);
  });
});

describe("sending a client away", () => {
  test("disconnects it, and it may come back; what is kept for it stays", async () => {
    const device = await site.device("d/1", { cleanSession: false, reconnect: false });
    await device.subscribe("to/d1", 1);
    const { status, body } = await site.ask("/api/clients/d%2F1/disconnect", { method: "POST" });
    expect([status, body]).toEqual([202, ""]);
    await device.isDisconnectedByGateway();
    expect(await site.json("/api/clients/d%2F1")).toMatchObject({
      state: "disconnected",
      subscriptions: 1,
      parted: { how: "disconnected", reason: "sent away" },
    });
    await device.connect();
    expect(await site.json("/api/clients/d%2F1")).toMatchObject({ state: "active", subscriptions: 1 });
  });

  test.runIf(isInstalled)(
    "for good has the broker forget it too: no message that waits there comes any more",
    async () => {
      const mosquitto = await Mosquitto.start(onTestFinished, { settings: ["log_type subscribe"] });
      const site = await HttpGateway.start(mosquitto.url);
      const settings = { cleanSession: false, reconnect: false };
      const gone = await site.device("gone", settings);
      const kept = await site.device("kept", settings);
      for (const device of [gone, kept]) {
        await device.subscribe("news", 1);
        await device.disconnect();
      }
      await mosquitto.publish("-t", "news", "-m", "one", "-q", "1");
      expect((await site.ask("/api/clients/gone", { method: "DELETE" })).status).toBe(202);
      expect(await site.process.line("session.erased")).toMatchObject({ clientId: "gone" });
      expect((await site.ask("/api/clients/gone")).status).toBe(404);
      await Promise.all([gone.connect(), kept.connect()]);
      await kept.receives({ topic: "news", data: "one", qos: 1, retain: false });
      // Its subscription is gone as well: only what it asks for now comes.
      await gone.subscribe("last", 1);
      await mosquitto.publish("-t", "news", "-m", "two", "-q", "1");
      await mosquitto.publish("-t", "last", "-m", "three", "-q", "1");
      await gone.receives({ topic: "last", data: "three", qos: 1, retain: false });
      expect(await site.json("/api/clients/gone")).toMatchObject({ subscriptions: 1 });
    },
  );

  test.runIf(isInstalled)(
    "for good, while it is connected, with credentials: the broker forgets it in its own name",
    async () => {
      const users = [
        { username: "gone", password: "a password" },
        { username: "gateway", password: "another one" },
      ];
      const mosquitto = await Mosquitto.start(onTestFinished, { users });
      const file = temporaryFile(
        JSON.stringify([
          { client: "gone", username: "gone", password: "a password" },
          { client: "*", username: "gateway", password: "another one" },
        ]),
      );
      const site = await HttpGateway.start(mosquitto.url, ["--clients-credentials-file", file]);
      const device = await site.device("gone", { cleanSession: false, reconnect: false });
      await device.subscribe("news", 1);
      expect((await site.ask("/api/clients/gone", { method: "DELETE" })).status).toBe(202);
      await device.isDisconnectedByGateway();
      await site.process.line("session.erased");
      await mosquitto.logs(/New client connected from \S+ as gone \(p2, c1, k\d+, u'gone'\)/);
      expect((await site.ask("/api/clients/gone")).status).toBe(404);
    },
  );
});

test("a client that is sent away for good and comes back before the broker has forgotten it is not disturbed", async () => {
  const broker = await SmallBroker.start();
  const site = await HttpGateway.start(broker.url);
  const device = await site.device("back", { cleanSession: false, reconnect: false });
  await device.disconnect();
  // What has the broker forget it connects, and waits for an answer.
  broker.isSilent = true;
  const before = broker.connectionCount;
  expect((await site.ask("/api/clients/back", { method: "DELETE" })).status).toBe(202);
  await vi.waitFor(() => expect(broker.connectionCount).toBeGreaterThan(before), WAIT);
  broker.isSilent = false;
  await device.connect();
  const line = await site.process.line("session.not-erased");
  expect(line).toMatchObject({ clientId: "back", reason: "the client is back" });
  expect(await site.json("/api/client?id=back")).toMatchObject({ state: "active", parted: null });
});

describe("a trace", () => {
  test("shows what a client says and is told, from its CONNECT on, wherever it is", async () => {
    const trace = await site.read("/api/clients/d1/trace");
    const other = await site.device("other");
    const device = await site.device("d1");
    await other.publish("rooms/1", "19", 1);
    await device.publish("rooms/2", "21.5", 1);
    await trace.last("datagram", 6);
    const shown = trace.all<TracedDatagram>("datagram").map(({ direction, text }) => `${direction} ${text}`);
    expect(shown).toEqual([
      expect.stringMatching(/^in CONNECT "d1"/),
      expect.stringMatching(/^out CONNACK accepted/),
      expect.stringMatching(/^in REGISTER "rooms\/2"/),
      expect.stringMatching(/^out REGACK/),
      expect.stringMatching(/^in PUBLISH QoS 1.*"21\.5"/),
      expect.stringMatching(/^out PUBACK/),
    ]);
    // From another address it is the same client.
    device.vanish();
    const again = await site.device("d1");
    await again.disconnect();
    await trace.until<TracedDatagram>("datagram", () =>
      expect(trace.all("datagram").length).toBeGreaterThanOrEqual(10),
    );
    expect(
      trace
        .all<TracedDatagram>("datagram")
        .map(({ text }) => text)
        .join("\n"),
    ).not.toMatch(/"19"|rooms\/1/);
  });

  test("shows a client behind a forwarder, and one that is refused", async () => {
    const [node, bad] = [await site.read("/api/clients/node/trace"), await site.read("/api/clients/bad/trace")];
    const wrapped = (data: Uint8Array, id: number) =>
      encode({ type: "ENCAPSULATED", radius: 0, wirelessNodeId: Buffer.of(0, id), data });
    const connect = (clientId: string) =>
      encode({ type: "CONNECT", will: false, cleanSession: true, protocolId: 1, duration: 60, clientId });
    const forwarder = site.sensor();
    forwarder.sendOctets(wrapped(connect("another"), 1));
    forwarder.sendOctets(wrapped(connect("node"), 42));
    await node.last("datagram", 2);
    forwarder.sendOctets(wrapped(encode({ type: "PINGREQ", clientId: "" }), 42));
    await node.last("datagram", 4);
    expect(node.all<TracedDatagram>("datagram").map(({ direction, text }) => `${direction} ${text}`)).toEqual([
      expect.stringMatching(/^in forwarded, node 002a.*CONNECT "node"/),
      expect.stringMatching(/^out forwarded, node 002a.*CONNACK accepted/),
      expect.stringMatching(/^in forwarded, node 002a.*PINGREQ/),
      expect.stringMatching(/^out forwarded, node 002a.*PINGRESP/),
    ]);
    const refused = site.sensor();
    refused.connect("bad");
    await bad.last("datagram", 2);
    expect(bad.all<TracedDatagram>("datagram").map(({ text }) => text)).toEqual([
      expect.stringMatching(/^CONNECT "bad"/),
      expect.stringMatching(/^CONNACK rejected: not supported/),
    ]);
  });

  test("of an address shows what nobody understands, from there alone", async () => {
    const [here, elsewhere] = [
      await site.read("/api/trace?address=127.0.0.1"),
      await site.read("/api/trace?address=10.0.0.7"),
    ];
    site.sensor().sendOctets(Buffer.of(3, 0x55, 1));
    expect(await here.last<TracedDatagram>("datagram")).toMatchObject({ direction: "in", octets: 3, hex: "035501" });
    expect(elsewhere.events).toEqual([]);
  });
});

describe("the token", () => {
  const listening = ["--http-listen", "127.0.0.1:0"];

  test("comes from its file, without its line end; is asked for; and another one holds after a reload", async () => {
    const file = temporaryFile(`${TOKEN}\n`);
    const site = await HttpGateway.start("embedded:", ["--http-token-file", file]);
    expect((await site.ask("/api/gateway")).status).toBe(401);
    expect((await site.ask("/metrics")).status).toBe(401);
    expect((await site.ask("/healthz")).status).toBe(200);
    expect((await site.ask("/api/gateway", bearer(TOKEN))).status).toBe(200);
    writeFileSync(file, `${OTHER}\n`);
    site.process.child.kill("SIGHUP");
    expect(await site.process.line("reload.done")).toMatchObject({ changed: "http.token_file" });
    expect((await site.ask("/api/gateway", bearer(TOKEN))).status).toBe(401);
    expect((await site.ask("/api/gateway", bearer(OTHER))).status).toBe(200);
    const line = await site.process.line("http.wrong-token");
    expect(line).toMatchObject({ address: "127.0.0.1", count: 1 });
    const { body } = await site.ask("/api/gateway", bearer(OTHER));
    expect(body + site.process.stdout).not.toMatch(new RegExp(`${TOKEN}|${OTHER}`));
  });

  test("is missing where others can reach the page: 78, and what to do; the token of before stays where a reload takes it away", async () => {
    const { code, stderr } = await runToEnd(["run", "--http-listen", "0.0.0.0:0"]);
    expect([code, stderr]).toEqual([78, expect.stringMatching(/^--http-listen: others can reach this place/)]);
    const file = temporaryFile(`http: { listen: "0.0.0.0:0", token: ${TOKEN} }\n`);
    const places = ["-b", "embedded:", "--embedded-listen", "127.0.0.1:0", "-l", "udp://127.0.0.1:0"];
    const gateway = new GatewayProcess(["run", "-c", file, ...places], { MQTTSN_HTTP_LISTEN: undefined });
    const { url } = await gateway.line("http.started");
    await gateway.line("gateway.ready");
    writeFileSync(file, "http: { listen: 127.0.0.1:0 }\n");
    gateway.child.kill("SIGHUP");
    await gateway.line("reload.done");
    expect((await fetch(`${url}api/gateway`)).status).toBe(401);
    expect((await fetch(`${url}api/gateway`, bearer(TOKEN))).status).toBe(200);
  });

  test.each([
    ["short", /--http-token-file: a token has at least 16 characters, and this one has 5; make one with: openssl rand/],
    ["a token with spaces in it", /--http-token-file: a token has neither spaces/],
    ["", /is empty/],
  ])("%j in its file is none: 78, and it is not shown", async (token, message) => {
    const { code, stderr } = await runToEnd(["run", ...listening, "--http-token-file", temporaryFile(`${token}\n`)]);
    expect([code, stderr]).toEqual([78, expect.stringMatching(message)]);
    if (token !== "") expect(stderr).not.toContain(token);
  });

  test("in a file that everybody may read is warned of", async () => {
    const file = temporaryFile(`${TOKEN}\n`);
    chmodSync(file, 0o644);
    const gateway = GatewayProcess.embedded(...listening, "--http-token-file", file);
    expect((await gateway.line("configuration.warning")).msg).toMatch(/everybody on this machine may read/);
  });
});

describe("where the page cannot be", () => {
  test("something else listens there: the gateway works, says so once, and takes the place when it is free", {
    timeout: 60_000,
  }, async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const place = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const gateway = GatewayProcess.embedded("--http-listen", place);
    expect((await gateway.line("http.unavailable")).msg).toMatch(
      `the status page cannot be served at ${place}: something else listens there already.`,
    );
    await gateway.line("gateway.ready");
    await new Promise((resolve) => other.close(resolve));
    expect(await gateway.line("http.started")).toMatchObject({ url: `http://${place}/` });
    expect((await fetch(`http://${place}/readyz`)).status).toBe(200);
    expect(gateway.lines.filter(({ event }) => event === "http.unavailable")).toHaveLength(1);
  });

  test("it is switched off: nothing of it is there", async () => {
    const gateway = GatewayProcess.embedded("--http-listen", "");
    await gateway.line("gateway.ready");
    expect(gateway.lines.map(({ event }) => event).filter((event) => event.startsWith("http."))).toEqual([]);
  });
});

test("/readyz says what is missing until the broker is there, and /healthz is well all the while", async () => {
  const gateway = new GatewayProcess([
    "run",
    "-b",
    await nowhere(),
    "-l",
    "udp://127.0.0.1:0",
    "--http-listen",
    "127.0.0.1:0",
  ]);
  const { url } = await gateway.line("http.started");
  await vi.waitFor(async () => {
    const answer = await fetch(`${url}readyz`);
    expect([answer.status, await answer.text()]).toEqual([
      503,
      expect.stringMatching(/^the broker has not been reached yet: .*ECONNREFUSED/),
    ]);
  }, WAIT);
  expect((await fetch(`${url}healthz`)).status).toBe(200);
  const status = (await (await fetch(`${url}api/gateway`)).json()) as GatewayStatus;
  expect(status).toMatchObject({
    ready: false,
    broker: { reachable: false, reason: expect.stringMatching(/ECONNREFUSED/) },
  });
});

test("an open page does not hold up the end", async () => {
  const site = await HttpGateway.start("embedded:");
  const stream = await site.read("/api/stream");
  await stream.last("gateway");
  await stop(site.process);
  await vi.waitFor(() => expect(stream.isClosed).toBe(true), WAIT);
});

test("the page is there on IPv6 too", async () => {
  const gateway = GatewayProcess.embedded("--http-listen", "[::1]:0");
  const { url } = await gateway.line("http.started");
  expect(String(url)).toMatch(/^http:\/\/\[::1\]:\d+\/$/);
  expect(((await (await fetch(`${url}api/clients`)).json()) as ClientList).total).toBe(0);
});

test("nothing secret of the broker's URL is in an answer", async () => {
  const url = (await nowhere()).replace("//", "//boiler:hush@");
  const gateway = new GatewayProcess(["run", "-b", url, "-l", "udp://127.0.0.1:0", "--http-listen", "127.0.0.1:0"]);
  const { url: page } = await gateway.line("http.started");
  await gateway.line("broker.unreachable");
  for (const path of ["api/gateway", "readyz", "api/clients"]) {
    expect(await (await fetch(`${page}${path}`)).text()).not.toMatch(/hush|boiler/);
  }
});
