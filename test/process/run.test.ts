import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, isIPv6, type Socket } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type IConnectPacket, parser } from "mqtt-packet";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { RETURN_CODE } from "../../src/sn/return-code.ts";
import { GatewayProcess, runToEnd, stop } from "./gateway-process.ts";
import { Sensor } from "./sensor.ts";

const HAS_IPV6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
);

/** The program of Linux that runs a command in a terminal of its own. */
const HAS_SCRIPT = /util-linux/.test(String(spawnSync("script", ["--version"]).stdout));

const BOUND = { timeout: 20_000 };

/** A port of this machine that nothing listens at, or `listen` at one until the test ends. */
async function brokerThat(onConnection?: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, onConnection);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  if (onConnection === undefined) server.close();
  else onTestFinished(() => void server.close());
  return port;
}

describe("start", () => {
  test("with a broker inside: says where it listens, becomes ready, and a client connects at each place", async () => {
    const second = HAS_IPV6 ? "::1" : "127.0.0.1";
    const gateway = GatewayProcess.embedded("-l", HAS_IPV6 ? "udp://[::1]:0" : "udp://127.0.0.1:0");
    await gateway.line("gateway.ready");
    const urls = String((await gateway.line("gateway.started")).listeners).split(" ");
    expect(urls).toHaveLength(2);
    expect((await gateway.line("listener.started")).receiveBufferBytes).toBeGreaterThan(0);
    expect(await gateway.brokerPort()).toBeGreaterThan(0);
    for (const [index, url] of urls.entries()) {
      const sensor = new Sensor(Number(url.split(":").at(-1)), index === 0 ? "127.0.0.1" : second);
      sensor.connect(`sensor-${index}`);
      expect((await sensor.message("CONNACK")).returnCode).toBe(RETURN_CODE.accepted);
    }
    const connected = await vi.waitFor(() => {
      const lines = gateway.lines.filter(({ event }) => event === "client.connected");
      expect(lines).toHaveLength(2);
      return lines;
    });
    for (const [index, line] of connected.entries()) {
      const host = index === 0 ? "127.0.0.1" : second;
      expect(line).toMatchObject({ level: "info", clientId: `sensor-${index}`, listener: urls[index] });
      expect(line.address).toMatch(isIPv6(host) ? /^\[::1\]:\d+$/ : /^127\.0\.0\.1:\d+$/);
    }
    await stop(gateway);
  });

  test("every client's connection has its client id and credentials from the templates", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "password"), `secret-\${clientId}\n`);
    const connects: IConnectPacket[] = [];
    const port = await brokerThat((socket) => {
      const packets = parser();
      packets.on("packet", (packet) => {
        if (packet.cmd === "connect") connects.push(packet);
        socket.write(Uint8Array.of(0x20, 2, 0, 0));
      });
      socket.on("data", (octets) => packets.parse(octets)).on("error", () => {});
    });
    const gateway = new GatewayProcess(["-b", `mqtt://127.0.0.1:${port}`, "-l", "udp://127.0.0.1:0"], {
      MQTTSN_BROKER_CLIENT_ID: `sn-\${clientId}`,
      MQTTSN_BROKER_USERNAME: `user-\${clientId}`,
      MQTTSN_BROKER_PASSWORD_FILE: join(folder, "password"),
      MQTTSN_BROKER_KEEP_ALIVE: "5m",
    });
    const sensor = new Sensor(await gateway.listenerPort());
    sensor.connect("boiler");
    await sensor.message("CONNACK");
    expect(connects.find(({ clientId }) => clientId === "sn-boiler")).toMatchObject({
      username: "user-boiler",
      password: Buffer.from("secret-boiler"),
      keepalive: 300,
      clean: true,
    });
    await stop(gateway);
    expect(gateway.stdout + gateway.stderr).not.toContain("secret");
  });

  test("with a broker that is down: says so once and what to do, and is ready when the broker comes", async () => {
    const port = await brokerThat();
    const flags = ["--broker-reconnect-min", "50ms", "--broker-reconnect-max", "100ms"];
    const gateway = new GatewayProcess(["-b", `mqtt://127.0.0.1:${port}`, "-l", "udp://127.0.0.1:0", ...flags]);
    const line = await gateway.line("broker.unreachable");
    expect(line).toMatchObject({ level: "warn", url: `mqtt://127.0.0.1:${port}` });
    expect(line.msg).toMatch(/cannot be reached: connect ECONNREFUSED .*keeps trying.*--broker/);
    expect(line.msg).not.toMatch(/password/);

    const sensor = new Sensor(await gateway.listenerPort());
    sensor.connect("early");
    expect((await sensor.message("CONNACK")).returnCode).toBe(RETURN_CODE.congestion);

    const inside = new GatewayProcess([
      "-b",
      "embedded:",
      "--embedded-listen",
      `127.0.0.1:${port}`,
      "-l",
      "udp://127.0.0.1:0",
    ]);
    await inside.line("gateway.ready");
    await gateway.line("broker.reachable");
    await gateway.line("gateway.ready");
    expect(gateway.lines.filter(({ event }) => event === "broker.unreachable")).toHaveLength(1);
    const later = new Sensor(await gateway.listenerPort());
    later.connect("later");
    expect((await later.message("CONNACK")).returnCode).toBe(RETURN_CODE.accepted);

    await stop(inside);
    await vi.waitFor(
      () => expect(gateway.lines.filter(({ event }) => event === "broker.unreachable")).toHaveLength(2),
      {
        timeout: 10_000,
      },
    );
    await stop(gateway);
  });

  test("with a broker that refuses: says so, and what to check", async () => {
    const port = await brokerThat((socket) => {
      socket.on("error", () => {}).once("data", () => socket.end(Uint8Array.of(0x20, 2, 0, 5)));
    });
    const gateway = new GatewayProcess(["-b", `mqtt://127.0.0.1:${port}`, "-l", "udp://127.0.0.1:0"]);
    const { msg } = await gateway.line("broker.unreachable");
    expect(msg).toMatch(/Not authorized\. The gateway keeps trying\. Check broker\.username, broker\.password/);
    expect(msg).not.toMatch(/Start a broker/);
    await stop(gateway);
  });

  test("is ready as soon as the first client has reached the broker, however long its own wait", async () => {
    const port = await brokerThat();
    const flags = ["--broker-reconnect-min", "1h", "--broker-reconnect-max", "1h"];
    const gateway = new GatewayProcess(["-b", `mqtt://127.0.0.1:${port}`, "-l", "udp://127.0.0.1:0", ...flags]);
    await gateway.line("broker.unreachable");
    const place = ["--embedded-listen", `127.0.0.1:${port}`, "-l", "udp://127.0.0.1:0"];
    const inside = new GatewayProcess(["-b", "embedded:", ...place]);
    await inside.line("gateway.ready");
    const sensor = new Sensor(await gateway.listenerPort());
    sensor.connect("sensor");
    await sensor.message("CONNACK");
    await gateway.line("gateway.ready");
    await stop(gateway);
    await stop(inside);
  });

  test("where the place of the broker inside, at all addresses, is taken: names one that can be reached", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const place = ["--embedded-listen", `0.0.0.0:${port}`, "-l", "udp://127.0.0.1:0"];
    const { code, stdout } = await runToEnd(["run", "-b", "embedded:", ...place]);
    expect(code).toBe(1);
    expect(stdout).toContain(`run --broker mqtt://127.0.0.1:${port}`);
    expect(stdout).toContain(`--embedded-listen 0.0.0.0:${port + 1}`);
  });

  test("where the place of the broker inside is taken: says how to use what is there, and ends with 1", async () => {
    const port = await brokerThat((socket) => void socket.destroy());
    const { code, stdout } = await runToEnd([
      "run",
      "-b",
      "embedded:",
      "--embedded-listen",
      `127.0.0.1:${port}`,
      "-l",
      "udp://127.0.0.1:0",
    ]);
    expect(code).toBe(1);
    expect(stdout).toContain('"code":"EADDRINUSE"');
    expect(stdout).toContain(`run --broker mqtt://127.0.0.1:${port}`);
    expect(stdout).toContain(`--embedded-listen 127.0.0.1:${port + 1}`);
  });

  test("where a listener's place is taken: names it, and ends with 1", async () => {
    const first = GatewayProcess.embedded();
    const port = await first.listenerPort();
    const flags = ["--embedded-listen", "127.0.0.1:0", "-l", "udp://127.0.0.1:0", "-l", `udp://127.0.0.1:${port}`];
    const { code, stdout } = await runToEnd(["run", "-b", "embedded:", ...flags]);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`"event":"gateway.failed".*${port}`));
    await stop(first);
  });

  test("an outage of the broker is one warning, and one line when it is there again, however many clients there are", async () => {
    const port = await brokerThat();
    const brokerAt = ["run", "-b", "embedded:", "--embedded-listen", `127.0.0.1:${port}`, "-l", "udp://127.0.0.1:0"];
    const broker = new GatewayProcess(brokerAt);
    await broker.line("gateway.ready");
    const flags = ["--broker-reconnect-min", "50ms", "--broker-reconnect-max", "100ms"];
    const gateway = new GatewayProcess(["-b", `mqtt://127.0.0.1:${port}`, "-l", "udp://127.0.0.1:0", ...flags]);
    await gateway.line("gateway.ready");
    const listener = await gateway.listenerPort();
    const sensors = Array.from({ length: 5 }, () => new Sensor(listener));
    for (const [index, sensor] of sensors.entries()) sensor.connect(`sensor-${index}`);
    for (const sensor of sensors) await sensor.message("CONNACK");
    const eventsOf = (name: string) => gateway.lines.filter(({ event }) => event === name);
    expect((await gateway.line("broker.reachable")).msg).toBe(`the broker at mqtt://127.0.0.1:${port} is there`);

    broker.child.kill("SIGKILL");
    await gateway.line("broker.unreachable");
    await vi.waitFor(() => expect(eventsOf("link.closed")).toHaveLength(5), BOUND);
    new GatewayProcess(brokerAt);
    await vi.waitFor(() => expect(eventsOf("broker.reachable")).toHaveLength(2), BOUND);
    expect(eventsOf("broker.reachable")[1]).toMatchObject({
      outageMs: expect.any(Number),
      msg: expect.stringMatching(/is there again after \d+ s; the connections of clients are made anew/),
    });
    await vi.waitFor(() => expect(eventsOf("link.restored")).toHaveLength(5), BOUND);
    const warnings = gateway.lines.filter(({ level }) => level === "warn" || level === "error");
    expect(new Set(warnings.map(({ event }) => event))).toEqual(new Set(["broker.unreachable"]));
    await stop(gateway);
  });

  /** In a terminal of its own, with its log for people. */
  const inTerminal = (...flags: string[]): GatewayProcess => {
    const places = ["--embedded-listen", "127.0.0.1:0", "-l", "udp://127.0.0.1:0"];
    const within = ["sh", "-c", 'exec script -qfc "exec $*" /dev/null', "sh"];
    return new GatewayProcess(["run", "-b", "embedded:", ...places, ...flags], {}, onTestFinished, within);
  };
  test.runIf(HAS_SCRIPT)("tells people what to type next, on a terminal", async () => {
    const gateway = inTerminal();
    await vi.waitFor(() => expect(gateway.stdout).toContain("Ctrl-C"), BOUND);
    const { port } = /MQTT-SN clients come in at udp:\/\/127\.0\.0\.1:(?<port>\d+)/.exec(gateway.stdout)!.groups!;
    expect(gateway.stdout).toMatch(new RegExp(`node .*main\\.js subscribe --gateway udp://127.0.0.1:${port} --topic`));
    expect(gateway.stdout).toMatch(new RegExp(`node .*main\\.js publish --gateway udp://127.0.0.1:${port} --topic`));
  });

  test.runIf(HAS_SCRIPT)(
    "does not on a terminal where there are sessions from before: who has these has tried it",
    async () => {
      const path = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-run-"));
      onTestFinished(() => rmSync(path, { recursive: true, force: true }));
      const first = GatewayProcess.embedded("--state-path", path);
      await first.line("gateway.ready");
      const sensor = new Sensor(await first.listenerPort());
      sensor.send({
        type: "CONNECT",
        will: false,
        cleanSession: false,
        protocolId: 1,
        duration: 60,
        clientId: "sensor",
      });
      await sensor.message("CONNACK");
      await stop(first);
      const second = inTerminal("--state-path", path);
      await vi.waitFor(() => expect(second.stdout).toContain("the gateway is ready"), BOUND);
      const later = new Sensor(Number(/come in at udp:\/\/127\.0\.0\.1:(\d+)/.exec(second.stdout)![1]));
      later.connect("later");
      await vi.waitFor(() => expect(second.stdout).toContain("client.connected"), BOUND);
      expect(second.stdout).toMatch(/: 1 are there/);
      expect(second.stdout).not.toContain("Try it");
    },
  );

  test("does not where nobody reads it at once", async () => {
    const gateway = GatewayProcess.embedded("--log-format", "pretty");
    await vi.waitFor(() => expect(gateway.stdout).toContain("the gateway is ready"), BOUND);
    await stop(gateway);
    expect(gateway.stdout).toContain("the gateway has stopped");
    expect(gateway.stdout).not.toContain("Try it");
  });
});

