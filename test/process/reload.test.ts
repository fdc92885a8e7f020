import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { MqttPeer } from "../interop/mqtt-peer.ts";
import { stop } from "./gateway-process.ts";
import { ReloadSite } from "./reload-site.ts";
import { Sensor } from "./sensor.ts";
import { SmallBroker } from "./small-broker.ts";

const EMBEDDED = "broker: { url: 'embedded:' }\n";

const BOUND = { timeout: 20_000, interval: 5 };

const embedded = (yaml = "") => ReloadSite.start(`${EMBEDDED}${yaml}`);

const peerAt = async ({ gateway }: ReloadSite) =>
  MqttPeer.at({ url: `mqtt://127.0.0.1:${await gateway.brokerPort()}` });

const message = (topic: string, data: string, qos: 0 | 1 | 2 = 1) => ({ topic, data, qos, retain: false });

describe("SIGHUP", () => {
  test("P6 a predefined topic that is new in the file can be used, and a device that is connected notices nothing", async () => {
    const site = await embedded();
    const peer = await peerAt(site);
    await peer.subscribe("#");
    const device = site.device("device");
    await device.connect();
    await device.subscribe("to/device");
    const predefined = { topicIdType: "predefined", topicId: 7 } as const;
    expect((await device.tryPublish(predefined, "early", 1)).result).not.toBe("accepted");
    expect(await site.reload(`${EMBEDDED}topics: { predefined: [{ id: 7, topic: seven }] }\n`)).toMatchObject({
      event: "reload.done",
      level: "info",
      changed: "topics.predefined",
    });
    await device.publish(predefined, "now", 1);
    await peer.publish("to/device", "hello", 1);
    await device.receives(message("to/device", "hello"));
    await peer.receives(message("seven", "now"), message("to/device", "hello"));
    expect(device.heard).not.toContain("DISCONNECT");
    expect(site.events).not.toContain("link.closed");
    await stop(site.gateway);
  });

  test("clients.deny: a client that is denied is refused from now on, and one that is connected stays until it connects anew", async () => {
    const site = await embedded();
    const [old, other] = [site.device("sensor-1"), site.device("sensor-2")];
    await old.connect();
    expect(await site.reload(`${EMBEDDED}clients: { deny: sensor-* }\n`)).toMatchObject({ changed: "clients.deny" });
    await old.publish("a", "still here", 1);
    expect(await other.isRefused()).toBe(3);
    await old.disconnect();
    expect(await old.isRefused()).toBe(3);
    expect(site.events).not.toContain("reload.rules-gone");
    await site.reload(EMBEDDED);
    expect(await site.gateway.line("reload.rules-gone")).toMatchObject({ level: "warn", key: "clients.deny" });
    await other.connect();
  });

  test("a file that has become empty changes nothing: somebody may be about to write it", async () => {
    const denies = `${EMBEDDED}clients: { deny: sensor-* }\n`;
    const site = await embedded("clients: { deny: sensor-* }\n");
    expect(await site.reload("")).toMatchObject({ event: "reload.failed" });
    expect(await site.device("sensor-1").isRefused()).toBe(3);
    expect(await site.reload(denies)).toMatchObject({ event: "reload.done", changed: "" });
  });

  test("clients.deny: of a network that is denied no new client comes in, and one that is connected stays", async () => {
    const site = await embedded();
    const old = site.device("old");
    await old.connect();
    await site.reload(`${EMBEDDED}clients: { deny: 127.0.0.0/8 }\n`);
    await old.publish("a", "still here", 1);
    const sensor = new Sensor(site.port);
    sensor.connect("new");
    await site.gateway.line("source.refused");
    expect(sensor.received).toEqual([]);
    await old.publish("a", "and here", 1);
    await site.reload(EMBEDDED);
    sensor.connect("new");
    await sensor.message("CONNACK");
  });

  test("log.level, both ways", async () => {
    const site = await embedded();
    // What is told of it is told although it is not to be told from now on, and although it was not to be told before.
    expect(await site.reload(`${EMBEDDED}log: { level: error }\n`)).toMatchObject({ changed: "log.level" });
    const device = site.device("device");
    await device.connect();
    expect(site.events).not.toContain("client.connected");
    expect(await site.reload(`${EMBEDDED}log: { level: trace }\n`)).toMatchObject({ changed: "log.level" });
    await device.publish("a", "seen", 1);
    await site.gateway.line("message.in");
    await site.reload(`${EMBEDDED}log: { level: error }\n`);
    const count = site.gateway.lines.length;
    await device.publish("a", "not seen", 1);
    await device.disconnect();
    expect(site.gateway.lines).toHaveLength(count);
  });

  test("what needs a restart is named, and the rest holds", async () => {
    const site = await embedded("clients: { max: 1 }\n");
    const changed =
      "clients: { max: 2 }\ngateway: { id: 9 }\nstate: { path: /nowhere/at/all }\ntopics: { mountpoint: x/ }\n";
    expect(await site.reload(`${EMBEDDED}${changed}`)).toMatchObject({ changed: "clients.max" });
    const line = await site.gateway.line("reload.restart-needed");
    // The tests' own environment says where the state is.
    expect(line).toMatchObject({ level: "warn", keys: "gateway.id topics.mountpoint" });
    const peer = await peerAt(site);
    await peer.subscribe("#");
    await site.device("one").connect();
    const two = site.device("two");
    await two.connect();
    await two.publish("a", "no mountpoint yet", 1);
    await peer.receives(message("a", "no mountpoint yet"));
  });

  test("says so when nothing has changed", async () => {
    const site = await embedded("clients: { max: 5 }\n");
    const line = await site.reload(`${EMBEDDED}clients:\n  # five\n  max: 5\n`);
    expect(line).toMatchObject({ event: "reload.done", changed: "" });
    expect(line.msg).toContain("nothing has changed");
    expect(site.events).not.toContain("reload.restart-needed");
  });

  test("a file that is wrong changes nothing, and what is wrong is told with its place and the remedy, but no secret", async () => {
    const broker = await SmallBroker.start();
    const yaml = (rest: string) => `broker:\n  url: ${broker.url}\n  username: u\n  password: first secret\n${rest}`;
    const site = await ReloadSite.start(yaml(""));
    const device = site.device("device");
    await device.connect();
    const wrong = "clients:\n  max: many\n  denied: x\nlog: { level: trace }\n";
    const line = await site.reload(yaml(wrong).replace("first", "second"));
    expect(line).toMatchObject({ event: "reload.failed", level: "error" });
    const file = join(site.folder, "gateway.yaml");
    for (const text of [String(line.problems), String(line.msg)]) {
      expect(text).toContain(`${file}:6:8: clients.max: "many" is not a whole number`);
      expect(text).toContain(`${file}:7:3: clients.denied: there is no such option`);
    }
    await device.publish("a", "as before", 1);
    const other = site.device("other");
    await other.connect();
    expect(broker.connects.at(-1)!.password!.toString()).toBe("first secret");
    expect(site.events).not.toContain("message.in");
    expect(await site.reload(yaml("log: { level: debug }\n"))).toMatchObject({ changed: "log.level" });
    expect(site.gateway.stdout + site.gateway.stderr).not.toMatch(/secret/);
  });

  test("a pipe in the place of a file changes nothing, and keeps nobody waiting", async () => {
    const site = await embedded();
    const file = join(site.folder, "gateway.yaml");
    rmSync(file);
    execFileSync("mkfifo", [file]);
    expect(await site.reloadFiles()).toMatchObject({
      event: "reload.failed",
      problems: expect.stringContaining("it is a pipe or a device"),
    });
    await site.device("device").connect();
  });

  test("a file that is gone changes nothing", async () => {
    const site = await embedded();
    rmSync(join(site.folder, "gateway.yaml"));
    expect(String((await site.reloadFiles()).problems)).toContain("there is no such file");
    await site.device("device").connect();
  });

  test("flags go before the file, as at the start", async () => {
    const site = await ReloadSite.start(EMBEDDED, {}, "--clients-max", "3");
    expect(await site.reload(`${EMBEDDED}clients: { max: 1 }\n`)).toMatchObject({ changed: "" });
  });
});

