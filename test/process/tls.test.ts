import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { certificate, certificateFile } from "../certificates/certificate.ts";
import { Mosquitto, type MosquittoOptions } from "../interop/mosquitto.ts";
import { nowhere } from "./broker-double.ts";
import { stop } from "./gateway-process.ts";
import { ReloadSite } from "./reload-site.ts";
import { Sensor } from "./sensor.ts";

const mosquittoTest = test.skipIf(!Mosquitto.isInstalled);

/** A Mosquitto that lets in who has a certificate of the authority, by the name in it. */
function secureMosquitto(cert = "broker.pem", options: MosquittoOptions = {}): Promise<Mosquitto> {
  return Mosquitto.start(onTestFinished, {
    tls: { ca: certificateFile("ca.pem"), cert: certificateFile(cert), key: certificateFile("broker.key") },
    settings: ["use_subject_as_username true"],
    ...options,
  });
}

/** A Mosquitto that asks for no certificate. */
function openMosquitto(cert = "broker.pem", ...settings: string[]): Promise<Mosquitto> {
  return secureMosquitto(cert, { settings: ["require_certificate false", ...settings] });
}

const FILES = {
  "ca.pem": certificate("ca.pem"),
  "client.pem": certificate("client.pem"),
  "client.key": certificate("client.key"),
};

const CA = "  ca: ca.pem\n";
const OWN = "  ca: ca.pem\n  cert: client.pem\n  key: client.key\n";

/** The configuration for this broker, with these lines of its section. */
const yaml = (url: string, lines = OWN) =>
  `broker:\n  url: ${url}\n  reconnect_min: 50ms\n  reconnect_max: 100ms\n${lines}`;

/** The names by which Mosquitto has let a client in. */
function namesOf(mosquitto: Mosquitto, clientId: string): string[] {
  const pattern = new RegExp(`New client connected from \\S+ as ${clientId} \\(.*u'CN=([^']*)'`, "g");
  return [...mosquitto.log.matchAll(pattern)].map(([, name]) => name!);
}

/** Has a process believe that it is 2020, until the first SIGHUP. */
const IN_2020 = `
  const now = Date.now;
  const ahead = now() - Date.parse("2020-06-01");
  Date.now = () => now() - ahead;
  process.once("SIGHUP", () => { Date.now = now; });
`;

