import { readFileSync } from "node:fs";
import { generate, type Packet } from "mqtt-packet";
import { describe, expect, test } from "vitest";
import { packetOctets } from "../bench/capacity-octets.ts";
import { capacitySections, withSections } from "../bench/capacity-sections.ts";
import type { IdleFigures } from "../bench/idle-figures.ts";
import type { Results } from "../bench/results.ts";
import { encode } from "../src/sn/encode.ts";
import type { Message } from "../src/sn/message.ts";

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

const PAGE = read("docs/capacity.md");
const RESULTS = JSON.parse(read("bench/results.json")) as Results;
const IDLE = JSON.parse(read("bench/idle-results.json")) as IdleFigures[];

// `npm run docs` writes the page anew; without it figures that are stale fail here.
test("docs/capacity.md says what was measured", async () => {
  await expect(withSections(PAGE, capacitySections(RESULTS, IDLE))).toMatchFileSnapshot("../docs/capacity.md");
});

test("a section takes the place of that of before, and the rest of the page stays", () => {
  const page = "before\n<!-- one: written -->\n\nold\n\n<!-- /one -->\nafter\n";
  expect(withSections(page, { one: "new $1" })).toBe(
    "before\n<!-- one: written -->\n\nnew $1\n\n<!-- /one -->\nafter\n",
  );
  expect(() => withSections(page, { two: "new" })).toThrow("two");
});

test("where nothing was measured of a mode it says which", () => {
  const cases = RESULTS.cases.filter(({ mode }) => mode !== "deliver-qos2");
  expect(() => capacitySections({ ...RESULTS, cases }, IDLE)).toThrow("deliver-qos2");
});

describe("memory to plan with", () => {
  const connected = (median: number): Results => ({
    ...RESULTS,
    cases: [
      ...RESULTS.cases.filter(({ mode }) => mode !== "connect"),
      {
        mode: "connect",
        nodes: 10_000,
        subject: "gateway",
        runs: [],
        failures: [],
        figures: { gatewayKibPerClient: { median, min: median, max: median } },
      },
    ],
  });
  const each = (median: number) => capacitySections(connected(median), IDLE).memory?.match(/asleep: (\d+) KiB/)?.[1];

  test("for each device is the most that was measured in any way", () => {
    const asleep = IDLE.filter(({ broker }) => broker === "mosquitto").map((one) => one.gatewayKibPerClient);
    expect(each(1)).toBe(`${Math.ceil(Math.max(...asleep))}`);
    expect(each(12.3)).toBe("13");
  });

  test("is what the worked examples count with", () => {
    expect(capacitySections(connected(12.3), IDLE).example).toContain("10,000 × 13 KiB");
  });
});

test("what more connections take to be made is between what was measured with fewer and with more", () => {
  const [one] = IDLE.filter(({ broker }) => broker === "mosquitto");
  const at = (clients: number, seconds: number): IdleFigures => ({
    ...one!,
    clients,
    connecting: { ...one!.connecting, seconds },
  });
  expect(capacitySections(RESULTS, [at(10_000, 4), at(25_000, 6)]).idle).toContain("12 to 20 s to connect");
  expect(capacitySections(RESULTS, [at(10_000, 4), at(25_000, 10)]).idle).toContain(" 20 s to connect");
});

describe("octets on the wire", () => {
  const PAYLOAD = Buffer.alloc(20);
  const PUBLISH = { dup: false, qos: 1, retain: false, topicIdType: "normal", topicId: 1, msgId: 1 } as const;
  const SUBSCRIBE = { type: "SUBSCRIBE", dup: false, qos: 1, msgId: 1, topicIdType: "normal" } as const;
  const CLIENT_ID = "12345678";
  const NAME = "a/name";

  test.each<[Message, string, number]>([
    [{ type: "PUBLISH", ...PUBLISH, data: PAYLOAD }, "| PUBLISH | 7 + payload + 28 |", 7 + 20],
    [{ type: "PUBACK", topicId: 1, msgId: 1, returnCode: 0 }, "| PUBACK, REGACK | 7 + 28 |", 7],
    [{ type: "REGACK", topicId: 1, msgId: 1, returnCode: 0 }, "| PUBACK, REGACK | 7 + 28 |", 7],
    [{ type: "PUBREC", msgId: 1 }, "| PUBREC, PUBREL, PUBCOMP | 4 + 28 |", 4],
    [{ type: "PINGREQ", clientId: CLIENT_ID }, "PINGRESP | 2 + client id + 28, 2 + 28 |", 2 + 8],
    [{ type: "PINGRESP" }, "PINGRESP | 2 + client id + 28, 2 + 28 |", 2],
    [
      { type: "CONNECT", will: false, cleanSession: true, protocolId: 1, duration: 60, clientId: CLIENT_ID },
      "| CONNECT, CONNACK | 6 + client id + 28, 3 + 28 |",
      6 + 8,
    ],
    [{ type: "CONNACK", returnCode: 0 }, "| CONNECT, CONNACK | 6 + client id + 28, 3 + 28 |", 3],
    [{ type: "REGISTER", topicId: 0, msgId: 1, topicName: NAME }, "| REGISTER | 6 + name + 28 |", 6 + 6],
    [{ ...SUBSCRIBE, topicName: NAME }, "| SUBSCRIBE, SUBACK | 5 + name + 28, 8 + 28 |", 5 + 6],
    [{ type: "SUBACK", qos: 0, topicId: 1, msgId: 1, returnCode: 0 }, "SUBACK | 5 + name + 28, 8 + 28 |", 8],
    [{ type: "DISCONNECT", duration: 60 }, "| DISCONNECT with a duration, its answer | 4 + 28, 2 + 28 |", 4],
    [{ type: "DISCONNECT", duration: undefined }, "its answer | 4 + 28, 2 + 28 |", 2],
  ])("of a device: %j", (message, row, octets) => {
    expect(PAGE).toContain(row);
    expect(encode(message).length).toBe(octets);
  });

  const publish = (qos: 0 | 1): Packet => ({
    cmd: "publish",
    topic: NAME,
    payload: PAYLOAD,
    qos,
    dup: false,
    retain: false,
    messageId: 1,
  });

  test.each<[Packet, string, number]>([
    [publish(0), "| PUBLISH with QoS 0 | 4 + topic + payload + 52 |", 4 + 6 + 20],
    [publish(1), "| PUBLISH with QoS 1 or 2 | 6 + topic + payload + 52 |", 6 + 6 + 20],
    [{ cmd: "puback", messageId: 1 }, "| PUBACK, PUBREC, PUBREL, PUBCOMP | 4 + 52 |", 4],
    [{ cmd: "pingreq" }, "| PINGREQ, PINGRESP | 2 + 52 each", 2],
  ])("towards the broker: %j", (packet, row, octets) => {
    expect(PAGE).toContain(row);
    expect(generate(packet).length).toBe(octets);
  });

  test("a message longer than 255 octets has two more for its length", () => {
    expect(encode({ type: "PUBLISH", ...PUBLISH, data: Buffer.alloc(248) }).length).toBe(255);
    expect(encode({ type: "PUBLISH", ...PUBLISH, data: Buffer.alloc(249) }).length).toBe(258);
  });

  test("a message and its answer are what the worked examples add up", () => {
    expect(packetOctets("a/topic/of/20/octets", 20)).toEqual({
      sensor: 55 + 35,
      broker: 46 + 4 + 3 * 52,
    });
  });
});
