import { generate, type IConnackPacket } from "mqtt-packet";
import { describe, expect, it } from "vitest";
import { BrokerVersion } from "../../src/mqtt/broker-version.ts";
import { openLink } from "./link-double.ts";
import { PINGREQ, pair, publish, turn } from "./link-pair.ts";

type Properties = NonNullable<IConnackPacket["properties"]>;

function connack(reasonCode: number, properties: Properties = {}): Buffer {
  return generate({ cmd: "connack", reasonCode, sessionPresent: false, properties }, { protocolVersion: 5 });
}

function disconnect(reasonCode: number, reasonString?: string): Buffer {
  const properties = reasonString === undefined ? {} : { reasonString };
  return generate({ cmd: "disconnect", reasonCode, properties }, { protocolVersion: 5 });
}

/** A link of MQTT 5 whose broker answers CONNECT with these octets. */
async function answered(answer: Buffer, options: Parameters<typeof openLink>[1] = {}) {
  const fallbacks: string[] = [];
  const version = new BrokerVersion(5, (reason) => fallbacks.push(reason));
  const { broker, openStream } = pair();
  const opened = openLink(openStream, { version, ...options });
  await expect.poll(() => broker.chunks.length).toBe(1);
  const connect = broker.octets;
  broker.chunks.length = 0;
  broker.stream.write(answer);
  await expect.poll(opened.types).not.toEqual([]);
  return { broker, connect, version, fallbacks, ...opened };
}