describe("SIGHUP, and connections to the broker", () => {
  test("those that there are stay, and new ones have the credentials of now, from the file of the password too", async () => {
    const broker = await SmallBroker.start();
    const passwords = () => broker.connects.map(({ password }) => password?.toString());
    const yaml = (file: string) =>
      `broker: { url: ${broker.url}, username: "u-\${clientId}", password_file: ${file} }\n`;
    const site = ReloadSite.begin("", { secret: "one\n" });
    site.gateway.child.kill("SIGKILL");
    const file = join(site.folder, "secret");
    const real = await ReloadSite.start(yaml(file));
    const first = real.device("first");
    await first.connect();
    site.write("secret", "two\n");
    expect(await real.reloadFiles()).toMatchObject({ changed: "broker.password_file" });
    await real.device("second").connect();
    // The gateway's own connection, that of the first client, that of the second one.
    expect(passwords()).toEqual(["one", "one", "two"]);
    await first.publish("a", "still here", 1);
    expect(broker.connectionCount).toBe(3);
    // It has the new ones where it is made anew.
    broker.dropAll();
    await vi.waitFor(() => expect(passwords().slice(3).sort()).toEqual(["two", "two", "two"]), BOUND);
    await first.publish("a", "and again", 1);
    expect(first.heard).not.toContain("DISCONNECT");
    expect(real.gateway.stdout).not.toMatch(/"(one|two)"/);
  });

  test("clients.credentials", async () => {
    const broker = await SmallBroker.start();
    const url = `broker: { url: ${broker.url} }\n`;
    const site = await ReloadSite.start(url);
    const entry = '{ client: "a*", username: ada, password: of ada }';
    expect(await site.reload(`${url}clients: { credentials: [${entry}] }\n`)).toMatchObject({
      changed: "clients.credentials",
    });
    await site.device("abc").connect();
    expect(broker.connects.at(-1)).toMatchObject({ clientId: "abc", username: "ada" });
    expect(site.gateway.stdout).not.toContain("of ada");
  });

  test("what is said of another broker waits until the restart that goes there", async () => {
    const broker = await SmallBroker.start();
    const site = await ReloadSite.start(`broker: { url: ${broker.url} }\n`);
    await site.reload("broker: { url: mqtt://127.0.0.1:1, username: there }\n");
    expect(await site.gateway.line("reload.restart-needed")).toMatchObject({ keys: "broker.url broker.username" });
    await site.device("device").connect();
    expect(broker.connects.at(-1)!.username).toBeUndefined();
  });
});

