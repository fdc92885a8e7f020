import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { UdpDevice } from "../interop/udp-device.ts";
import { GatewayProcess, stop } from "./gateway-process.ts";
import { Sensor } from "./sensor.ts";

const BOUND = { timeout: 20_000 };

/** A folder that is gone after the test. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-state-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A gateway that keeps its state here, at this port of the loopback interface, with a broker inside that keeps nothing. */
function gatewayAt(path: string, port = 0, ...flags: string[]): GatewayProcess {
  const places = ["--embedded-listen", "127.0.0.1:0", "-l", `udp://127.0.0.1:${port}`, "--state-path", path];
  return new GatewayProcess(["run", "--broker", "embedded:", ...places, ...flags]);
}

/** A first one, that is ready, and its port. */
async function readyAt(path: string): Promise<{ gateway: GatewayProcess; port: number }> {
  const gateway = gatewayAt(path);
  await gateway.line("gateway.ready");
  return { gateway, port: await gateway.listenerPort() };
}

/** What the store has written since it was opened. */
function logOf(path: string): string {
  const files = readdirSync(join(path, "sessions")).filter((file) => file.endsWith(".log"));
  return files.map((file) => readFileSync(join(path, "sessions", file), "latin1")).join("");
}

const eventsOf = (gateway: GatewayProcess, event: string) => gateway.lines.filter((line) => line.event === event);

describe("a restart", () => {
  test("A-55 is not noticed by a client that sleeps: it is not told, its topic ids are good, and it has its messages when it wakes up", async () => {
    const path = folder();
    const { gateway: first, port } = await readyAt(path);
    const sleeper = new UdpDevice({ host: "127.0.0.1", port }, "sleeper", { cleanSession: false });
    await sleeper.connect();
    await sleeper.subscribe("to/sleeper", 1);
    await sleeper.publish("from/sleeper", "one", 1);
    await sleeper.sleep(300);
    await stop(first);

    const second = gatewayAt(path, port);
    await second.line("gateway.ready");
    expect(await second.line("state.opened")).toMatchObject({ sessions: 1, path: join(path, "sessions") });
    const other = new UdpDevice({ host: "127.0.0.1", port }, "other");
    await other.connect();
    await second.line("link.restored");
    await other.publish("to/sleeper", "good morning", 1);
    await sleeper.wake();
    const message = { topic: "to/sleeper", data: "good morning", qos: 1, retain: false };
    await sleeper.receives(message);
    const heard = sleeper.heard.slice();
    await sleeper.connect();
    await sleeper.publish("from/sleeper", "two", 1);
    expect(heard.filter((type) => type === "DISCONNECT")).toHaveLength(1);
    expect(sleeper.heard.filter((type) => type === "REGACK")).toHaveLength(1);
  });

  test("that does not come about changes nothing: a gateway whose port is taken leaves what is kept as it is", async () => {
    const path = folder();
    const { gateway: first, port } = await readyAt(path);
    const device = new UdpDevice({ host: "127.0.0.1", port }, "device", { cleanSession: false });
    await device.connect();
    await device.publish("from/device", "one", 1);
    await vi.waitFor(() => expect(logOf(path)).toMatch(/"state":"active".*from\/device/s), { timeout: 20_000 });
    first.child.kill("SIGKILL");
    await first.exit();

    const stranger = gatewayAt("memory:");
    const failing = gatewayAt(path, await stranger.listenerPort());
    expect(await failing.exit()).toBe(1);
    expect(eventsOf(failing, "gateway.failed")).toHaveLength(1);

    const second = gatewayAt(path, port);
    await second.line("gateway.ready");
    await device.publish("from/device", "two", 1);
    expect(device.heard).not.toContain("DISCONNECT");
  });

  test("with memory: leaves nothing, and makes no folder", async () => {
    const gateway = gatewayAt("memory:");
    await gateway.line("gateway.started");
    expect(eventsOf(gateway, "state.opened")).toEqual([]);
    await stop(gateway);
    expect(existsSync("memory:")).toBe(false);
  });
});