describe("stop", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("on %s: clients are told, and the process ends with 0", async (signal) => {
    const gateway = GatewayProcess.embedded();
    const sensor = new Sensor(await gateway.listenerPort());
    sensor.connect("sensor");
    await sensor.message("CONNACK");
    await stop(gateway, signal);
    await sensor.message("DISCONNECT");
    expect(gateway.lines.map(({ event }) => event).slice(-3)).toEqual(
      expect.arrayContaining(["gateway.stopping", "client.disconnected", "gateway.stopped"]),
    );
  });

  test.runIf(HAS_SCRIPT)("when its terminal is closed: clients are told, and the process ends by itself", async () => {
    const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
    const flags =
      "--broker embedded: --embedded-listen 127.0.0.1:0 -l udp://127.0.0.1:0 --log-format json --state-path memory: --http-listen=";
    const command = `echo "pid $$"; exec "${process.execPath}" "${main}" run ${flags}`;
    const terminal = spawn("script", ["-qfc", command, "/dev/null"], { stdio: ["ignore", "pipe", "ignore"] });
    onTestFinished(() => void terminal.kill("SIGKILL"));
    let shown = "";
    terminal.stdout.on("data", (octets) => {
      shown += octets;
    });
    await vi.waitFor(() => expect(shown).toContain("gateway.started"), { timeout: 20_000 });
    const pid = Number(/pid (\d+)/.exec(shown)![1]);
    const sensor = new Sensor(Number(/come in at udp:\/\/127\.0\.0\.1:(\d+)/.exec(shown)![1]));
    sensor.connect("sensor");
    await sensor.message("CONNACK");
    terminal.kill("SIGKILL");
    await sensor.message("DISCONNECT");
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), { timeout: 5000 });
  });

  /** It accepts every connection, and then neither reads DISCONNECT nor closes. */
  const deafBroker = (socket: Socket) => {
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    socket.once("data", () => socket.write(Uint8Array.of(0x20, 2, 0, 0)));
  };

  async function atDeafBroker(): Promise<GatewayProcess> {
    const port = await brokerThat(deafBroker);
    const gateway = new GatewayProcess(["-b", `mqtt://127.0.0.1:${port}`, "-l", "udp://127.0.0.1:0"]);
    await gateway.line("gateway.ready");
    const sensor = new Sensor(await gateway.listenerPort());
    sensor.connect("sensor");
    await sensor.message("CONNACK");
    return gateway;
  }

  test("takes less than 5 s also when the broker does not close its connections", async () => {
    await stop(await atDeafBroker());
  });

  test("is immediate, with 1, on a second signal", async () => {
    const gateway = await atDeafBroker();
    gateway.child.kill("SIGTERM");
    await gateway.line("gateway.stopping");
    await vi.waitFor(
      () => {
        gateway.child.kill("SIGTERM");
        expect(gateway.child.exitCode).toBe(1);
      },
      { timeout: 2000, interval: 20 },
    );
    expect(gateway.lines.map(({ event }) => event)).not.toContain("gateway.stopped");
  });
});

