import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import { GatewayProcess, runToEnd } from "../process/gateway-process.ts";
import { Sensor } from "../process/sensor.ts";
import { INTEROP_OPTIONS } from "./cases.ts";
import { configurationFile } from "./configuration-file.ts";
import { Mosquitto } from "./mosquitto.ts";
import { Site } from "./site.ts";
import { UdpDevice } from "./udp-device.ts";
import { sentOnce, subscriberThroughUpdates } from "./will-cases.ts";
import { publishWitnessed } from "./witness.ts";

/** How long the programs may take for anything. */
const BOUND = { timeout: 10_000, interval: 5 };

const RECONNECT_FLAGS = ["--broker-reconnect-min", "50ms", "--broker-reconnect-max", "100ms"];

/** The broker is away for long when it is away for as long as this. */
const SHORT_OUTAGE = ["--broker-outage-limit", "300ms"];

const isInstalled = Mosquitto.isInstalled;
let count = 0;

/** A test that needs Mosquitto. */
function mosquittoTest(name: string, run: () => Promise<void>): void {
  count += 1;
  test.skipIf(!isInstalled)(name, run);
}

describe("the gateway with Mosquitto", () => {
  const ends: (() => void)[] = [];
  const atEnd = (end: () => void) => ends.push(end);
  let mosquitto: Mosquitto;
  let site: Site;

  beforeAll(async () => {
    if (!isInstalled) return;
    mosquitto = await Mosquitto.start(atEnd);
    // The trace tells when a command has subscribed.
    const flags = ["--log-level", "trace", "--config", configurationFile(INTEROP_OPTIONS, atEnd)];
    site = await Site.start(mosquitto.url, flags, atEnd);
  });
  afterAll(() => {
    for (const end of ends.reverse()) end();
  });

  // aedes repeats in another order.
  mosquittoTest(
    "W10 a durable subscriber gets each message of QoS 2 once while its will changes ten times",
    async () => {
      const device = await subscriberThroughUpdates(site, "exact", 2);
      await device.receives(...sentOnce("exact"));
    },
  );

  for (const qos of [0, 1, 2]) {
    mosquittoTest(`mosquitto_sub prints what the command publish sends at QoS ${qos}`, async () => {
      const topic = `tools/up/${qos}`;
      const { subscribed, printed } = mosquitto.subscribe(onTestFinished, 1, "-t", topic, "-q", String(qos), "-v");
      await subscribed;
      const args = ["publish", "--gateway", site.gatewayUrl, "--topic", topic, "--qos", String(qos)];
      expect(await runToEnd([...args, "--message", "21.5"])).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(await printed).toBe(`${topic} 21.5\n`);
    });

    mosquittoTest(`the command subscribe prints what mosquitto_pub sends at QoS ${qos}`, async () => {
      const topic = `tools/down/${qos}`;
      const flags = ["--topic", "tools/down/+", "--verbose", "--count", "1"];
      const command = await subscribeCommand(`down-${qos}`, ...flags, "--qos", String(qos));
      await mosquitto.publish("-t", topic, "-m", "on", "-q", String(qos));
      expect(await command.exit()).toBe(0);
      expect(command.stdout).toBe(`${topic} on\n`);
    });
  }

  mosquittoTest("the command subscribe prints what mosquitto_pub has had kept", async () => {
    await mosquitto.publish("-t", "tools/kept", "-m", "kept", "-q", "1", "-r");
    const { code, stdout } = await runToEnd([
      "subscribe",
      "--gateway",
      site.gatewayUrl,
      "--topic",
      "tools/kept",
      "--count",
      "1",
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "kept\n" });
  });

  mosquittoTest("mosquitto_sub prints what publish --predefined and publish --short send", async () => {
    const { subscribed, printed } = mosquitto.subscribe(onTestFinished, 2, "-t", "predefined/seven", "-t", "zz", "-v");
    await subscribed;
    const args = ["publish", "--gateway", site.gatewayUrl, "--qos", "1", "--message"];
    expect((await runToEnd([...args, "by id", "--predefined", "7"])).code).toBe(0);
    expect((await runToEnd([...args, "by short name", "--short", "zz"])).code).toBe(0);
    expect(await printed).toBe("predefined/seven by id\nzz by short name\n");
  });

  mosquittoTest("subscribe --sleep prints, when it wakes, what mosquitto_pub sent while it slept", async () => {
    const flags = ["--topic", "tools/sleep", "--qos", "1", "--count", "3", "--sleep", "1s"];
    const command = await subscribeCommand("tools-sleeper", ...flags);
    await vi.waitFor(() => expect(noted("client.asleep", "tools-sleeper")).toHaveLength(1), BOUND);
    for (const text of ["one", "two", "three"]) await mosquitto.publish("-t", "tools/sleep", "-m", text, "-q", "1");
    expect(await command.exit()).toBe(0);
    expect(command.stdout).toBe("one\ntwo\nthree\n");
    expect(noted("client.awake", "tools-sleeper").length).toBeGreaterThan(0);
  });

  for (const qos of [1, 2]) {
    mosquittoTest(`simulate at QoS ${qos} with a tenth of the datagrams lost: no message is lost`, async () => {
      const load = ["--nodes", "20", "--qos", String(qos), "--duration", "1s", "--rate", "30", "--seed", "7"];
      const radio = ["--loss", "0.1", "--retry-interval", "300ms"];
      const places = ["--gateway", site.gatewayUrl, "--broker", mosquitto.url];
      const { code, stdout, stderr } = await runToEnd(["simulate", ...places, ...load, ...radio, "--json"]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const report = JSON.parse(stdout);
      expect(report).toMatchObject({ connected: 20, lostAccepted: 0, lostUnaccepted: 0, foreign: 0 });
      expect(report.sent).toBeGreaterThan(20);
      expect(report.delivered).toBe(report.sent);
      expect(report.retransmissions).toBeGreaterThan(0);
      if (qos === 2) expect(report.duplicated).toBe(0);
    });
  }

  /** Starts `subscribe`, and resolves when the gateway has sent SUBACK to it. */
  async function subscribeCommand(clientId: string, ...flags: string[]): Promise<GatewayProcess> {
    const command = new GatewayProcess(["subscribe", "--gateway", site.gatewayUrl, "--client-id", clientId, ...flags]);
    await mosquitto.logs(new RegExp(`Sending SUBACK to ${clientId}`));
    return command;
  }

  /** The log's lines of this event of this client. */
  function noted(event: string, clientId: string) {
    return site.process.lines.filter((line) => line.event === event && line.clientId === clientId);
  }
});

describe("Mosquitto that sends the next message when the one before is acknowledged", () => {
  for (const qos of [1, 2] as const) {
    mosquittoTest(`Z7 a sleeping device gets them all at QoS ${qos} before PINGRESP`, async () => {
      const mosquitto = await Mosquitto.start(onTestFinished, { inflightMax: 1 });
      const site = await Site.start(mosquitto.url, []);
      const device = await site.device("sleeper");
      await device.subscribe("one/by/one", qos);
      await device.sleep(60);
      // The gateway has the first one of them, and the broker keeps the others.
      const messages = await publishWitnessed(site, "one/by/one", qos, ["1", "2", "3", "4", "5"]);
      await device.wake();
      await device.receives(...messages);
      expect(device.heardAsleep).toEqual([]);
    });

    mosquittoTest(
      `G5 one at QoS ${qos} that is larger than max_datagram is acknowledged, and does not hold up the next`,
      async () => {
        const mosquitto = await Mosquitto.start(onTestFinished, { inflightMax: 1 });
        const site = await Site.start(mosquitto.url, []);
        const device = await site.device("narrow");
        await device.subscribe("narrow", qos);
        const peer = await site.mqttPeer();
        await peer.publish("narrow", "x".repeat(1200), qos);
        await peer.publish("narrow", "fits", qos);
        await device.receives({ topic: "narrow", data: "fits", qos, retain: false });
      },
    );
  }
});

describe("Mosquitto comes and goes", () => {
  mosquittoTest(
    "K the broker is killed and does not come back at once: devices are told, the gateway lives, and they connect again afterwards",
    async () => {
      const mosquitto = await Mosquitto.start(onTestFinished);
      const site = await Site.start(mosquitto.url, [...RECONNECT_FLAGS, ...SHORT_OUTAGE]);
      const device = await site.device("sensor");
      const sleeper = await site.device("sleeper");
      await sleeper.sleep(60);
      await mosquitto.stop("SIGKILL");
      await device.isDisconnectedByGateway();
      await site.process.line("broker.unreachable");
      expect(sleeper.heardAsleep).toEqual([]);

      const early = new Sensor(site.gateway.port);
      early.connect("early");
      expect((await early.message("CONNACK")).returnCode).toBe(RETURN_CODE.congestion);

      await mosquitto.start();
      await device.connect();
      await device.subscribe("after/restart", 1);
      await device.publish("after/restart", "again", 1);
      await device.receives({ topic: "after/restart", data: "again", qos: 1, retain: false });
      await sleeper.wake();
      await sleeper.connect();
      expect(site.process.child.exitCode).toBeNull();
    },
  );

  mosquittoTest("a device that connects again by itself does so when the broker is back", async () => {
    const mosquitto = await Mosquitto.start(onTestFinished);
    const site = await Site.start(mosquitto.url, [...RECONNECT_FLAGS, ...SHORT_OUTAGE]);
    const device = await site.device("steady", { reconnect: true, reconnectMinMs: 20, reconnectMaxMs: 100 });
    await device.subscribe("steady/state", 1);
    await mosquitto.stop("SIGKILL");
    await device.isDisconnectedByGateway();
    const published = device.publish("steady/state", "sent while the broker was down", 1);
    await mosquitto.start();
    await published;
    await device.receives({ topic: "steady/state", data: "sent while the broker was down", qos: 1, retain: false });
  });

  mosquittoTest("messages that Mosquitto has saved reach a durable device after its restart", async () => {
    const mosquitto = await Mosquitto.start(onTestFinished, { persistence: true });
    const site = await Site.start(mosquitto.url, RECONNECT_FLAGS);
    const device = await site.device("durable", { cleanSession: false });
    await device.subscribe("saved/+", 2);
    await device.sleep(60);
    const peer = await site.mqttPeer();
    await peer.publish("saved/one", "1", 1);
    await peer.publish("saved/two", "2", 2);
    await mosquitto.stop("SIGTERM");
    await mosquitto.start();
    await device.wake();
    await vi.waitFor(() => expect(device.received.map(({ data }) => data).sort()).toEqual(["1", "2"]), BOUND);
    expect(device.heardAsleep).toEqual([]);
  });

  mosquittoTest("the gateway was there before its broker", async () => {
    const mosquitto = await Mosquitto.prepare(onTestFinished);
    const gateway = new GatewayProcess(["run", "-b", mosquitto.url, "-l", "udp://127.0.0.1:0", ...RECONNECT_FLAGS]);
    expect(await gateway.line("broker.unreachable")).toMatchObject({ level: "warn", url: mosquitto.url });
    await mosquitto.start();
    await gateway.line("gateway.ready");
    const device = new UdpDevice({ host: "127.0.0.1", port: await gateway.listenerPort() }, "patient");
    await device.connect();
  });
});

describe("Mosquitto with a password", () => {
  const USER = { username: "gateway", password: "correct horse" };

  mosquittoTest("6c a gateway without it: CONNACK 0x03, and the log says that the broker refuses", async () => {
    const mosquitto = await Mosquitto.start(onTestFinished, { users: [USER] });
    const flags = ["-l", "udp://127.0.0.1:0", "--broker-connect-timeout", "5s"];
    const gateway = new GatewayProcess(["run", "-b", mosquitto.url, ...flags]);
    const sensor = new Sensor(await gateway.listenerPort());
    const start = performance.now();
    sensor.connect("anonymous");
    expect((await sensor.message("CONNACK")).returnCode).toBe(RETURN_CODE.notSupported);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(await gateway.line("broker.unreachable")).toMatchObject({ level: "warn" });
    expect((await gateway.line("client.refused")).clientId).toBe("anonymous");
  });

  mosquittoTest("6c a gateway with a wrong one: CONNACK 0x03", async () => {
    const mosquitto = await Mosquitto.start(onTestFinished, { users: [USER] });
    const environment = { MQTTSN_BROKER_USERNAME: USER.username, MQTTSN_BROKER_PASSWORD: "wrong" };
    const gateway = new GatewayProcess(["run", "-b", mosquitto.url, "-l", "udp://127.0.0.1:0"], environment);
    const sensor = new Sensor(await gateway.listenerPort());
    sensor.connect("impostor");
    expect((await sensor.message("CONNACK")).returnCode).toBe(RETURN_CODE.notSupported);
  });

  mosquittoTest("a gateway that knows it: devices are let in", async () => {
    const mosquitto = await Mosquitto.start(onTestFinished, { users: [USER] });
    const environment = { MQTTSN_BROKER_USERNAME: USER.username, MQTTSN_BROKER_PASSWORD: USER.password };
    const gateway = new GatewayProcess(["run", "-b", mosquitto.url, "-l", "udp://127.0.0.1:0"], environment);
    await gateway.line("gateway.ready");
    const sensor = new Sensor(await gateway.listenerPort());
    sensor.connect("known");
    expect((await sensor.message("CONNACK")).returnCode).toBe(RETURN_CODE.accepted);
  });
});

// Whoever runs the tests sees what was not tested; where it must be tested, that is a failure.
test.skipIf(isInstalled)("without Mosquitto these tests are skipped, unless REQUIRE_MOSQUITTO=1", () => {
  const line = `Mosquitto is not installed: ${count} interoperability tests skipped`;
  console.warn(`${line} (test/interop/mosquitto.test.ts; on Debian: apt-get install mosquitto mosquitto-clients)`);
  expect(process.env.REQUIRE_MOSQUITTO === "1", `${line}, and REQUIRE_MOSQUITTO=1 says that they must run`).toBe(false);
});
