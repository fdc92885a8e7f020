import { expect, test, vi } from "vitest";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import { type MetricFamily, metricValue, parseMetrics } from "../app/metric-text.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { Sensor } from "./sensor.ts";

type Families = ReadonlyMap<string, MetricFamily>;

const RETRY = ["--clients-retry-interval", "300ms", "--clients-retry-count", "20"];

/** A gateway that is asked for its metrics, with the broker inside. */
async function start(...flags: string[]) {
  const quiet = ["--discovery-enabled", "false", "--bridge-enabled", "false", "--http-listen", "127.0.0.1:0"];
  const gateway = GatewayProcess.embedded(...quiet, ...flags);
  await gateway.line("gateway.ready");
  const url = new URL("/metrics", String((await gateway.line("http.started")).url));
  const text = async () => {
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      200,
      "text/plain; version=0.0.4; charset=utf-8",
    ]);
    return answer.text();
  };
  return { gateway, port: await gateway.listenerPort(), text, scrape: async () => parseMetrics(await text()) };
}

/** How many messages of each type went each way, those of which there were any. */
function messagesOf(families: Families, direction: "in" | "out"): Record<string, number> {
  const samples = families.get("mqttsn_messages_total")!.samples;
  const those = samples.filter(({ labels, value }) => labels.direction === direction && value > 0);
  return Object.fromEntries(those.map(({ labels, value }) => [labels.type!, value]));
}

/** A sensor that keeps what it sends, and waits for its answers. */
class KeepingSensor extends Sensor {
  readonly sent: Uint8Array[] = [];

  override sendOctets(datagram: Uint8Array): void {
    this.sent.push(datagram);
    super.sendOctets(datagram);
  }

  /** The first message that has these fields, as soon as it has come. */
  async gets<T extends Message["type"]>(type: T, fields: object = {}): Promise<Message & { type: T }> {
    const wanted = expect.objectContaining({ type, ...fields });
    const bound = { timeout: 20_000, interval: 5 };
    await vi.waitFor(() => expect(this.received).toContainEqual(wanted), bound);
    return this.received.find((message) => wanted.asymmetricMatch(message)) as Message & { type: T };
  }

  /** How many messages of this type have come. */
  count(type: Message["type"]): number {
    return this.received.filter((message) => message.type === type).length;
  }
}

const publish = (qos: 0 | 1 | 2 | -1, topicId: number, msgId: number, more: object = {}): Message => {
  const data = new Uint8Array(5);
  return { type: "PUBLISH", dup: false, qos, retain: false, topicIdType: "normal", topicId, msgId, data, ...more };
};