describe("the gateway with Mosquitto over TLS", () => {
  mosquittoTest(
    "is let in by its certificate, and so is each client, all of them over sessions of TLS that go on",
    async () => {
      const mosquitto = await secureMosquitto();
      const site = await ReloadSite.start(yaml(mosquitto.url.replace("127.0.0.1", "localhost")), FILES);
      const receiver = site.device("receiver");
      await receiver.connect();
      await receiver.subscribe("a/+", 2);
      const names = ["one", "two", "three"];
      for (const name of names) {
        const device = site.device(name);
        await device.connect();
        await device.publish("a/b", name, 2);
        expect(namesOf(mosquitto, name)).toEqual(["gateway"]);
      }
      await receiver.receives(...names.map((data) => ({ topic: "a/b", data, qos: 2 as const, retain: false })));
      await stop(site.gateway);
    },
  );

  mosquittoTest("with an encrypted key, at an address that the certificate is for", async () => {
    const mosquitto = await secureMosquitto();
    const lines = "  ca: ca.pem\n  cert: client.pem\n  key: client.key\n  key_passphrase_file: passphrase\n";
    const files = { ...FILES, "client.key": certificate("client-encrypted.key"), passphrase: "geheim\n" };
    const site = await ReloadSite.start(yaml(mosquitto.url, lines), files);
    expect((await site.gateway.line("broker.reachable")).url).toBe(mosquitto.url);
    expect(site.gateway.stdout + site.gateway.stderr).not.toContain("geheim");
  });

  mosquittoTest("SIGHUP: new connections have the new certificate, and those that are there stay", async () => {
    const mosquitto = await secureMosquitto();
    const site = await ReloadSite.start(yaml(mosquitto.url), FILES);
    const before = site.device("before");
    await before.connect();
    site.write("client.pem", certificate("client-new.pem"));
    expect(await site.reloadFiles()).toMatchObject({ event: "reload.done", changed: "broker.cert" });
    const after = site.device("after");
    await after.connect();
    await before.publish("a", "still here", 1);
    expect([namesOf(mosquitto, "before"), namesOf(mosquitto, "after")]).toEqual([["gateway"], ["new-gateway"]]);
    expect(site.events).not.toContain("link.closed");
    expect(await site.reloadFiles()).toMatchObject({ event: "reload.done", changed: "" });
  });

  mosquittoTest.each([
    ["is no certificate", "client.pem", "hello", "broker.cert: ", "has no certificate in it"],
    ["has expired", "client.pem", certificate("client-expired.pem"), "broker.cert: ", "expired on 2021-01-01"],
    [
      "is not that of the certificate",
      "client.key",
      certificate("broker.key"),
      "broker.cert: ",
      "is not the certificate of",
    ],
  ])(
    "SIGHUP: a file that %s changes nothing, and is told by line and option",
    async (_what, file, text, key, problem) => {
      const mosquitto = await secureMosquitto();
      const site = await ReloadSite.start(yaml(mosquitto.url), FILES);
      site.write(file, text);
      const { event, problems } = await site.reloadFiles();
      expect(event).toBe("reload.failed");
      expect(problems).toMatch(/gateway\.yaml:6:9: /);
      expect(problems).toContain(key);
      expect(problems).toContain(problem);
      await site.device("after").connect();
      expect(namesOf(mosquitto, "after")).toEqual(["gateway"]);
    },
  );

  mosquittoTest(
    "SIGHUP: a certificate that has expired since the start is warned of, and who is denied by now is denied",
    async () => {
      const mosquitto = await openMosquitto();
      const files = { ...FILES, "client.pem": certificate("client-expired.pem") };
      const config = yaml(mosquitto.url);
      vi.stubEnv("NODE_OPTIONS", `--import=data:text/javascript,${encodeURIComponent(IN_2020)}`);
      onTestFinished(() => void vi.unstubAllEnvs());
      const site = ReloadSite.begin(config, files);
      await site.gateway.line("gateway.started");
      expect(site.events).not.toContain("tls.certificate");
      const denies = `${config}clients: { deny: thief }\n`;
      expect(await site.reload(denies)).toMatchObject({ event: "reload.done", changed: "clients.deny" });
      expect((await site.gateway.line("tls.certificate")).msg).toMatch(/client\.pem" expired on 2021-01-01/);
      site.write("client.pem", `${certificate("client-expired.pem")}\n`);
      expect(await site.reload(config)).toMatchObject({ event: "reload.failed" });
    },
  );

  mosquittoTest(
    "tells of a certificate that is not valid yet, and starts: the clock may not have been set",
    async () => {
      const mosquitto = await openMosquitto();
      const files = { ...FILES, "client.pem": certificate("client-future.pem") };
      const site = ReloadSite.begin(yaml(mosquitto.url), files);
      const { level, msg } = await site.gateway.line("tls.certificate");
      expect({ level, msg }).toEqual({
        level: "warn",
        msg: expect.stringMatching(
          /^broker\.cert: the certificate in ".*client\.pem" is not valid before 2120-01-01; is the clock/,
        ),
      });
      await site.gateway.line("gateway.started");
    },
  );
});

describe("a broker over TLS that cannot be spoken to is told of in the log, with the remedy:", () => {
  /** The line that says so. */
  async function unreachable(url: string, lines: string, files: Readonly<Record<string, string>> = FILES) {
    const site = ReloadSite.begin(yaml(url, lines), files);
    const { level, reason, msg } = await site.gateway.line("broker.unreachable");
    expect(level).toBe("warn");
    expect(msg).toContain(reason);
    expect(msg).not.toContain("Start a broker");
    await stop(site.gateway);
    return String(reason);
  }

  mosquittoTest.each<[string, string, string, string]>([
    [
      "its certificate has expired",
      "broker-expired.pem",
      CA,
      "the broker's certificate (broker) expired on 2021-01-01 (",
    ],
    [
      "it is for another host",
      "broker-elsewhere.pem",
      CA,
      "the broker's certificate is for elsewhere.test, and not for 127.0.0.1; if it is the right broker, write one of these in broker.url, or as broker.server_name",
    ],
    [
      "it is of an unknown authority",
      "broker.pem",
      "",
      'the broker\'s certificate (broker) is from an authority, "Test authority", that Node does not know; set broker.ca to the file with',
    ],
    [
      "it is of another authority",
      "broker-foreign.pem",
      CA,
      'is from an authority, "Other authority", that is not in broker.ca; add the certificate of that authority to',
    ],
    [
      "it is signed by itself",
      "broker-alone.pem",
      CA,
      "is signed by itself and not in broker.ca; if it is the right one, set broker.ca",
    ],
  ])("%s", async (_what, cert, lines, reason) => {
    expect(await unreachable((await openMosquitto(cert)).url, lines)).toContain(reason);
  });

  mosquittoTest("that of another host is taken by its name", async () => {
    const mosquitto = await openMosquitto("broker-elsewhere.pem");
    await ReloadSite.start(yaml(mosquitto.url, `${CA}  server_name: elsewhere.test\n`), FILES);
  });

  for (const version of ["tlsv1.2", "tlsv1.3"]) {
    mosquittoTest(`it wants a certificate of the gateway, with ${version}`, async () => {
      const mosquitto = await secureMosquitto("broker.pem", { settings: [`tls_version ${version}`] });
      expect(await unreachable(mosquitto.url, CA)).toBe(
        "the broker wants a certificate of the gateway; set broker.cert and broker.key",
      );
    });

    mosquittoTest.each(["client-foreign.pem", "client-future.pem"])(
      `it does not take %s, with ${version}`,
      async (cert) => {
        const mosquitto = await secureMosquitto("broker.pem", { settings: [`tls_version ${version}`] });
        expect(await unreachable(mosquitto.url, OWN, { ...FILES, "client.pem": certificate(cert) })).toBe(
          "the broker does not take the certificate in broker.cert: is it for clients, and from an authority that the broker knows?",
        );
      },
    );
  }

  mosquittoTest("it does not speak TLS at this port", async () => {
    const mosquitto = await Mosquitto.start(onTestFinished);
    const reason = await unreachable(mosquitto.url.replace("mqtt:", "mqtts:"), "");
    expect(reason).toMatch(/does not speak TLS|closed the connection in the TLS handshake/);
  });

  mosquittoTest("it speaks only TLS at this port", async () => {
    const mosquitto = await openMosquitto();
    const site = ReloadSite.begin(yaml(mosquitto.url.replace("mqtts:", "mqtt:"), ""));
    const { msg } = await site.gateway.line("broker.unreachable");
    expect(msg).toMatch(/closed the connection|ECONNRESET/);
    expect(msg).toMatch(/does it speak bare MQTT at this port, not TLS \(mqtts:\/\/\)\?$/);
  });

  test("nobody is there", async () => {
    const site = ReloadSite.begin(yaml((await nowhere()).replace("mqtt:", "mqtts:"), ""));
    const { msg } = await site.gateway.line("broker.unreachable");
    expect(msg).toMatch(/ECONNREFUSED.*Start a broker there/);
  });
});

describe("a WebSocket server that is no broker is told of in the log, with the remedy", () => {
  test("and neither the credentials nor the query of the URL", async () => {
    const server = createServer((_request, response) => response.writeHead(404).end()).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const url = `ws://gateway:geheim@127.0.0.1:${port}/mqtt?token=geheim`;
    const site = ReloadSite.begin(yaml(url, ""));
    expect(await site.gateway.line("broker.unreachable")).toMatchObject({
      url: `ws://127.0.0.1:${port}/mqtt`,
      reason:
        'the server answered 404 "Not Found" instead of opening a WebSocket: there is no MQTT at the path /mqtt; most brokers have it at /mqtt, some at / or /ws',
    });
    await site.gateway.line("gateway.started");
    await stop(site.gateway);
    expect(site.gateway.stdout + site.gateway.stderr).not.toContain("geheim");
  });
});

describe("a file of TLS that is wrong", () => {
  test("ends the gateway at its start with 78, the line and the remedy", async () => {
    const files = { ...FILES, "client.pem": certificate("client-expired.pem") };
    const { gateway, folder } = ReloadSite.begin(yaml("mqtts://localhost"), files);
    expect(await gateway.exit()).toBe(78);
    expect(gateway.stderr.replaceAll(`${folder}/`, "")).toBe(
      'gateway.yaml:6:9: broker.cert: "client.pem" expired on 2021-01-01; the broker would refuse it: replace the file\n',
    );
  });

  test("and options of TLS with a broker that is reached without it, too", async () => {
    const { gateway } = ReloadSite.begin(yaml("mqtt://localhost", "  ca: ca.pem\n"), FILES);
    expect(await gateway.exit()).toBe(78);
    expect(gateway.stderr).toContain(
      "gateway.yaml:5:7: broker.ca: is for TLS, and broker.url is mqtt://localhost:1883: write mqtts://localhost:8883, or leave it out",
    );
  });
});

describe("a thousand clients over TLS", () => {
  mosquittoTest("are connected in seconds", async () => {
    const mosquitto = await openMosquitto("broker.pem", "log_type error");
    const site = await ReloadSite.start(yaml(mosquitto.url, CA), FILES);
    const sensors = Array.from({ length: 1000 }, () => new Sensor(site.port));
    for (const [index, sensor] of sensors.entries()) sensor.connect(`sensor-${index}`);
    const accepted = () => sensors.filter(({ received }) => received[0]?.type === "CONNACK").length;
    await expect.poll(accepted, { timeout: 20_000, interval: 50 }).toBe(1000);
  });
});
