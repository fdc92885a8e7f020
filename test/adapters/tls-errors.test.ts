import { once } from "node:events";
import { createServer as createTcpServer, type Server } from "node:net";
import type { Duplex } from "node:stream";
import type { TlsOptions } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import type { TlsSettings } from "../../src/mqtt/tls-settings.ts";
import { certificate } from "../certificates/certificate.ts";
import { opener } from "./carried-links.ts";
import { openLink } from "./link-double.ts";
import { testServer } from "./test-server.ts";
import { tlsSettings } from "./tls-settings.ts";

/** What becomes of a link to a server with these options: the one event there is. */
async function failure(url: string, tls?: TlsSettings): Promise<{ reason: string; unasked: boolean }> {
  const { events } = openLink(opener(url, tls));
  await expect.poll(() => events.length).toBe(1);
  return events[0] as unknown as { reason: string; unasked: boolean };
}

async function failureAt(options: TlsOptions, tls?: TlsSettings, scheme: "mqtts" | "wss" = "mqtts") {
  const { url } = await testServer(scheme, (stream) => void stream.on("error", () => {}), options);
  return failure(url, tls);
}

const today = new Date().toISOString().slice(0, 10);

describe.each(["mqtts", "wss"] as const)("over %s it is told, with the remedy, that", (scheme) => {
  it.each([
    [
      "the broker's certificate has expired, when, and what the clock says",
      "broker-expired.pem",
      {},
      `the broker's certificate (broker) expired on 2021-01-01 (the clock of this machine says ${today}); it has to be renewed at the broker`,
    ],
    [
      "it is not valid yet",
      "broker-future.pem",
      {},
      `the broker's certificate (broker) is not valid before 2120-01-01; the clock of this machine says ${today}: is it right?`,
    ],
    [
      "it is for another host, and for which",
      "broker-elsewhere.pem",
      {},
      "the broker's certificate is for elsewhere.test, and not for localhost; if it is the right broker, write one of these in broker.url, or as broker.server_name",
    ],
    [
      "its authority is not in broker.ca",
      "broker-foreign.pem",
      {},
      `the broker's certificate (broker) is from an authority, "Other authority", that is not in broker.ca; add the certificate of that authority to the file of broker.ca, or, if one in that file vouches for it, have the broker send it too`,
    ],
    [
      "its authority is none that Node knows",
      "broker.pem",
      { ca: "" },
      `the broker's certificate (broker) is from an authority, "Test authority", that Node does not know; set broker.ca to the file with the certificate of that authority, or, if one that Node knows vouches for it, have the broker send it too`,
    ],
    [
      "it does not send the certificate of its authority, for which the one in broker.ca vouches",
      "broker-below.pem",
      { ca: "root-ca.pem" },
      `the broker's certificate (broker) is from an authority, "Middle authority", that is not in broker.ca; add the certificate of that authority to the file of broker.ca, or, if one in that file vouches for it, have the broker send it too`,
    ],
    [
      "it is signed by itself",
      "broker-alone.pem",
      {},
      "the broker's certificate (broker) is signed by itself and not in broker.ca; if it is the right one, set broker.ca to the file with it",
    ],
  ])("%s", async (_what, cert, tls, reason) => {
    expect(await failureAt({ cert: certificate(cert) }, tlsSettings(tls), scheme)).toMatchObject({
      reason,
      unasked: true,
    });
  });

  it.each([
    ["sends, and not the one that vouches for it", "broker-below.pem middle-ca.pem", "ca.pem"],
    ["has to send, but not the one that vouches for it", "broker-below.pem", "middle-ca.pem"],
  ])("broker.ca does not go up to the root: it has the authority that the broker %s", async (_what, certs, ca) => {
    const cert = certs.split(" ").map(certificate).join("");
    const { reason } = await failureAt({ cert }, tlsSettings({ ca }), scheme);
    expect(reason).toBe(
      "the broker's certificate (broker) is from an authority that another one vouches for, whose certificate is not in broker.ca; put all of them into the file of broker.ca, up to the one that is signed by itself",
    );
  });

  it("nothing where the broker sends the certificate of the authority for which the one in broker.ca vouches", async () => {
    const cert = certificate("broker-below.pem") + certificate("middle-ca.pem");
    const { url } = await testServer(scheme, (stream) => void stream.on("error", () => {}).end(), { cert });
    const { reason } = await failure(url, tlsSettings({ ca: "root-ca.pem" }));
    expect(reason).not.toMatch(/certificate (\(|is )/);
  });

  it("its root is not in broker.ca though it sends all of them", async () => {
    const cert = ["broker-below.pem", "middle-ca.pem", "root-ca.pem"].map(certificate).join("");
    const { reason } = await failureAt({ cert }, tlsSettings(), scheme);
    expect(reason).toContain("that is not in broker.ca; set broker.ca to the file with the certificate");
  });

  it("its certificate is for clients", async () => {
    const options = { cert: certificate("client.pem"), key: certificate("client.key") };
    const { reason } = await failureAt(options, tlsSettings(), scheme);
    expect(reason).toBe(
      "the broker's certificate (gateway), or one of its authorities', is not for that: a broker needs one for servers (serverAuth), from an authority that may issue it",
    );
  });

  it("the broker wants another protocol (ALPN)", async () => {
    const { reason } = await failureAt({ ALPNProtocols: ["other"] }, tlsSettings({ alpn: ["mqtt", "x"] }), scheme);
    expect(reason).toBe("the broker speaks none of the protocols in broker.alpn (mqtt, x)");
  });

  it("the broker speaks only old versions of TLS", async () => {
    const old: TlsOptions = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" };
    const { reason } = await failureAt(old, tlsSettings(), scheme);
    expect(reason).toBe("the broker speaks no version of TLS that this machine's OpenSSL allows (1.2 and 1.3)");
  });

  it("what listens there does not speak TLS", async () => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => {}).once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await expect.poll(() => server.listening).toBe(true);
    const { port } = server.address() as { port: number };
    const { reason, unasked } = await failure(`${scheme}://localhost:${port}`);
    const [other, bare] = scheme === "wss" ? [443, "ws"] : [8883, "mqtt"];
    expect(reason).toBe(
      `what listens at port ${port} does not speak TLS; brokers do at another port, mostly ${other}; or write ${bare}:// and go without`,
    );
    expect(unasked).toBe(true);
  });

  it("the broker closes the connection in the handshake", async () => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => {}).once("data", () => socket.end());
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await expect.poll(() => server.listening).toBe(true);
    const { port } = server.address() as { port: number };
    const { reason, unasked } = await failure(`${scheme}://localhost:${port}`);
    expect(reason).toBe(
      "the broker closed the connection in the TLS handshake: either it does not speak TLS at this port, or it wants a certificate of the gateway (broker.cert and broker.key)",
    );
    expect(unasked).toBe(true);
  });
});

