import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseBrokerUrl, type TcpBroker } from "../../src/mqtt/broker-url.ts";
import type { TlsSettings } from "../../src/mqtt/tls-settings.ts";
import { certificate } from "../certificates/certificate.ts";
import { itIsALinkOver, opener } from "./carried-links.ts";
import { leadTo } from "./lead-to.ts";
import { openLink } from "./link-double.ts";
import { CONNACK } from "./link-pair.ts";
import { testServer } from "./test-server.ts";
import { tlsSettings } from "./tls-settings.ts";

describe("a link over TLS", () => {
  itIsALinkOver("mqtts");

  /** A broker that accepts everybody. */
  const accepting = (options: Parameters<typeof testServer>[2] = {}) =>
    testServer(
      "mqtts",
      (stream) => void stream.on("error", () => {}).once("data", () => stream.write(CONNACK)),
      options,
    );

  it("asks for the broker by its name, and for none where the URL has an address", async () => {
    const { port, handshakes } = await accepting();
    leadTo("127.0.0.1");
    for (const host of ["broker.test", "broker.test.", "127.0.0.1"]) {
      const { link, types } = openLink(opener(`mqtts://${host}:${port}`));
      await expect.poll(types).toEqual(["link-opened"]);
      link.close(false);
    }
    expect(handshakes.map(({ serverName }) => serverName)).toEqual(["broker.test", "broker.test", false]);
  });

  it("asks for the name that it was told, and verifies the certificate by it", async () => {
    const { port, handshakes } = await accepting();
    const { types } = openLink(opener(`mqtts://127.0.0.1:${port}`, tlsSettings({ serverName: "broker.test" })));
    await expect.poll(types).toEqual(["link-opened"]);
    expect(handshakes).toMatchObject([{ serverName: "broker.test" }]);
  });

  it("offers the protocols that it was told", async () => {
    const { url, handshakes } = await accepting({ ALPNProtocols: ["mqtt"] });
    const { types } = openLink(opener(url, tlsSettings({ alpn: ["x-other", "mqtt"] })));
    await expect.poll(types).toEqual(["link-opened"]);
    expect(handshakes).toMatchObject([{ protocol: "mqtt" }]);
  });

  it("shows its certificate", async () => {
    const { url, handshakes } = await accepting({ requestCert: true, ca: certificate("ca.pem") });
    const { types } = openLink(opener(url, tlsSettings({ cert: "client.pem" })));
    await expect.poll(types).toEqual(["link-opened"]);
    expect(handshakes).toMatchObject([{ clientName: "gateway" }]);
  });

  it("takes any certificate where it was told so", async () => {
    const { url } = await accepting({ cert: certificate("broker-foreign.pem") });
    const { types } = openLink(opener(url, tlsSettings({ rejectUnauthorized: false })));
    await expect.poll(types).toEqual(["link-opened"]);
  });

  it("sends nothing to a broker whose certificate is not right", async () => {
    const seen: Buffer[] = [];
    const onStream = (stream: NodeJS.ReadableStream) =>
      void stream.on("error", () => {}).on("data", (octets: Buffer) => seen.push(octets));
    const { url, sockets } = await testServer("mqtts", onStream, { cert: certificate("broker-expired.pem") });
    const { types } = openLink(opener(url), { username: "gateway", password: "geheim" });
    await expect.poll(types).toEqual(["link-closed"]);
    await expect.poll(() => sockets.every((socket) => socket.destroyed)).toBe(true);
    expect(seen).toEqual([]);
  });

  describe("goes on with the session of the one before it", () => {
    /** Of a connection for each of these settings, one after the other. */
    async function handshakesOf(tls: TlsSettings[], options: Parameters<typeof testServer>[2] = {}) {
      const { url, handshakes } = await accepting(options);
      for (const settings of tls) {
        const { link, types } = openLink(opener(url, settings));
        await expect.poll(types).toEqual(["link-opened"]);
        link.close(true);
        await expect.poll(types).toEqual(["link-opened", "link-closed"]);
      }
      return handshakes;
    }

    it.each(["TLSv1.2", "TLSv1.3"] as const)("with %s", async (version) => {
      const settings = tlsSettings();
      const versions = { minVersion: version, maxVersion: version };
      const handshakes = await handshakesOf([settings, settings, settings], versions);
      expect(handshakes.map(({ isReused }) => isReused)).toEqual([false, true, true]);
    });

    it("and begins anew with other certificates", async () => {
      const [before, after] = [tlsSettings(), tlsSettings()];
      const handshakes = await handshakesOf([before, before, after, after]);
      expect(handshakes.map(({ isReused }) => isReused)).toEqual([false, true, false, true]);
    });

    it("and is still known by its certificate", async () => {
      const settings = tlsSettings({ cert: "client.pem" });
      const handshakes = await handshakesOf([settings, settings], { requestCert: true, ca: certificate("ca.pem") });
      expect(handshakes).toMatchObject([
        { isReused: false, clientName: "gateway" },
        { isReused: true, clientName: "gateway" },
      ]);
    });

    it("but not where the broker cannot: the next one is made without", async () => {
      const settings = tlsSettings();
      const first = await accepting();
      const opened = openLink(opener(first.url, settings));
      await expect.poll(opened.types).toEqual(["link-opened"]);
      opened.link.close(false);
      // Nobody who speaks TLS is at this port any more.
      const server = createServer((socket) => socket.on("error", () => {}).end("no")).listen(0, "127.0.0.1");
      onTestFinished(() => void server.close());
      await expect.poll(() => server.listening).toBe(true);
      const { port } = server.address() as { port: number };
      const failing = openLink(opener(`mqtts://localhost:${port}`, settings));
      await expect.poll(failing.types).toEqual(["link-closed"]);
      const again = openLink(opener(first.url, settings));
      await expect.poll(again.types).toEqual(["link-opened"]);
      expect(first.handshakes.map(({ isReused }) => isReused)).toEqual([false, false]);
    });
  });

  it("needs to be told how", () => {
    const broker = parseBrokerUrl("mqtts://localhost") as TcpBroker;
    expect(() => broker.openStream()).toThrow("over TLS");
  });
});
