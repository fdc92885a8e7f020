import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { clientVariableOf } from "../../src/app/configuration/client-variables.ts";
import { FindableGateway, freeUdpPort, GROUP } from "../app/findable-gateway.ts";
import { Site } from "../interop/site.ts";
import { GatewayProcess, runToEnd, stop } from "./gateway-process.ts";
import { TwoHosts } from "./two-hosts.ts";

/** How long a process may take for anything: the machine may be busy. */
const WAIT = { timeout: 20_000, interval: 10 };
const DONE = { code: 0, stdout: "", stderr: "" };

describe("the client commands at the gateway", () => {
  const ends: (() => void)[] = [];
  let site: Site;

  beforeAll(async () => {
    site = await Site.start("embedded:", ["--log-level", "trace"], (end) => ends.push(end));
  });
  afterAll(() => {
    for (const end of ends.reverse()) end();
  });

  /** What the gateway has logged from now on. */
  function logFromNow(): () => string[] {
    const before = site.process.lines.length;
    return () => site.process.lines.slice(before).map(({ event, message }) => `${event} ${message ?? ""}`);
  }

  /** A subscriber that has its SUBACK. */
  async function subscriber(...args: string[]): Promise<GatewayProcess> {
    const log = logFromNow();
    const command = new GatewayProcess(["subscribe", ...args]);
    await vi.waitFor(() => expect(log().join("\n"), command.stderr).toMatch(/SUBACK/), WAIT);
    return command;
  }

  test.each([[["--qos", "-1"]], [["--qos=-1"]]])(
    "N1 publish %j sends one datagram, and makes no connection",
    async (qos) => {
      const peer = await site.mqttPeer();
      await peer.subscribe("ab");
      const log = logFromNow();
      const message = ["--short", "ab", "--message", "21.5"];
      expect(await runToEnd(["publish", "--gateway", site.gatewayUrl, ...qos, ...message])).toEqual(DONE);
      await peer.receives({ topic: "ab", data: "21.5", qos: 0, retain: false });
      expect(log().filter((line) => line.startsWith("message."))).toEqual([
        expect.stringMatching(/PUBLISH.*QoS [-−]1/),
      ]);
    },
  );

  test.each([
    [
      ["--qos", "-1", "--topic", "a"],
      /--qos -1 goes to a --predefined topic id or a --short name: a --topic would need/,
    ],
    [["--qos=-1", "--short", "ab", "--will-topic", "w"], /--qos -1 has no connection, and with it no will/],
    [["--topic", "a", "--will-message", "w"], /a will needs --will-topic/],
    [["--topic", "a", "--will-topic", "w/#"], /--will-topic "w\/#" is not a topic/],
    [["--topic", "a", "--forwarder-node", "xyz"], /Write 1 to 252 octets in hexadecimal, such as 002a\./],
    [["--topic", "a", "--group", "192.168.0.1"], /Write a multicast address, such as 225\.1\.1\.1:1883/],
    [["--topic", "a", "--group", "225.1.1.1"], /--group says where to search: it goes with --discover/],
    [["--topic", "a", "--short", "ab"], /--topic excludes --short/],
    [["--topic", "a", "--discover", "--gateway", "udp://[::1]:1883"], /--gateway excludes --discover/],
  ])("publish %j is a usage error", async (args, message) => {
    const { code, stderr } = await runToEnd(["publish", "-m", "hi", ...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  test("D6 D12 --discover finds the gateway in its group", async () => {
    const search = ["--discover", "--group", `${GROUP}:${site.gateway.port}`, "--interface", "127.0.0.1"];
    const command = await subscriber(...search, "--topic", "found", "--count", "1");
    expect(await runToEnd(["publish", ...search, "--topic", "found", "-m", "hi", "--qos", "1"])).toEqual(DONE);
    expect(await command.exit()).toBe(0);
    expect(command).toMatchObject({ stdout: "hi\n", stderr: "" });
  });

  test("D11 --discover says where nobody answered, and what to do", async () => {
    const group = `${GROUP}:${await freeUdpPort()}`;
    const search = ["--discover", "--group", group, "--interface", "127.0.0.1", "--retry-count", "0"];
    const { code, stdout, stderr } = await runToEnd(["publish", ...search, "--topic", "a", "-m", "hi"]);
    expect(stderr).toMatch(`no gateway answered SEARCHGW in the group ${group} on 127.0.0.1, sent 1 time. `);
    expect(stderr).toMatch(/--group.*--gateway\.\n$/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });

  test("E5 --forwarder-node speaks through a forwarder, in both directions", async () => {
    const at = ["--gateway", site.gatewayUrl, "--forwarder-node"];
    const command = await subscriber(...at, "002a", "--topic", "behind/#", "--verbose", "--qos", "2");
    const log = logFromNow();
    const message = ["--topic", "behind/here", "-m", "hi", "--qos", "2"];
    expect(await runToEnd(["publish", ...at, "00:2b", ...message])).toEqual(DONE);
    await vi.waitFor(() => expect(command.stdout).toBe("behind/here hi\n"), WAIT);
    const addresses = site.process.lines
      .filter(({ event }) => event === "client.connected")
      .map(({ address }) => address);
    expect(addresses.slice(-2)).toEqual([expect.stringMatching(/\/002a$/), expect.stringMatching(/\/002b$/)]);
    expect(log().join("\n")).toMatch(/PUBCOMP/);
    await stop(command);
  });

  test("C1 K3 --will-topic makes a will, which is published when the client is lost", async () => {
    const peer = await site.mqttPeer();
    await peer.subscribe("wills/#");
    const will = ["--will-topic", "wills/d1", "--will-message", "gone", "--will-qos", "1"];
    const at = ["--gateway", site.gatewayUrl, "--keep-alive", "1s"];
    const command = await subscriber(...at, "--topic", "nothing", ...will);
    command.child.kill("SIGKILL");
    await peer.receives({ topic: "wills/d1", data: "gone", qos: 1, retain: false });
  });

  test("X3 a client that disconnects leaves no will", async () => {
    const peer = await site.mqttPeer();
    await peer.subscribe("wills/#");
    const will = ["--will-topic", "wills/d2", "--will-message", "gone"];
    const at = ["--gateway", site.gatewayUrl, "--topic", "wills/alive"];
    expect(await runToEnd(["publish", ...at, ...will, "-m", "here", "--qos", "1"])).toEqual(DONE);
    await runToEnd(["publish", ...at, "-m", "still", "--qos", "1"]);
    await peer.receives(
      { topic: "wills/alive", data: "here", qos: 1, retain: false },
      { topic: "wills/alive", data: "still", qos: 1, retain: false },
    );
  });

  test("flags can be set in the environment", async () => {
    const peer = await site.mqttPeer();
    await peer.subscribe("environment");
    const environment = {
      MQTTSN_CLIENT_GATEWAY: site.gatewayUrl,
      MQTTSN_CLIENT_TOPIC: "environment",
      MQTTSN_CLIENT_MESSAGE: "hi",
      MQTTSN_CLIENT_QOS: "2",
    };
    expect(await runToEnd(["publish", "--qos", "1"], environment)).toEqual(DONE);
    await peer.receives({ topic: "environment", data: "hi", qos: 1, retain: false });
    const wrong = await runToEnd(["publish"], { ...environment, MQTTSN_CLIENT_TOPICS: "a" });
    expect(wrong.stderr).toMatch(
      "error: MQTTSN_CLIENT_TOPICS: there is no such variable; did you mean MQTTSN_CLIENT_TOPIC?",
    );
    expect(wrong.code).toBe(2);
  });

  test.each([
    ["at QoS 2 behind three forwarders", ["--qos", "2", "--forwarders", "3"], { connected: 20, accepted: 40 }],
    ["at QoS 1 to nodes behind one forwarder", ["--qos", "1", "--forwarders", "1", "--deliver"], { connected: 20 }],
    ["at QoS −1", ["--qos", "-1"], { connected: 0, forwarders: 0 }],
    ["at QoS −1 behind two forwarders", ["--qos", "-1", "--forwarders", "2", "--short", "xy"], { connected: 0 }],
  ])("simulate delivers all %s", async (_what, args, expected) => {
    const at = ["--gateway", site.gatewayUrl, "--broker", site.brokerUrl, "--nodes", "20"];
    const { code, stdout, stderr } = await runToEnd([
      "simulate",
      ...at,
      "--rate",
      "40",
      "--duration",
      "1s",
      "--json",
      ...args,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ sent: 40, failed: 0, delivered: 40, duplicated: 0, ...expected });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

test("the gateway runs with the clients' variables in its environment", async () => {
  const places = ["--embedded-listen", "127.0.0.1:0", "-l", "udp://127.0.0.1:0"];
  const environment = { MQTTSN_CLIENT_GATEWAY: "udp://127.0.0.1:1", MQTTSN_CLIENT_QOS: "1" };
  const gateway = new GatewayProcess(["run", "-b", "embedded:", ...places], environment);
  await gateway.line("gateway.ready");
  await stop(gateway);
});

test.each([
  ["publish", []],
  ["subscribe", []],
  ["simulate", []],
])("%s --help shows every flag with its variable", async (command) => {
  const { code, stdout } = await runToEnd([command, "--help"]);
  expect(code).toBe(0);
  const flags = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)]
    .map(([, flag]) => flag!)
    .filter((flag) => flag !== "--help");
  expect(flags.length).toBeGreaterThan(15);
  const text = stdout.replaceAll(/\s+/g, " ");
  for (const flag of flags) expect(text).toContain(`env: ${clientVariableOf(flag)}`);
});

test("K6 R1 subscribe --discover goes to another gateway when its own does not answer any more", async () => {
  const groupPort = await freeUdpPort();
  const gateways = [new FindableGateway(1), new FindableGateway(2)];
  for (const gateway of gateways) {
    await gateway.open(groupPort);
    onTestFinished(() => gateway.close());
  }
  const search = ["--discover", "--group", `${GROUP}:${groupPort}`, "--interface", "127.0.0.1"];
  const impatient = ["--keep-alive", "1s", "--retry-interval", "300ms", "--retry-count", "1"];
  const subscriber = new GatewayProcess(["subscribe", ...search, ...impatient, "--topic", "a"]);
  const subscribedAt = () => gateways.filter(({ heard }) => heard.some(({ type }) => type === "SUBSCRIBE"));
  await vi.waitFor(() => expect(subscribedAt()).toHaveLength(1), WAIT);
  const [first] = subscribedAt();
  first!.answers = false;
  await vi.waitFor(() => expect(subscribedAt()).toHaveLength(2), WAIT);
  await vi.waitFor(
    () => expect(subscriber.stderr).toMatch(/connecting again\nconnected again to the gateway at/),
    WAIT,
  );
  await stop(subscriber);
});

test("K6 R1 publish --discover connects to another gateway where the first one does not answer", async () => {
  const groupPort = await freeUdpPort();
  const [silent, other] = [new FindableGateway(1), new FindableGateway(2)];
  for (const gateway of [silent, other]) {
    await gateway.open(groupPort);
    onTestFinished(() => gateway.close());
  }
  silent.answers = false;
  // So that the first one is found first.
  other.answersSearch = false;
  const search = ["--discover", "--group", `${GROUP}:${groupPort}`, "--interface", "127.0.0.1"];
  const impatient = ["--retry-interval", "1s", "--retry-count", "1"];
  const publisher = new GatewayProcess(["publish", ...search, ...impatient, "--short", "ab", "-m", "hi", "-q", "1"]);
  await vi.waitFor(() => expect(silent.heard).not.toEqual([]), WAIT);
  other.broadcast({ type: "ADVERTISE", gwId: other.gwId, duration: 900 }, groupPort);
  expect(await publisher.exit()).toBe(0);
  expect(other.heard.map(({ type }) => type)).toEqual(["CONNECT", "PUBLISH", "DISCONNECT"]);
  expect(publisher).toMatchObject({ stdout: "", stderr: "" });
});

describe.skipIf(TwoHosts.whyNot() !== undefined)("from another host", () => {
  const versions = [["225.1.1.1", "udp://0.0.0.0:1883"]];
  if (TwoHosts.hasIPv6) versions.push(["ff03::1883", "udp://[::]:1883"]);

  test.each(versions)("D6 D12 --discover finds the gateway in %s", async (group, listener) => {
    const hosts = new TwoHosts();
    const run = ["run", "-b", "embedded:", "--embedded-listen", "127.0.0.1:0", "-l", listener!];
    const gateway = new GatewayProcess(run, {}, undefined, hosts.gateway.within);
    await gateway.line("gateway.ready");
    const message = ["--topic", "a", "-m", "hi", "--qos", "1"];
    const search = ["--discover", "--group", group!, "--interface", "radio0"];
    const publisher = new GatewayProcess(["publish", ...search, ...message], {}, undefined, hosts.sensors.within);
    expect(await publisher.exit(), publisher.stderr).toBe(0);
    const { address } = await gateway.line("client.connected");
    expect(address).toMatch(group!.includes(":") ? hosts.sensors.ipv6 : hosts.sensors.ipv4);
    await stop(gateway);
  });
});