describe("the folder", () => {
  test("that another gateway uses is refused, with 1 and what to do; the first one goes on", async () => {
    const path = folder();
    const first = gatewayAt(path);
    await first.line("gateway.ready");
    const second = gatewayAt(path);
    expect(await second.exit()).toBe(1);
    const { msg } = await second.line("gateway.failed");
    expect(msg).toContain(`another gateway is using ${join(path, "sessions")}`);
    expect(msg).toContain("--state-path");
    const sensor = new Sensor(await first.listenerPort());
    sensor.connect("sensor");
    await sensor.message("CONNACK");
    await stop(first);
  });

  test.each(["that is new", "that is broken"])(
    "%s, and for which four gateways race: exactly one has it",
    async (kind) => {
      const path = folder();
      const isBroken = kind === "that is broken";
      if (isBroken) {
        mkdirSync(join(path, "sessions"));
        writeFileSync(join(path, "sessions", "MANIFEST-000001"), "garbage");
      }
      const racers = Array.from({ length: 4 }, () => gatewayAt(path));
      await Promise.all(racers.map((racer) => Promise.any([racer.line("gateway.ready"), racer.exit()])));
      const alive = racers.filter(({ child }) => child.exitCode === null);
      expect(alive).toHaveLength(1);
      for (const racer of racers.filter((each) => each !== alive[0])) {
        expect(await racer.exit()).toBe(1);
        expect((await racer.line("gateway.failed")).msg).toContain("another gateway");
      }
      expect(readdirSync(path).sort()).toEqual(isBroken ? ["sessions", "sessions.set-aside-1"] : ["sessions"]);
      await stop(alive[0]!);
    },
  );

  test("that holds a store that cannot be used is put aside, told, and the gateway starts", async () => {
    const path = folder();
    mkdirSync(join(path, "sessions"));
    writeFileSync(join(path, "sessions", "CURRENT"), "garbage");
    const gateway = gatewayAt(path);
    await gateway.line("gateway.ready");
    const line = await gateway.line("state.set-aside");
    expect(line).toMatchObject({ level: "warn", aside: join(path, "sessions.set-aside-1") });
    expect(line.msg).toMatch(/cannot be used: .*as they were.*connect again/);
    await stop(gateway);
  });

  test("that cannot be made is a failure of the start: 1, and what to do", async () => {
    const path = join(folder(), "file");
    writeFileSync(path, "");
    const gateway = gatewayAt(path);
    expect(await gateway.exit()).toBe(1);
    expect((await gateway.line("gateway.failed")).msg).toMatch(/a part of it is a file.*--state-path memory:/);
  });

  test("is the first one of $STATE_DIRECTORY under systemd", async () => {
    const path = folder();
    const places = ["--embedded-listen", "127.0.0.1:0", "-l", "udp://127.0.0.1:0"];
    const environment = { STATE_DIRECTORY: `${path}:/nowhere`, MQTTSN_BROKER_URL: "embedded:" };
    const gateway = new GatewayProcess(["run", ...places], environment, onTestFinished, [
      "env",
      "-u",
      "MQTTSN_STATE_PATH",
    ]);
    expect((await gateway.line("state.opened")).path).toBe(join(path, "sessions"));
    await gateway.line("gateway.ready");
    await stop(gateway);
  });
});

/** Files of 40 blocks of 512 octets, enough for an empty store: beyond that writing fails, as on a disk that is full. */
const SMALL_FILES = ["sh", "-c", 'ulimit -S -f 40 && exec "$@"', "sh"];

test("a disk that is full is told once; the gateway goes on, and saves when there is room again", async () => {
  const path = folder();
  const places = ["--embedded-listen", "127.0.0.1:0", "-l", "udp://127.0.0.1:0", "--state-path", path];
  const gateway = new GatewayProcess(["run", "--broker", "embedded:", ...places], {}, onTestFinished, SMALL_FILES);
  await gateway.line("gateway.ready");
  const port = await gateway.listenerPort();
  const device = new UdpDevice({ host: "127.0.0.1", port }, "device", { cleanSession: false });
  await device.connect();
  const name = (count: number) => `${"x".repeat(600)}/${count}`;
  for (let count = 0; count < 40; count += 1) await device.publish(name(count), "x", 1);
  await gateway.line("state.unsaved");
  await device.publish(name(0), "y", 1);

  execFileSync("prlimit", ["--pid", String(gateway.child.pid), "--fsize=unlimited:"]);
  await gateway.line("state.saved");
  expect(eventsOf(gateway, "state.unsaved")).toHaveLength(1);
  await device.sleep(300);
  await stop(gateway);
  const next = gatewayAt(path, port);
  expect((await next.line("state.opened")).sessions).toBe(1);
  await next.line("gateway.ready");
  await device.wake();
});