describe("a link of MQTT 5", () => {
  it("asks the broker to keep a session that outlasts its connection, and says how much it takes at once", async () => {
    const { connect } = await answered(connack(0), { cleanSession: false, sessionExpirySeconds: 3600, receiveMax: 7 });
    // CONNECT: no Clean Start, keep alive 60, Session Expiry Interval, Receive Maximum.
    expect(connect).toContain(`${"00044d515454"}0500003c08${"1100000e10"}${"210007"}`);
  });

  it("asks for no session beyond its connection where the client wants a clean one", async () => {
    const { connect } = await answered(connack(0), { cleanSession: true });
    expect(connect).toContain(`${"00044d515454"}0502003c03${"210064"}`);
  });

  it("says what the broker does not do", async () => {
    const properties = { receiveMaximum: 10, maximumQoS: 1, retainAvailable: false, maximumPacketSize: 2000 };
    const { events } = await answered(connack(0, properties));
    const limits = { receiveMax: 10, maxQos: 1, retains: false, packetOctetsMax: 2000 };
    expect(events).toEqual([{ type: "link-opened", link: 7, sessionPresent: false, limits }]);
  });

  it("takes a broker that says nothing of it for one that does everything", async () => {
    const { events } = await answered(connack(0));
    const limits = { receiveMax: 65_535, maxQos: 2, retains: true, packetOctetsMax: 268_435_460 };
    expect(events).toEqual([{ type: "link-opened", link: 7, sessionPresent: false, limits }]);
  });

  it("passes over what else a broker says in CONNACK", async () => {
    const properties = { assignedClientIdentifier: "other", topicAliasMaximum: 5, serverReference: "elsewhere" };
    const { types } = await answered(connack(0, properties));
    expect(types()).toEqual(["link-opened"]);
  });

  it("writes no properties and no reason codes", async () => {
    const { broker, link } = await answered(connack(0));
    link.write(publish(1, { qos: 1, messageId: 2 }));
    link.write({ cmd: "puback", messageId: 1 });
    link.write({ cmd: "subscribe", messageId: 3, subscriptions: [{ topic: "a", qos: 1 }] });
    link.close(true);
    await expect.poll(() => broker.octets).toBe(`3207${"000174"}${"0002"}0001${"40020001"}82070003000001610${"1"}e000`);
  });

  it("hands over reason codes, and messages without their properties", async () => {
    const { broker, packets } = await answered(connack(0));
    const properties = { contentType: "text/plain", userProperties: { a: "b" } };
    const message = { cmd: "publish", topic: "t", payload: Buffer.of(1), qos: 1, messageId: 7, properties } as const;
    broker.stream.write(generate({ ...message, dup: false, retain: false }, { protocolVersion: 5 }));
    broker.stream.write(generate({ cmd: "puback", messageId: 9, reasonCode: 0x87 }, { protocolVersion: 5 }));
    broker.stream.write(generate({ cmd: "suback", messageId: 3, granted: [0x97] }, { protocolVersion: 5 }));
    await expect
      .poll(() => packets())
      .toEqual([
        publish(1, { qos: 1, messageId: 7 }),
        { cmd: "puback", messageId: 9, reasonCode: 0x87 },
        { cmd: "suback", messageId: 3, granted: [0x97] },
      ]);
  });

  it("K8 keeps alive as often as the broker wants it", async () => {
    const { broker, link } = await answered(connack(0, { serverKeepAlive: 1 }), { keepAliveSeconds: 3600 });
    await expect.poll(() => broker.count(PINGREQ), { timeout: 3000 }).toBeGreaterThan(0);
    link.close(false);
  });

  it("K8 goes on with its own keep alive where the broker wants none", async () => {
    const { broker, link } = await answered(connack(0, { serverKeepAlive: 0 }), { keepAliveSeconds: 0.05 });
    await expect.poll(() => broker.count(PINGREQ)).toBeGreaterThan(0);
    link.close(false);
  });

  it("tells for how long the broker keeps the session, where it was asked to", async () => {
    const expiries: number[] = [];
    const onSessionExpiry = (seconds: number) => expiries.push(seconds);
    await answered(connack(0, { sessionExpiryInterval: 60 }), { cleanSession: false, onSessionExpiry });
    await answered(connack(0), { cleanSession: false, onSessionExpiry });
    await answered(connack(0, { sessionExpiryInterval: 70 }), { cleanSession: true, onSessionExpiry });
    expect(expiries).toEqual([60]);
  });

  it.each([
    [0x87, undefined, "not authorized (0x87)"],
    [0x86, "no such device", 'bad user name or password (0x86), "no such device"'],
    [0x8a, "", "banned (0x8A)"],
    [0xf0, undefined, "a reason that MQTT does not know (0xF0)"],
    [0x80, `a\n\u0007b${"x".repeat(300)}`, `unspecified error (0x80), "a  b${"x".repeat(196)}…"`],
  ])("says with which reason code %i it is refused, and in words", async (returnCode, reasonString, reason) => {
    const properties = reasonString === undefined ? {} : { reasonString };
    const { events, broker, types } = await answered(connack(returnCode, properties));
    broker.stream.end();
    await turn();
    expect(types()).toEqual(["link-refused"]);
    expect(events[0]).toEqual({ type: "link-refused", link: 7, returnCode, reason });
  });

  it("ends where CONNACK has a reason code that is neither success nor failure", async () => {
    const { events } = await answered(connack(0x10));
    const reason = "the broker refused the connection with 16, which MQTT 5 does not know";
    expect(events).toMatchObject([{ type: "link-closed", reason }]);
  });

  it.each([
    [0x8e, undefined, true, "the broker said DISCONNECT: session taken over (0x8E)"],
    [0x8b, "back soon", false, 'the broker said DISCONNECT: server shutting down (0x8B), "back soon"'],
    [0x98, undefined, false, "the broker said DISCONNECT: administrative action (0x98)"],
  ])("says why the broker disconnects it: 0x%x", async (reasonCode, reasonString, takenOver, reason) => {
    const { broker, events, types } = await answered(connack(0));
    broker.stream.end(disconnect(reasonCode, reasonString));
    await expect.poll(types).toEqual(["link-opened", "link-closed"]);
    const closed = { type: "link-closed", link: 7, reason, byBroker: false, unasked: false, takenOver };
    expect(events[1]).toEqual(closed);
  });

  it("hands over what came before DISCONNECT, and nothing after it", async () => {
    const { broker, types, packets } = await answered(connack(0));
    const puback = Buffer.from("40020001", "hex");
    broker.stream.write(Buffer.concat([puback, disconnect(0x8b), puback]));
    await expect.poll(types).toEqual(["link-opened", "packet", "link-closed"]);
    expect(packets()).toHaveLength(1);
  });

  it("is one that failed, no more, where the broker has spoken MQTT 5 before: one node of several may be another one", async () => {
    const { broker, openStream } = pair();
    const fallbacks: string[] = [];
    const version = new BrokerVersion(5, (reason) => fallbacks.push(reason));
    version.prove();
    const { types } = openLink(openStream, { version });
    await expect.poll(() => broker.chunks.length).toBe(1);
    broker.stream.write(connack(0x84));
    await expect.poll(types).toEqual(["link-closed"]);
    expect([fallbacks, version.current]).toEqual([[], 5]);
  });

  it("is ended by the broker, for no reason that is known, where it closes the connection without DISCONNECT", async () => {
    const { broker, events, types } = await answered(connack(0));
    broker.stream.end();
    await expect.poll(types).toEqual(["link-opened", "link-closed"]);
    expect(events[1]).toMatchObject({ byBroker: true, takenOver: false });
  });

  it.each([
    ["in MQTT 3.1.1 that it does not speak it", Buffer.from("20020001", "hex"), "MQTT 3.1.1"],
    ["in MQTT 3.1.1 that all is well", Buffer.from("20020000", "hex"), "MQTT 3.1.1"],
    ["in MQTT 5 that it does not speak it", connack(0x84), "unsupported protocol version (0x84)"],
  ])("makes the next one of MQTT 3.1.1 where the broker answers %s", async (_name, answer, said) => {
    const { events, types, version, fallbacks } = await answered(answer);
    await expect.poll(types).toEqual(["link-closed"]);
    const reason = `the broker does not speak MQTT 5: it answers CONNECT: ${said}`;
    const why = said === "MQTT 3.1.1" ? "the broker does not speak MQTT 5: it answers CONNECT in MQTT 3.1.1" : reason;
    expect(events).toMatchObject([{ reason: why, byBroker: false, unasked: false }]);
    expect(fallbacks).toHaveLength(1);
    const { broker, openStream } = pair();
    const next = openLink(openStream, { version });
    await expect.poll(() => broker.octets).toContain("00044d51545404");
    broker.stream.write(Buffer.from("20020000", "hex"));
    await expect.poll(next.types).toEqual(["link-opened"]);
    next.link.close(false);
  });

  it("goes on with MQTT 5 after a connection that was closed before CONNACK, whatever that may mean", async () => {
    const version = new BrokerVersion(5, () => {});
    const { broker, openStream } = pair();
    const { types } = openLink(openStream, { version });
    await expect.poll(() => broker.chunks.length).toBe(1);
    broker.stream.end();
    await expect.poll(types).toEqual(["link-closed"]);
    expect(version.current).toBe(5);
  });

  it("tolerates a broker that has more unfinished than it was told", async () => {
    const { broker, packets } = await answered(connack(0), { receiveMax: 1 });
    for (let id = 1; id <= 3; id += 1) broker.stream.write(Buffer.from(`32060001740${"00"}${id}00`, "hex"));
    await expect.poll(() => packets().length).toBe(3);
  });
});

describe("a link whose credentials expire", () => {
  it("says so before that, and again while it is open", async () => {
    const { types, link } = await answered(connack(0), { expiresInMs: 400 });
    const began = performance.now();
    await expect.poll(types).toEqual(["link-opened", "link-expires"]);
    expect(performance.now() - began).toBeLessThan(400);
    link.tick(performance.now() + 59_000, performance.now());
    expect(types()).toEqual(["link-opened", "link-expires"]);
    link.tick(performance.now() + 60_100, performance.now());
    expect(types()).toEqual(["link-opened", "link-expires", "link-expires"]);
    link.close(false);
    link.tick(performance.now() + 180_000, performance.now());
    await expect.poll(types).toEqual(["link-opened", "link-expires", "link-expires", "link-closed"]);
  });

  it("says nothing of it where they do not", async () => {
    const { types, link } = await answered(connack(0));
    link.tick(performance.now() + 1_000_000, performance.now() + 999_000);
    expect(types()).toEqual(["link-opened"]);
    link.close(false);
  });
});
