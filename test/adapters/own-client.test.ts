import { createServer, type Server, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { generate, parser } from "mqtt-packet";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { parseBrokerUrl, type TcpBroker } from "../../src/mqtt/broker-url.ts";
import { EmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";
import { openLink } from "./link-double.ts";
import { startOwnClient } from "./own-client-double.ts";

let server: Server;
let sockets: Socket[];
/** What the hand-made broker does with a connection. */
let onConnection: (socket: Socket) => void;

beforeEach(async () => {
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

function tcp(): TcpBroker["openStream"] {
  const { port } = server.address() as { port: number };
  return (parseBrokerUrl(`mqtt://127.0.0.1:${port}`) as TcpBroker).openStream;
}

function answering(returnCode: number): (socket: Socket) => void {
  return (socket) =>
    socket.once("data", () => socket.write(generate({ cmd: "connack", returnCode, sessionPresent: false })));
}

describe("the gateway's own client", () => {
  it("says that the broker is reachable, and publishes, over the embedded broker's stream", async () => {
    const broker = await EmbeddedBroker.start({ listen: { host: "127.0.0.1", port: 0 } });
    const { client, told } = startOwnClient(broker.openStream);
    expect(client.publish("a", Buffer.from("1"), { qos: 0, retain: false })).toBe(false);
    await expect.poll(() => told).toEqual(["reachable"]);
    const { link, packets } = openLink(broker.openStream);
    link.write({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "a", qos: 0 }] });
    await expect.poll(() => packets("suback").length).toBe(1);
    expect(client.publish("a", Uint8Array.of(50), { qos: 1, retain: false })).toBe(true);
    await expect.poll(() => packets("publish")).toMatchObject([{ topic: "a", payload: Buffer.from("2") }]);
    await client.close();
    expect(told).toEqual(["reachable"]);
    await broker.close();
  });

  it("connects over TCP with its credentials, and says DISCONNECT when it closes", async () => {
    const read: Buffer[] = [];
    onConnection = (socket) => {
      socket.on("data", (octets) => read.push(octets));
      answering(0)(socket);
    };
    const { client, told } = startOwnClient(tcp(), { credentials: () => ({ username: "gw", password: "geheim" }) });
    await expect.poll(() => told).toEqual(["reachable"]);
    expect(client.reachable).toBe(true);
    await client.close();
    expect(client.reachable).toBe(false);
    await expect.poll(() => Buffer.concat(read).subarray(-2).toString("hex")).toBe("e000");
    const connect = Buffer.concat(read).toString("latin1");
    expect(connect).toContain("gateway\0\x02gw\0\x06geheim");
  });

  it("says once that nobody listens, and keeps trying until somebody does", async () => {
    onConnection = answering(0);
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    let attempts = 0;
    const open = (parseBrokerUrl(`mqtt://127.0.0.1:${port}`) as TcpBroker).openStream;
    const { told } = startOwnClient(() => {
      attempts += 1;
      return open();
    });
    await expect.poll(() => attempts).toBeGreaterThan(3);
    expect(told).toEqual([`connect ECONNREFUSED 127.0.0.1:${port}`]);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    await expect.poll(() => told.at(-1)).toBe("reachable");
    expect(told).toHaveLength(2);
  });

  it("keeps trying after a refusal, and tells another reason when there is one", async () => {
    onConnection = answering(5);
    const { told, refusals } = startOwnClient(tcp());
    await expect.poll(() => sockets.length).toBeGreaterThan(3);
    expect(told).toEqual(["Connection refused: Not authorized"]);
    onConnection = (socket) => socket.end();
    await expect.poll(() => told[1]).toBe("the broker closed the connection");
    onConnection = answering(0);
    await expect.poll(() => told[2]).toBe("reachable");
    expect(refusals).toEqual(["Connection refused: Not authorized"]);
  });

  it("says so when the connection is lost, and connects again", async () => {
    onConnection = answering(0);
    const { client, told } = startOwnClient(tcp());
    await expect.poll(() => told).toEqual(["reachable"]);
    sockets[0]!.destroy();
    await expect.poll(() => told).toEqual(["reachable", "the broker closed the connection", "reachable"]);
    expect(client.publish("a", Uint8Array.of(1), { qos: 0, retain: false })).toBe(true);
  });

  it("gives up on a broker that does not answer CONNECT, and tries again", async () => {
    onConnection = () => {};
    const { told } = startOwnClient(tcp(), { connectTimeoutMs: 20 });
    await expect.poll(() => told).toEqual(["connack timeout"]);
    onConnection = answering(0);
    await expect.poll(() => told.at(-1)).toBe("reachable");
  });

  it("gives up on a broker that does not answer PINGREQ, and tries again", async () => {
    onConnection = answering(0);
    const { told } = startOwnClient(tcp(), { keepAliveSeconds: 1, connectTimeoutMs: 100 });
    await expect.poll(() => told).toEqual(["reachable"]);
    const began = performance.now();
    await expect.poll(() => told[1], { timeout: 5000 }).toBe("no answer to PINGREQ for 0.1 s");
    // By itself mqtt.js takes half a keep alive more.
    expect(performance.now() - began).toBeLessThan(1450);
    await expect.poll(() => told[2]).toBe("reachable");
  });

  it("stays with a broker that answers PINGREQ", async () => {
    let pings = 0;
    onConnection = (socket) => {
      const packets = parser();
      packets.on("packet", ({ cmd }) => {
        if (cmd === "connect") socket.write(generate({ cmd: "connack", returnCode: 0, sessionPresent: false }));
        if (cmd !== "pingreq") return;
        pings += 1;
        socket.write(generate({ cmd: "pingresp" }));
      });
      socket.on("data", (octets) => packets.parse(octets));
    };
    const { told } = startOwnClient(tcp(), { keepAliveSeconds: 1, connectTimeoutMs: 100 });
    await expect.poll(() => pings, { timeout: 5000 }).toBe(2);
    expect(told).toEqual(["reachable"]);
  });

  it("gives up at once on a broker that answers something else than MQTT, and tries again", async () => {
    onConnection = (socket) => socket.write("SSH-2.0-OpenSSH\r\n".padEnd(200));
    const { told } = startOwnClient(tcp(), { connectTimeoutMs: 60_000 });
    await expect.poll(() => told.length).toBe(1);
    onConnection = answering(0);
    await expect.poll(() => told.at(-1)).toBe("reachable");
  });

  it.each([
    ["closes the connection without a word", "silent", (socket: Socket) => socket.end()],
    ["refuses", "heard", answering(5)],
    ["answers something else than MQTT", "heard", (socket: Socket) => socket.write("SSH-2.0-OpenSSH\r\n".padEnd(200))],
  ] as const)("says what is to be thought of a broker that %s: %s", async (_name, broker, behave) => {
    onConnection = behave;
    const brokers: unknown[] = [];
    startOwnClient(tcp(), { onUnreachable: (_reason, _isRefusal, each) => brokers.push(each) });
    await expect.poll(() => brokers[0]).toBe(broker);
  });

  it.each([
    ["nothing more", "absent", {}],
    [
      "what to do about it",
      "heard",
      { explanation: "its certificate is of an authority that nobody knows: broker.ca" },
    ],
  ])("tells of an error during the handshake that says %s: the broker is %s", async (_name, broker, more) => {
    const brokers: unknown[] = [];
    const openStream = () => {
      const stream = Object.assign(new PassThrough(), { secureConnecting: true });
      setImmediate(() => stream.destroy(Object.assign(new Error("the handshake failed"), more)));
      return stream;
    };
    startOwnClient(openStream, { onUnreachable: (_reason, _isRefusal, each) => brokers.push(each) });
    await expect.poll(() => brokers[0]).toBe(broker);
  });

  it("waits longer each time, within its bounds", async () => {
    const begun: number[] = [];
    const { client } = startOwnClient(
      () => {
        begun.push(performance.now());
        throw new Error("no way");
      },
      { reconnectMinMs: 10, reconnectMaxMs: 40 },
    );
    await expect.poll(() => begun.length, { timeout: 3000 }).toBeGreaterThan(6);
    await client.close();
    const waits = begun.slice(1).map((at, i) => at - begun[i]!);
    // Timers are never early by more than a millisecond; how late they are says nothing.
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(9);
  });

  it("tries at once when it is told to, but not more often than once a second", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    let attempts = 0;
    const { client } = startOwnClient(
      () => {
        attempts += 1;
        throw new Error("no way");
      },
      { reconnectMinMs: 3_600_000, reconnectMaxMs: 3_600_000 },
    );
    await vi.advanceTimersByTimeAsync(60_000);
    expect(attempts).toBe(1);
    client.tryNow();
    client.tryNow();
    await vi.advanceTimersByTimeAsync(0);
    expect(attempts).toBe(2);
    for (let count = 0; count < 100; count += 1) {
      client.tryNow();
      await vi.advanceTimersByTimeAsync(9);
    }
    expect(attempts).toBe(2);
    await vi.advanceTimersByTimeAsync(100);
    expect(attempts).toBe(3);
    await client.close();
    client.tryNow();
    await vi.advanceTimersByTimeAsync(2000);
    expect(attempts).toBe(3);
  });

  it("does not try while it is connecting or connected", async () => {
    onConnection = () => {};
    const { client, told } = startOwnClient(tcp());
    await expect.poll(() => sockets.length).toBe(1);
    client.tryNow();
    sockets[0]!.write(generate({ cmd: "connack", returnCode: 0, sessionPresent: false }));
    await expect.poll(() => told).toEqual(["reachable"]);
    client.tryNow();
    expect(client.publish("a", Uint8Array.of(1), { qos: 0, retain: false })).toBe(true);
    expect(sockets).toHaveLength(1);
  });

  it("drops what it cannot finish instead of keeping it for ever", async () => {
    onConnection = answering(0);
    const { client, told } = startOwnClient(tcp());
    await expect.poll(() => told).toEqual(["reachable"]);
    const publish = () => client.publish("a", Uint8Array.of(1), { qos: 1, retain: false });
    expect(Array.from({ length: 1000 }, publish)).not.toContain(false);
    expect(publish()).toBe(false);
  });

  it("closes in bounded time while it connects, and between two attempts", async () => {
    onConnection = () => {};
    const connecting = startOwnClient(tcp());
    await expect.poll(() => sockets.length).toBe(1);
    await connecting.client.close();
    const waiting = startOwnClient(
      () => {
        throw new Error("no way");
      },
      { reconnectMinMs: 60_000, reconnectMaxMs: 60_000 },
    );
    await expect.poll(() => waiting.told).toEqual(["no way"]);
    await waiting.client.close();
    expect(connecting.told).toEqual([]);
  });
});