test("a folder that is removed under a gateway that runs is told once, and costs no service", async () => {
  const path = folder();
  const gateway = gatewayAt(path);
  await gateway.line("gateway.ready");
  const port = await gateway.listenerPort();
  const device = new UdpDevice({ host: "127.0.0.1", port }, "device", { cleanSession: false });
  await device.connect();
  rmSync(join(path, "sessions"), { recursive: true });
  await device.publish("from/device", "one", 1);
  const line = await gateway.line("state.unsaved");
  expect(line).toMatchObject({ level: "error", path: join(path, "sessions") });
  expect(line.msg).toMatch(/the folder was removed, or another one is in its place\. Put it back/);
  await device.publish("from/device", "two", 1);
  await stop(gateway);
  expect(eventsOf(gateway, "state.unsaved")).toHaveLength(1);
});

test("a log that is damaged is told and kept, and clients of which all can be read sleep on", async () => {
  const path = folder();
  const first = gatewayAt(path);
  await first.line("gateway.ready");
  const port = await first.listenerPort();
  const asleep = async (clientId: string) => {
    const device = new UdpDevice({ host: "127.0.0.1", port }, clientId, { cleanSession: false });
    await device.connect();
    await device.sleep(300);
    await vi.waitFor(
      () => expect(logOf(path)).toMatch(new RegExp(`"clientId":"${clientId}"[^}]*"state":"asleep"`)),
      BOUND,
    );
    return device;
  };
  const sound = await asleep("sound");
  await asleep("damaged");
  first.child.kill("SIGKILL");
  await first.exit();
  const [file] = readdirSync(join(path, "sessions")).filter((name) => name.endsWith(".log"));
  const log = readFileSync(join(path, "sessions", file!));
  log[log.indexOf('"clientId":"damaged"')]! ^= 1;
  writeFileSync(join(path, "sessions", file!), log);

  const second = gatewayAt(path, port);
  const line = await second.line("state.damaged");
  expect(line).toMatchObject({ level: "warn", aside: join(path, "sessions.set-aside-1") });
  expect(line.msg).toMatch(/octets of the last changes .*as it was.*connect again/);
  expect(readFileSync(join(path, "sessions.set-aside-1", file!))).toEqual(log);
  expect((await second.line("state.opened")).sessions).toBe(1);
  await second.line("gateway.ready");
  await sound.wake();
  await stop(second);
});

test("a disk that is full at the start is a failure of the start, and no reason to put aside what is there", async () => {
  const path = folder();
  const first = gatewayAt(path);
  await first.line("gateway.ready");
  const port = await first.listenerPort();
  const device = new UdpDevice({ host: "127.0.0.1", port }, "device", { cleanSession: false });
  await device.connect();
  // Octets that cannot be compressed.
  for (let count = 0; count < 40; count += 1) await device.publish(`${randomBytes(400).toString("hex")}`, "x", 1);
  await device.sleep(300);
  await vi.waitFor(() => expect(logOf(path)).toMatch(/"state":"asleep"/), { timeout: 20_000 });
  first.child.kill("SIGKILL");
  await first.exit();

  const places = ["--embedded-listen", "127.0.0.1:0", "-l", "udp://127.0.0.1:0", "--state-path", path];
  const failing = new GatewayProcess(["run", "--broker", "embedded:", ...places], {}, onTestFinished, SMALL_FILES);
  expect(await failing.exit()).toBe(1);
  expect((await failing.line("gateway.failed")).msg).toMatch(/the limit of file sizes is reached.*--state-path/);
  expect(readdirSync(path)).toEqual(["sessions"]);

  const second = gatewayAt(path, port);
  expect((await second.line("state.opened")).sessions).toBe(1);
  await second.line("gateway.ready");
  await device.wake();
});