describe("with a broker that asks for a certificate of the gateway it is told", () => {
  const asking = (version: "TLSv1.2" | "TLSv1.3"): TlsOptions => ({
    requestCert: true,
    ca: certificate("ca.pem"),
    maxVersion: version,
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)("with %s that there is none", async (version) => {
    const { reason } = await failureAt(asking(version));
    expect(reason).toBe("the broker wants a certificate of the gateway; set broker.cert and broker.key");
  });

  // Node as a server gives no alert. One that does is Mosquitto, in test/process/tls.test.ts.
  const certificates = ["client-expired.pem", "client-foreign.pem", "client-future.pem"];
  it.each(certificates)("with TLSv1.2 that it may be %s that is not taken", async (cert) => {
    const { reason, unasked } = await failureAt(asking("TLSv1.2"), tlsSettings({ cert }));
    expect(reason).toBe(
      "the broker closed the connection in the TLS handshake: either it does not speak TLS at this port, or it does not take the certificate in broker.cert",
    );
    expect(unasked).toBe(true);
  });

  it.each(certificates)("with TLSv1.3 that it may be %s that is not taken", async (cert) => {
    const { reason } = await failureAt(asking("TLSv1.3"), tlsSettings({ cert }));
    expect(reason).toBe(
      "the broker closed the connection without a word: perhaps it does not take the certificate in broker.cert",
    );
  });

  it("that there may be none, where the broker closes the connection hard and says nothing", async () => {
    const server = await testServer("mqtts", () => void server.sockets[0]!.resetAndDestroy());
    expect(await failure(server.url)).toMatchObject({
      reason:
        "the broker closed the connection without a word: perhaps it wants a certificate of the gateway (broker.cert and broker.key)",
    });
  });
});

it("at a port that is mostly for TLS a broker that closes the connection without a word is said to want TLS perhaps", async () => {
  const stream: Duplex & { silenceHint?: string } = opener("mqtt://127.0.0.1:8883")();
  stream.on("error", () => {}).destroy();
  expect(stream.silenceHint).toBe("it wants another URL, for at port 8883 brokers mostly have mqtts://");
});

it("there too a broker that has said something is not said to have closed the connection without a word", async ({
  skip,
}) => {
  const server = createTcpServer((socket) => socket.on("error", () => {}).end(Uint8Array.of(0x20)));
  const port = await listenAtOneOf(server, [8083, 9001, 8080, 8884], "127.0.0.9");
  if (port === undefined) return skip("none of the ports of TLS and WebSockets can be had at 127.0.0.9");
  expect(await failure(`mqtt://127.0.0.9:${port}`)).toMatchObject({ reason: "the broker closed the connection" });
});

/** The port that the server has been given; undefined where it can have none of them. Closed with the test. */
async function listenAtOneOf(server: Server, ports: readonly number[], host: string): Promise<number | undefined> {
  for (const port of ports) {
    try {
      await once(server.listen(port, host), "listening");
    } catch {
      continue;
    }
    onTestFinished(() => void server.close());
    return port;
  }
  return undefined;
}
