import type { Socket } from "node:net";
import { generate, type IConnackPacket, type Packet, parser } from "mqtt-packet";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { EmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";
import { listen, startOwnClient } from "./own-client-double.ts";

type Properties = NonNullable<IConnackPacket["properties"]>;

const CONNACK_3_1_1 = Buffer.from("20020000", "hex");

function connack(reasonCode: number, properties: Properties = {}): Buffer {
  return generate({ cmd: "connack", reasonCode, sessionPresent: false, properties }, { protocolVersion: 5 });
}

/** A broker that is told each packet, and answers with octets, by closing the connection, or with nothing. */
function answering(answer: (packet: Packet, socket: Socket) => Buffer | "close" | undefined) {
  return listen((socket) => {
    const packets = parser();
    packets.on("error", () => {});
    packets.on("packet", (packet) => {
      const octets = answer(packet, socket);
      if (octets === "close") socket.destroy();
      else if (octets !== undefined) socket.write(octets);
    });
    socket.on("data", (octets) => packets.parse(octets));
  });
}

/** One that answers CONNECT of each version so; says in which versions it was asked. */
async function versioned(answers: { 4: Buffer | "close"; 5: Buffer | "close" }) {
  const asked: number[] = [];
  const openStream = await answering((packet) => {
    if (packet.cmd !== "connect") return undefined;
    asked.push(packet.protocolVersion!);
    return answers[packet.protocolVersion as 4 | 5];
  });
  return { asked, openStream };
}

describe("the gateway's own client of MQTT 5", () => {
  it("asks for no session beyond its connection", async () => {
    const connects: Packet[] = [];
    const openStream = await answering((packet) => {
      connects.push(packet);
      return connack(0);
    });
    const { told, fallbacks, limits } = startOwnClient(openStream, { version: 5 });
    await expect.poll(() => told).toEqual(["reachable"]);
    expect(connects[0]).toMatchObject({ cmd: "connect", protocolVersion: 5, clean: true });
    expect(connects[0]).not.toHaveProperty("properties.sessionExpiryInterval");
    expect([fallbacks, limits]).toEqual([[], []]);
  });

  it.each([
    ["in MQTT 3.1.1 that it does not speak it", Buffer.from("20020001", "hex")],
    ["in MQTT 3.1.1 that all is well", CONNACK_3_1_1],
    ["in MQTT 5 that it does not speak it", connack(0x84)],
    ["nothing, and closes the connection", "close"],
  ] as const)("goes on with MQTT 3.1.1 at once where the broker answers %s", async (_name, answer) => {
    const { asked, openStream } = await versioned({ 4: CONNACK_3_1_1, 5: answer });
    const askedUntilReachable: number[][] = [];
    const { fallbacks, version } = startOwnClient(openStream, {
      version: 5,
      reconnectMinMs: 60_000,
      onReachable: () => askedUntilReachable.push([...asked]),
    });
    await expect.poll(() => askedUntilReachable).toEqual([[5, 4]]);
    expect(fallbacks).toHaveLength(1);
    expect(version.current).toBe(4);
  });

  it("tells of a publish that the broker refuses, and of none that it takes", async () => {
    const openStream = await answering((packet) => {
      if (packet.cmd === "connect") return connack(0);
      if (packet.cmd !== "publish") return undefined;
      const reasonCode = { denied: 0x87, unheard: 0x10 }[packet.topic] ?? 0;
      return generate({ cmd: "puback", messageId: packet.messageId!, reasonCode }, { protocolVersion: 5 });
    });
    const refused: string[] = [];
    const onPublishRefused = (topic: string, reason: string) => refused.push(`${topic}: ${reason}`);
    const { client, told } = startOwnClient(openStream, { version: 5, onPublishRefused });
    await expect.poll(() => told).toEqual(["reachable"]);
    for (const topic of ["good", "unheard", "denied"])
      client.publish(topic, Uint8Array.of(1), { qos: 1, retain: true });
    await expect.poll(() => refused).toEqual(["denied: not authorized (0x87)"]);
  });

  it("falls back also where the broker refuses MQTT 3.1.1 for another reason, and tells that one", async () => {
    const { asked, openStream } = await versioned({ 4: Buffer.from("20020005", "hex"), 5: "close" });
    const { told, refusals, fallbacks } = startOwnClient(openStream, { version: 5 });
    await expect.poll(() => asked.length).toBeGreaterThan(3);
    expect(asked.slice(0, 4)).toEqual([5, 4, 4, 4]);
    expect(fallbacks).toHaveLength(1);
    expect(told).toEqual(["Connection refused: Not authorized"]);
    expect(refusals).toEqual(told);
  });

  it("asks in MQTT 5 again where the broker closes the connection at both", async () => {
    const { asked, openStream } = await versioned({ 4: "close", 5: "close" });
    const { told, fallbacks } = startOwnClient(openStream, { version: 5 });
    await expect.poll(() => asked.length).toBeGreaterThan(4);
    expect(asked.slice(0, 4)).toEqual([5, 4, 5, 4]);
    expect(fallbacks).toEqual([]);
    expect(told).toEqual(["the broker closed the connection"]);
  });

  it("does not doubt the version of a broker that has spoken it, whatever it closes later", async () => {
    const asked: number[] = [];
    const openStream = await answering((packet, socket) => {
      if (packet.cmd !== "connect") return undefined;
      asked.push(packet.protocolVersion!);
      if (asked.length > 1) return "close";
      setImmediate(() => socket.destroy());
      return connack(0);
    });
    const { fallbacks } = startOwnClient(openStream, { version: 5 });
    await expect.poll(() => asked.length).toBeGreaterThan(3);
    expect(new Set(asked)).toEqual(new Set([5]));
    expect(fallbacks).toEqual([]);
  });

  it("does not ask in MQTT 3.1.1 where nobody listens", async () => {
    let attempts = 0;
    const { told } = startOwnClient(
      () => {
        attempts += 1;
        throw new Error("no way");
      },
      { version: 5, reconnectMinMs: 60_000, reconnectMaxMs: 60_000 },
    );
    await expect.poll(() => told).toEqual(["no way"]);
    expect(attempts).toBe(1);
  });

  it("falls back at the embedded broker, which speaks MQTT 3.1.1 only", async () => {
    const broker = await EmbeddedBroker.start({ listen: { host: "127.0.0.1", port: 0 } });
    onTestFinished(() => broker.close());
    const { told, fallbacks } = startOwnClient(broker.openStream, { version: 5 });
    await expect.poll(() => told).toEqual(["reachable"]);
    expect(fallbacks).toEqual(["it answers CONNECT in MQTT 3.1.1"]);
  });

  it("tells the reason of a refusal in words, and that it is one", async () => {
    const openStream = await answering(() => connack(0x86, { reasonString: "no such\nuser" }));
    const { told, refusals, fallbacks } = startOwnClient(openStream, { version: 5 });
    await expect.poll(() => told).toEqual(['Connection refused: bad user name or password (0x86), "no such user"']);
    expect(refusals).toEqual(told);
    expect(fallbacks).toEqual([]);
  });

  it("tells the reason of a DISCONNECT in words", async () => {
    let connections = 0;
    const openStream = await answering(() => {
      connections += 1;
      if (connections > 1) return undefined;
      const last = generate({ cmd: "disconnect", reasonCode: 0x8b }, { protocolVersion: 5 });
      return Buffer.concat([connack(0), last]);
    });
    const { told } = startOwnClient(openStream, { version: 5 });
    await expect
      .poll(() => told.slice(0, 2))
      .toEqual(["reachable", "the broker said DISCONNECT: server shutting down (0x8B)"]);
  });

  it("tells what the broker does not do, once as long as it is the same", async () => {
    let connections = 0;
    const limited = {
      maximumQoS: 1,
      retainAvailable: false,
      maximumPacketSize: 1000,
      receiveMaximum: 20,
      wildcardSubscriptionAvailable: false,
      sharedSubscriptionAvailable: false,
    };
    const openStream = await answering((_packet, socket) => {
      connections += 1;
      if (connections < 4) setImmediate(() => socket.destroy());
      return connack(0, connections < 3 ? limited : {});
    });
    const { told, limits } = startOwnClient(openStream, { version: 5 });
    await expect.poll(() => told.filter((text) => text === "reachable").length).toBe(4);
    expect(limits).toEqual([
      [
        "QoS 1 at most",
        "no retained messages",
        "packets of 1000 octets at most",
        "no wildcards in subscriptions",
        "no shared subscriptions",
      ],
      [],
    ]);
  });

  it("publishes what the broker takes, and as it takes it", async () => {
    const published: Packet[] = [];
    const openStream = await answering((packet) => {
      if (packet.cmd === "publish") published.push(packet);
      const limits = { maximumQoS: 0, retainAvailable: false, maximumPacketSize: 100 };
      return packet.cmd === "connect" ? connack(0, limits) : undefined;
    });
    const { client, told } = startOwnClient(openStream, { version: 5 });
    await expect.poll(() => told).toEqual(["reachable"]);
    expect(client.publish("a", Buffer.alloc(100), { qos: 0, retain: false })).toBe(false);
    expect(client.publish("b", Buffer.alloc(50), { qos: 1, retain: true })).toBe(true);
    await expect.poll(() => published).toMatchObject([{ topic: "b", qos: 0, retain: false }]);
  });

  it("leaves no more unfinished than the broker takes", async () => {
    const openStream = await answering((packet) => {
      return packet.cmd === "connect" ? connack(0, { receiveMaximum: 2 }) : undefined;
    });
    const { client, told } = startOwnClient(openStream, { version: 5 });
    await expect.poll(() => told).toEqual(["reachable"]);
    const publish = () => client.publish("a", Buffer.alloc(1), { qos: 1, retain: false });
    expect([publish(), publish(), publish()]).toEqual([true, true, false]);
    expect(client.publish("a", Buffer.alloc(1), { qos: 0, retain: false })).toBe(true);
  });
});

describe("the credentials of the gateway's own client", () => {
  it.each([4, 5] as const)("are asked for again, and shown, before they expire: version %i", async (version) => {
    const shown: unknown[] = [];
    const ends: string[] = [];
    const openStream = await answering((packet) => {
      if (packet.cmd === "disconnect") ends.push("DISCONNECT");
      if (packet.cmd !== "connect") return undefined;
      shown.push(packet.password?.toString());
      return version === 5 ? connack(0) : CONNACK_3_1_1;
    });
    let tokens = 0;
    const { client, told } = startOwnClient(openStream, {
      version,
      credentials: () => {
        tokens += 1;
        return { username: "gw", password: `token ${tokens}`, expiresInMs: tokens === 1 ? 200 : undefined };
      },
    });
    await expect.poll(() => shown).toEqual(["token 1", "token 2"]);
    expect(ends).toEqual(["DISCONNECT"]);
    await expect.poll(() => client.reachable).toBe(true);
    expect(told).toEqual(["reachable"]);
  });

  it("end no connection but the one that they were shown for", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const heard: string[] = [];
    const sockets: Socket[] = [];
    const openStream = await answering((packet, socket) => {
      heard.push(packet.cmd);
      if (packet.cmd !== "connect") return undefined;
      sockets.push(socket);
      return CONNACK_3_1_1;
    });
    const hourMs = 3_600_000;
    const lasts = [hourMs];
    const { client, told } = startOwnClient(openStream, {
      keepAliveSeconds: 0,
      credentials: () => ({ expiresInMs: lasts.shift() }),
    });
    await expect.poll(() => told).toEqual(["reachable"]);
    sockets[0]!.destroy();
    await expect.poll(() => told).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(100);
    await expect.poll(() => told.at(-1)).toBe("reachable");
    // The first of them expire.
    await vi.advanceTimersByTimeAsync(hourMs);
    expect(client.publish("still/the/same", Uint8Array.of(1), { qos: 0, retain: false })).toBe(true);
    await expect.poll(() => heard.at(-1)).toBe("publish");
    expect(heard).toEqual(["connect", "connect", "publish"]);
  });

  it("are told to be refused where the new ones are", async () => {
    let connections = 0;
    const openStream = await answering((packet) => {
      if (packet.cmd !== "connect") return undefined;
      connections += 1;
      return connections === 1 ? CONNACK_3_1_1 : Buffer.from("20020005", "hex");
    });
    const { told } = startOwnClient(openStream, { credentials: () => ({ expiresInMs: 100 }) });
    await expect.poll(() => told).toEqual(["reachable", "Connection refused: Not authorized"]);
  });
});

