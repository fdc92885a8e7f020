import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type IConnectPacket, type IPublishPacket, parser } from "mqtt-packet";
import { expect, onTestFinished, test, vi } from "vitest";
import { GatewayProcess, stop } from "./gateway-process.ts";
import { Sensor } from "./sensor.ts";

/** A broker that takes everybody, and keeps what it is sent. */
class OpenBroker {
  readonly connects: IConnectPacket[] = [];
  readonly publishes: IPublishPacket[] = [];
  readonly #server = createServer((socket) => {
    const packets = parser();
    packets.on("packet", (packet) => {
      if (packet.cmd === "connect") {
        this.connects.push(packet);
        socket.write(Uint8Array.of(0x20, 2, 0, 0));
      } else if (packet.cmd === "publish") this.publishes.push(packet);
    });
    socket.on("data", (octets) => packets.parse(octets)).on("error", () => {});
  });

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void this.#server.close());
    return (this.#server.address() as AddressInfo).port;
  }

  /** User name and password of the connection with this id, `user:password`. */
  async shownBy(clientId: string): Promise<string> {
    return vi.waitFor(
      () => {
        const { username, password } = this.connects.findLast((connect) => connect.clientId === clientId)!;
        return `${username}:${password}`;
      },
      { timeout: 20_000, interval: 10 },
    );
  }
}

function filesIn(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
}

async function connect(port: number, clientId: string): Promise<Sensor> {
  const sensor = new Sensor(port);
  sensor.connect(clientId);
  await sensor.message("CONNACK");
  return sensor;
}

test("every client, and the gateway itself, shows its own credentials, and other ones after a reload", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const broker = new OpenBroker();
  filesIn(folder, {
    "gateway.yaml": `
listen: udp://127.0.0.1:0
broker: { url: "mqtt://all:hush@127.0.0.1:${await broker.listen()}", own_client_id: gateway }
clients:
  credentials:
    - { client: gateway, username: own, password: hush-own }
    - { client: "sensor-*", username: "s-\${clientId}", password_file: sensors }
  credentials_file: credentials.yaml
topics: { predefined_file: topics.conf }
bridge: { enabled: false }
`,
    sensors: `hush-\${clientId}\n`,
    "credentials.yaml": "- { client: boiler, username: heating, password: hush-boiler }\n",
    "topics.conf": `*,plant/\${clientId}/state,7\nboiler,plant/heating,8\n`,
  });
  const gateway = new GatewayProcess(["-c", join(folder, "gateway.yaml")]);
  const port = await gateway.listenerPort();
  expect(await broker.shownBy("gateway")).toBe("own:hush-own");
  const boiler = await connect(port, "boiler");
  expect(await broker.shownBy("boiler")).toBe("heating:hush-boiler");
  await connect(port, "sensor-1");
  expect(await broker.shownBy("sensor-1")).toBe("s-sensor-1:hush-sensor-1");
  await connect(port, "pump");
  expect(await broker.shownBy("pump")).toBe("all:hush");

  const publish = { type: "PUBLISH", dup: false, qos: 0, retain: false, topicIdType: "predefined", msgId: 0 } as const;
  for (const topicId of [7, 8]) boiler.send({ ...publish, topicId, data: Uint8Array.of(0x21) });
  await vi.waitFor(
    () => expect(broker.publishes.map(({ topic }) => topic)).toEqual(["plant/boiler/state", "plant/heating"]),
    { timeout: 20_000, interval: 10 },
  );

  filesIn(folder, { "credentials.yaml": "- { client: pump, username: pumps, password: hush-pump }\n" });
  gateway.child.kill("SIGHUP");
  expect((await gateway.line("reload.done")).changed).toBe("clients.credentials_file");
  await connect(port, "pump");
  await vi.waitFor(async () => expect(await broker.shownBy("pump")).toBe("pumps:hush-pump"), { timeout: 20_000 });
  await stop(gateway);
  expect(gateway.stdout + gateway.stderr).not.toContain("hush");
});

test("with a key of Azure IoT Hub every client shows a token of its own", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-sn-gateway-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  filesIn(folder, { key: "dGhlIGtleSBvZiBhIGRldmljZSwgMzIgb2N0ZXRzISE=\n" });
  const broker = new OpenBroker();
  const gateway = new GatewayProcess([
    ...["-b", `mqtt://127.0.0.1:${await broker.listen()}`, "-l", "udp://127.0.0.1:0"],
    ...["--broker-username", `hub/\${clientId}/?api-version=2021-04-12`, "--broker-own-client-id", "gateway"],
    ...["--broker-sas-key-file", join(folder, "key"), "--broker-sas-policy", "device"],
  ]);
  const port = await gateway.listenerPort();
  await connect(port, "boiler");
  for (const id of ["boiler", "gateway"]) {
    const token = `SharedAccessSignature sr=127\\.0\\.0\\.1%2Fdevices%2F${id}&sig=[^&]+&se=(\\d+)&skn=device`;
    expect(await broker.shownBy(id)).toMatch(new RegExp(`^hub/${id}/\\?api-version=2021-04-12:${token}$`));
  }
  await stop(gateway);
  expect(gateway.stdout + gateway.stderr).not.toMatch(/SharedAccess|dGhlIGtle/);
});