test("the figures are exactly what was done", async () => {
  const { port, scrape } = await start(...RETRY);
  const before = await scrape();
  expect(messagesOf(before, "in")).toEqual({});
  const sensor = new KeepingSensor(port);

  // Refused, then let in.
  sensor.connect("");
  await sensor.gets("CONNACK", { returnCode: 3 });
  sensor.connect("telltale");
  await sensor.gets("CONNACK", { returnCode: 0 });
  sensor.send({ type: "REGISTER", topicId: 0, msgId: 1, topicName: "telltale/topic" });
  const { topicId } = await sensor.gets("REGACK", { returnCode: 0 });
  sensor.send({ type: "REGISTER", topicId: 0, msgId: 2, topicName: "not/#/a/name" });
  await sensor.gets("REGACK", { returnCode: 3 });

  // One message of each QoS, one of them repeated, and one with an id that nobody was given.
  sensor.send(publish(0, topicId, 0));
  sensor.send(publish(1, topicId, 3));
  await sensor.gets("PUBACK", { msgId: 3, returnCode: 0 });
  sensor.send(publish(2, topicId, 4));
  await sensor.gets("PUBREC");
  sensor.send(publish(2, topicId, 4, { dup: true }));
  await vi.waitFor(() => expect(sensor.count("PUBREC")).toBe(2), { timeout: 20_000, interval: 5 });
  sensor.send({ type: "PUBREL", msgId: 4 });
  await sensor.gets("PUBCOMP");
  sensor.send(publish(1, 0xfff0, 5));
  await sensor.gets("PUBACK", { msgId: 5, returnCode: 2 });

  // A message to the client itself, which it acknowledges when it comes once more.
  sensor.send({ type: "SUBSCRIBE", dup: false, qos: 1, msgId: 6, topicIdType: "normal", topicName: "telltale/topic" });
  await sensor.gets("SUBACK", { returnCode: 0 });
  sensor.send(publish(1, topicId, 7));
  await sensor.gets("PUBACK", { msgId: 7, returnCode: 0 });
  const { msgId } = await sensor.gets("PUBLISH", { dup: true });
  sensor.send({ type: "PUBACK", topicId, msgId, returnCode: 0 });

  // It sleeps, wakes up, and sleeps on.
  sensor.send({ type: "DISCONNECT", duration: 600 });
  await sensor.gets("DISCONNECT");
  sensor.send({ type: "PINGREQ", clientId: "telltale" });
  await sensor.gets("PINGRESP");

  // Others: what is no message, one without a connection, a message for no gateway, and a client behind a forwarder.
  const stranger = new KeepingSensor(port);
  stranger.sendOctets(Uint8Array.of(9, 0x16));
  stranger.sendOctets(Uint8Array.of(2, 0xf0));
  stranger.send({ type: "CONNACK", returnCode: 0 });
  stranger.send(publish(-1, 0x6162, 0, { topicIdType: "short" }));
  const connect = { will: false, cleanSession: true, protocolId: 1, duration: 60, clientId: "node" };
  const data = encode({ type: "CONNECT", ...connect });
  stranger.send({ type: "ENCAPSULATED", radius: 0, wirelessNodeId: Uint8Array.of(1), data });
  await stranger.gets("ENCAPSULATED");

  const after = await scrape();
  const value = (name: string, labels: Record<string, string> = {}) => metricValue(after, name, labels);
  const deliveries = sensor.count("PUBLISH");
  expect(messagesOf(after, "in")).toEqual({
    CONNECT: 3,
    REGISTER: 2,
    PUBLISH: 7,
    PUBREL: 1,
    SUBSCRIBE: 1,
    PUBACK: 1,
    DISCONNECT: 1,
    PINGREQ: 1,
    CONNACK: 1,
    malformed: 2,
  });
  expect(messagesOf(after, "out")).toEqual({
    CONNACK: 3,
    REGACK: 2,
    PUBACK: 3,
    PUBREC: 2,
    PUBCOMP: 1,
    SUBACK: 1,
    PUBLISH: deliveries,
    DISCONNECT: 1,
    PINGRESP: 1,
  });
  const octets = [...sensor.sent, ...stranger.sent].reduce((sum, { length }) => sum + length, 0);
  const counted = after.get("mqttsn_message_bytes_total")!.samples.filter(({ labels }) => labels.direction === "in");
  expect(counted.reduce((sum, sample) => sum + sample.value, 0)).toBe(octets);

  const answers = after.get("mqttsn_answers_total")!.samples.filter((sample) => sample.value > 0);
  const told = answers.map(
    ({ labels, value: count }) => `${labels.direction} ${labels.type} ${labels.return_code} ${count}`,
  );
  expect(told.sort()).toEqual([
    "in CONNACK accepted 1",
    "in PUBACK accepted 1",
    "out CONNACK accepted 2",
    "out CONNACK not_supported 1",
    "out PUBACK accepted 2",
    "out PUBACK invalid_topic_id 1",
    "out REGACK accepted 1",
    "out REGACK not_supported 1",
    "out SUBACK accepted 1",
  ]);
  const byQos = (name: string) => after.get(name)!.samples.map(({ labels, value: count }) => `${labels.qos}: ${count}`);
  expect(byQos("mqttsn_publishes_total")).toEqual(["0: 1", "1: 2", "2: 1", "-1: 1"]);
  expect(byQos("mqttsn_deliveries_total")).toEqual(["0: 0", "1: 1", "2: 0"]);
  expect(value("mqttsn_publish_duration_seconds_count")).toBe(3);
  expect(value("mqttsn_delivery_duration_seconds_count")).toBe(1);
  // It was answered when it had come the second time at the earliest.
  expect(value("mqttsn_delivery_duration_seconds_sum")).toBeGreaterThan(0.29);
  expect(value("mqttsn_retransmissions_total", { direction: "in" })).toBe(1);
  expect(value("mqttsn_retransmissions_total", { direction: "out" })).toBe(deliveries - 1);
  expect(value("mqttsn_wake_ups_total")).toBe(1);
  expect(value("mqttsn_clients", { state: "asleep" })).toBe(1);
  expect(value("mqttsn_clients", { state: "active" })).toBe(1);
  expect(value("mqttsn_refusals_total", { request: "connect", reason: "client_id" })).toBe(1);
  expect(value("mqttsn_refusals_total", { request: "register", reason: "topic_name" })).toBe(1);
  expect(value("mqttsn_refusals_total", { request: "publish", reason: "topic_id" })).toBe(1);
  expect(value("mqttsn_drops_total", { what: "datagram", reason: "length" })).toBe(1);
  expect(value("mqttsn_drops_total", { what: "datagram", reason: "message_type" })).toBe(1);
  expect(value("mqttsn_drops_total", { what: "datagram", reason: "not_for_gateway" })).toBe(1);
  expect(value("mqttsn_events_total", { event: "client.connected" })).toBe(2);
  expect(value("mqttsn_links", { state: "open" })).toBe(2);
  expect(value("mqttsn_link_attempts_total", { result: "accepted" })).toBe(2);
  expect(value("mqttsn_mqtt_packets_total", { direction: "to_broker", type: "publish" })).toBe(4);
  expect(value("mqttsn_mqtt_packets_total", { direction: "to_broker", type: "subscribe" })).toBe(1);
  expect(value("mqttsn_mqtt_packets_total", { direction: "from_broker", type: "suback" })).toBe(1);
  expect(value("mqttsn_broker_reachable")).toBe(1);
});

test("counters never go down, many may ask at once, and nobody is named", async () => {
  const { port, text } = await start();
  const counters = (families: Families) =>
    [...families].flatMap(([name, { type, samples }]) =>
      type === "counter" || type === "histogram"
        ? samples.map(({ labels, value, name: own }) => [`${own}${JSON.stringify(labels)}`, value, name] as const)
        : [],
    );
  const last = new Map<string, number>();
  for (let round = 0; round < 5; round += 1) {
    const sensors = Array.from({ length: 10 }, () => new Sensor(port));
    for (const [index, sensor] of sensors.entries()) sensor.connect(`telltale-${round}-${index}`);
    const texts = await Promise.all(Array.from({ length: 6 }, () => text()));
    for (const sensor of sensors) expect((await sensor.message("CONNACK")).returnCode).toBe(0);
    for (const each of texts) expect(each).not.toContain("telltale");
    for (const [series, value] of counters(parseMetrics(await text()))) {
      expect(value, series).toBeGreaterThanOrEqual(last.get(series) ?? 0);
      last.set(series, value);
    }
  }
  expect(last.get('mqttsn_events_total{"event":"client.connected"}')).toBe(50);
});