describe("SIGHUP at any time", () => {
  test("a hundred times in the middle of traffic: nothing is lost, nothing comes twice, nobody is disconnected", async () => {
    const site = await embedded();
    const peer = await peerAt(site);
    await peer.subscribe("up");
    const device = site.device("device");
    await device.connect();
    await device.subscribe("down");
    const texts = Array.from({ length: 300 }, (_, number) => String(number));
    let over = false;
    const reloads = async () => {
      for (let count = 0; count < 100; count += 1) {
        const limits = `clients: { max_queued: ${1 + (count % 7)}, max_topics: ${2 + (count % 3)} }\n`;
        const topics = `topics: { predefined: [{ id: 7, topic: t${count} }] }\n`;
        await site.reload(`${EMBEDDED}${count % 10 === 9 ? "wrong: true\n" : ""}${limits}${topics}`);
      }
      over = true;
    };
    const up = async () => {
      for (const text of texts) await device.publish("up", text, 2);
    };
    const down = async () => {
      for (const text of texts) await peer.publish("down", text, 2);
    };
    await Promise.all([reloads(), up(), down()]);
    expect(over).toBe(true);
    await peer.receives(...texts.map((text) => message("up", text, 2)));
    await device.receives(...texts.map((text) => message("down", text, 2)));
    expect(device.heard).not.toContain("DISCONNECT");
    expect(site.outcomes).toHaveLength(100);
    await stop(site.gateway);
  });

  test("many at once are some, one after the other, and the last file holds", async () => {
    const site = await embedded();
    for (let count = 1; count <= 20; count += 1) {
      site.write("gateway.yaml", `${EMBEDDED}clients: { max: ${count} }\n`);
      site.gateway.child.kill("SIGHUP");
    }
    await vi.waitFor(async () => {
      expect(await site.reloadFiles()).toMatchObject({ changed: "" });
    }, BOUND);
    await site.reload(`${EMBEDDED}clients: { max: 20 }\n`);
    expect(site.outcomes.at(-1)).toMatchObject({ changed: "" });
  });

  test("while it starts: it is done when the gateway is there", async () => {
    const site = ReloadSite.begin(EMBEDDED);
    await site.gateway.line("embedded.started");
    site.gateway.child.kill("SIGHUP");
    await site.gateway.line("gateway.ready");
    await site.gateway.line("reload.done");
  });

  test("while it stops: it is nothing", async () => {
    const site = await embedded();
    site.gateway.child.kill("SIGTERM");
    await site.gateway.line("gateway.stopping");
    site.gateway.child.kill("SIGHUP");
    expect(await site.gateway.exit()).toBe(0);
    expect(site.outcomes).toEqual([]);
  });
});