test("a reader of the log that goes away does not end the gateway", async () => {
  const gateway = GatewayProcess.embedded("--log-level", "trace");
  const port = await gateway.listenerPort();
  await gateway.line("gateway.ready");
  gateway.child.stdout!.destroy();
  for (const clientId of ["a", "b", "c"]) {
    const sensor = new Sensor(port);
    sensor.connect(clientId);
    await sensor.message("CONNACK");
  }
  await stop(gateway);
});

test("a trace shows every message in words", async () => {
  const gateway = GatewayProcess.embedded("--log-level", "trace", "--discovery-enabled", "false");
  const sensor = new Sensor(await gateway.listenerPort());
  sensor.connect("sensor");
  await sensor.message("CONNACK");
  expect(await gateway.line("message.in")).toMatchObject({
    message: 'CONNECT "sensor", keep alive 60 s, clean session',
  });
  expect(await gateway.line("message.out")).toMatchObject({ message: "CONNACK accepted" });
  await stop(gateway);
});

describe("configuration", () => {
  test("from a file works, and the environment goes before it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "gateway.yaml");
    writeFileSync(
      path,
      "listen: ['udp://127.0.0.1:0']\nbroker: { url: 'embedded:' }\nembedded: { listen: '127.0.0.1:0' }\nlog: { level: error }\n",
    );
    const gateway = new GatewayProcess(["--config", path], { MQTTSN_LOG_LEVEL: "info" });
    await gateway.line("gateway.ready");
    await stop(gateway);
  });

  test("that is wrong: every problem on a line of its own, and the exit code 78", async () => {
    const { code, stdout, stderr } = await runToEnd(["run", "--broker", "mqt://x"], { MQTTSN_FOO: "1" });
    expect(code).toBe(78);
    expect(stdout).toBe("");
    expect(stderr.split("\n")).toEqual([
      '--broker: "mqt://x" is not a URL that the gateway can use (mqtt://host:port, mqtts://host:port, ws://host:port/path, wss://host:port/path, or embedded:)',
      "MQTTSN_FOO: there is no such variable",
      "",
    ]);
  });
});