describe("an error that nobody has caught ends the process with 1, told once with where it was, and what has changed is saved:", () => {
  const SIGNAL = 'process.on("SIGUSR2", () => ';
  const core = new URL("../../dist/gateway/gateway.js", import.meta.url).href;
  test.each([
    ["thrown by a callback", `${SIGNAL}{ throw new Error("planted"); });`],
    ["of a promise", `${SIGNAL}void Promise.reject(new Error("planted")));`],
    ["thrown as something else", `${SIGNAL}{ throw "planted"; });`],
    [
      "of the core, outside any session",
      `import { Gateway } from ${JSON.stringify(core)};
      ${SIGNAL}{ Gateway.prototype.handle = () => { throw new Error("planted"); }; });`,
    ],
  ])("%s; a client that went to sleep just before wakes up in the next process", async (_name, code) => {
    const path = folder();
    const fault = join(path, "fault.mjs");
    writeFileSync(fault, code);
    const places = ["--embedded-listen", "127.0.0.1:0", "-l", "udp://127.0.0.1:0", "--state-path", path];
    const environment = { NODE_OPTIONS: `--import=${fault}` };
    const gateway = new GatewayProcess(["run", "--broker", "embedded:", ...places], environment);
    await gateway.line("gateway.ready");
    const port = await gateway.listenerPort();
    const sleeper = new UdpDevice({ host: "127.0.0.1", port }, "sleeper", { cleanSession: false });
    await sleeper.connect();
    await vi.waitFor(() => expect(logOf(path)).toContain('"state":"active"'), { timeout: 20_000, interval: 5 });
    await sleeper.sleep(300);
    // Not saved yet, for between two writes there is a second.
    gateway.child.kill("SIGUSR2");
    const sensor = new Sensor(port);
    const knocking = setInterval(() => sensor.send({ type: "PINGREQ", clientId: null }), 50);
    onTestFinished(() => clearInterval(knocking));
    expect(await gateway.exit()).toBe(1);
    const failures = eventsOf(gateway, "gateway.failed");
    expect(failures).toHaveLength(1);
    expect(failures[0]!.msg).toMatch(/bug of ours.*planted/s);
    clearInterval(knocking);
    expect(logOf(path)).toContain('"state":"asleep"');

    const next = gatewayAt(path, port);
    expect((await next.line("state.opened")).sessions).toBe(1);
    await next.line("gateway.ready");
    await sleeper.wake();
  });
});

test("K3 a client that went on sending is not lost while the process was stopped", async () => {
  const gateway = gatewayAt("memory:");
  const port = await gateway.listenerPort();
  const sensors = ["first", "second"].map((clientId) => {
    const sensor = new Sensor(port);
    sensor.send({ type: "CONNECT", will: false, cleanSession: true, protocolId: 1, duration: 2, clientId });
    return sensor;
  });
  await Promise.all(sensors.map((sensor) => sensor.message("CONNACK")));
  const ping = () => {
    for (const sensor of sensors) sensor.send({ type: "PINGREQ", clientId: null });
  };
  const pinging = setInterval(ping, 500);
  onTestFinished(() => clearInterval(pinging));
  gateway.child.kill("SIGSTOP");
  // Twice what a client with this keep alive may be silent.
  const until = performance.now() + 6000;
  await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(until), { timeout: 20_000, interval: 50 });
  gateway.child.kill("SIGCONT");
  expect((await gateway.line("clock.stalled")).seconds).toBeGreaterThanOrEqual(5);
  const answers = sensors.map(({ received }) => received.length);
  await vi.waitFor(
    () => {
      for (const [index, { received }] of sensors.entries())
        expect(received.length).toBeGreaterThan(answers[index]! + 8);
    },
    { timeout: 20_000, interval: 50 },
  );
  expect(eventsOf(gateway, "client.lost")).toEqual([]);
  for (const { received } of sensors) expect(received.some(({ type }) => type === "DISCONNECT")).toBe(false);
  // One that is silent from then on is lost as ever.
  clearInterval(pinging);
  await gateway.line("client.lost");
  await stop(gateway);
});