describe("renew", () => {
  it("connects anew, in the version that is asked for by now", async () => {
    const { asked, openStream } = await versioned({ 4: CONNACK_3_1_1, 5: connack(0, { maximumQoS: 1 }) });
    const onRenewed = vi.fn();
    const { client, told, version } = startOwnClient(openStream, { onRenewed });
    await expect.poll(() => told).toEqual(["reachable"]);
    version.reset(5);
    // The connections of clients stay with what works, until it is known that the other one does.
    expect(version.current).toBe(4);
    client.renew();
    await expect.poll(() => asked).toEqual([4, 5]);
    await expect.poll(() => onRenewed.mock.calls).toMatchObject([[{ maxQos: 1 }]]);
    expect(client.reachable).toBe(true);
    expect(version.current).toBe(5);
    expect(told).toEqual(["reachable"]);
  });

  it("does not wait where there is no connection", async () => {
    let attempts = 0;
    const { client, told } = startOwnClient(
      () => {
        attempts += 1;
        throw new Error("no way");
      },
      { reconnectMinMs: 60_000, reconnectMaxMs: 60_000 },
    );
    await expect.poll(() => told).toEqual(["no way"]);
    client.renew();
    await expect.poll(() => attempts, { timeout: 3000 }).toBe(2);
  });
});
