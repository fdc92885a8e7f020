import type { ClientSummary, HistoryPoint, LoggedEvent } from "../../src/http/answers.ts";
import { describe } from "../../src/sn/describe.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import { MadeUpGateway, madeUpClient } from "./made-up-gateway.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Sensors that sleep between two measurements: name, how long, how long ago they were heard, how often they have woken up. */
const SLEEPERS: readonly [name: string, sleepSeconds: number, heardSeconds: number, wakeUps: number][] = [
  ["door-front", 900, 412, 271],
  ["door-terrace", 900, 77, 268],
  ["humidity-bathroom", 300, 124, 811],
  ["rain-roof", 600, 318, 402],
  ["soil-greenhouse-1", 600, 45, 405],
  ["soil-greenhouse-2", 600, 561, 398],
  ["window-attic", 900, 233, 270],
  ["window-bedroom", 900, 8, 269],
  ["window-kitchen", 900, 655, 272],
];

/** Devices with mains: name, messages, when they were heard. */
const LISTENERS: readonly [name: string, published: number, heardSeconds: number][] = [
  ["boiler-cellar", 4820, 3],
  ["heatpump-garden", 9613, 1],
  ["meter-electricity", 27_744, 2],
  ["valve-radiator-hall", 412, 38],
];

/** The gateway of a house with some sensors, two of which make trouble: for pictures of the status page. Always the same, but for the time. */
export function madeUpHouse(now: number, version: string): MadeUpGateway {
  const house = new MadeUpGateway();
  const sleepers = SLEEPERS.map(([name, sleepSeconds, heard, wakeUps], index) => {
    const lastSeen = now - heard * SECOND;
    return madeUpClient(name, {
      ...placed(index),
      state: "asleep",
      sleepSeconds,
      keepAliveSeconds: 60,
      lastSeen,
      lostAt: lastSeen + sleepSeconds * 1100,
      wakeUps,
      queued: name === "window-kitchen" ? 2 : 0,
      published: wakeUps,
      ...traffic(wakeUps * 3, 31, wakeUps * 3, 12),
    });
  });
  const listeners = LISTENERS.map(([name, published, heard], index) => {
    const lastSeen = now - heard * SECOND;
    return madeUpClient(name, {
      address: `192.168.1.${21 + index}:1884`,
      lastSeen,
      lostAt: lastSeen + 450 * SECOND,
      topics: 3 + index,
      published,
      ...traffic(published + 60, 38, published + 64, 8),
    });
  });
  house.add(...sleepers, ...listeners, ...troubled(now));
  house.points = history(now);
  Object.assign(house.about, { log: log(now) });
  const passed = (perSecond: number) => Math.round(((Date.now() - now) / SECOND) * perSecond);
  Object.defineProperties(house.about, {
    published: { enumerable: true, get: () => [27_744, 21_310 + passed(2.4), 0] },
    delivered: { enumerable: true, get: () => [120, 2210 + passed(0.7), 0] },
  });
  Object.assign(house.about, { datagramsIn: 58_214, octetsIn: 2_144_310, datagramsOut: 57_980, octetsOut: 612_447 });
  Object.assign(house.about, { queued: 2, queuedOctets: 64, repeatedByClients: 431, repeatedToClients: 26 });
  Object.assign(house.about, { version, startedAt: now - 68 * HOUR, wakeUps: 3366 });
  house.details.subscribed = [
    { filter: "house/boiler/set", qos: 1, topicIdType: "normal", topicId: 3 },
    { filter: "house/all/+", qos: 0, topicIdType: "normal", topicId: 0 },
  ];
  house.details.topicIds = ["temperature", "pressure", "set"].map((name, index) => {
    return { id: index + 1, name: `house/boiler/${name}`, announced: true, suppressed: false };
  });
  house.details.will = { topic: "house/boiler/state", qos: 1, retain: true, octets: 7 };
  house.details.log = log(now).filter(({ clientId }) => clientId === "boiler-cellar");
  house.details.events = ["PUBLISH", "puback", "PUBLISH", "puback", "publish", "PUBACK", "PUBLISH", "puback"].map(
    (event, index) => ({ at: now - 12_000 + index * 1200, event, id: 4813 + (index >> 1) }),
  );
  house.traced = trace(now);
  return house;
}

/** Every third one is behind a forwarder. */
function placed(index: number): Partial<ClientSummary> {
  if (index % 3 !== 2) return { address: `192.168.1.${60 + index}:1884` };
  return { address: "192.168.1.30:10000", wirelessNodeId: `00124b0018ed${(0x2fa0 + index).toString(16)}` };
}

function traffic(datagramsIn: number, octetsEachIn: number, datagramsOut: number, octetsEachOut: number) {
  const octetsIn = datagramsIn * octetsEachIn;
  return { datagramsIn, octetsIn, datagramsOut, octetsOut: datagramsOut * octetsEachOut };
}

function troubled(now: number): ClientSummary[] {
  const lostAt = now - 26 * MINUTE;
  return [
    madeUpClient("motion-garage", {
      ...placed(4),
      state: "lost",
      sleepSeconds: 300,
      lastSeen: lostAt - 6 * MINUTE,
      lostAt: null,
      link: "none",
      wakeUps: 702,
      ...traffic(2110, 29, 2104, 12),
      parted: { how: "lost", at: lostAt, reason: "silent for 330 s" },
    }),
    madeUpClient("weather-mast", {
      ...placed(5),
      lastSeen: now - 19 * SECOND,
      published: 610,
      repeatedIn: 428,
      ...traffic(1052, 44, 1046, 8),
    }),
    madeUpClient("new-sensor", {
      ...placed(6),
      state: "refused",
      lastSeen: now - 4 * MINUTE,
      lostAt: null,
      link: "none",
      subscriptions: 0,
      topics: 0,
      connects: 0,
      published: 0,
      ...traffic(3, 18, 3, 3),
      parted: { how: "refused", at: now - 4 * MINUTE, reason: "the broker: not authorized" },
    }),
  ];
}

function history(now: number): HistoryPoint[] {
  return Array.from({ length: 600 }, (_, index) => {
    const isOut = index > 348 && index < 372;
    const wave = 2.4 + 0.9 * Math.sin(index / 37) + 0.5 * Math.sin(index / 5.3) * Math.sin(index / 11);
    return {
      at: now - (600 - index) * SECOND,
      datagramsInPerSecond: 2 * wave,
      datagramsOutPerSecond: 2 * wave,
      publishedPerSecond: isOut ? 0 : wave + (index >= 372 && index < 378 ? 3 : 0),
      deliveredPerSecond: isOut ? 0 : 0.7 + 0.3 * Math.cos(index / 23),
      repeatedPerSecond: index % 61 < 3 ? 0.4 : 0,
      clients: 14,
      asleep: 9,
      brokerReachable: !isOut,
    };
  });
}

function log(now: number): LoggedEvent[] {
  const said: readonly [
    secondsAgo: number,
    level: "info" | "warn",
    name: string,
    message: string,
    clientId: string | null,
  ][] = [
    [
      3900,
      "info",
      "client.connected",
      "address 192.168.1.21:1884, cleanSession false, duration 300, will true (a client's CONNECT was accepted)",
      "boiler-cellar",
    ],
    [
      1560,
      "warn",
      "client.lost",
      "silence, address 192.168.1.64:1884 (a client was silent for too long, did not answer, or was replaced; its will fires)",
      "motion-garage",
    ],
    [
      251,
      "warn",
      "broker.unreachable",
      "the broker at mqtt://192.168.1.2:1883 cannot be reached: connection closed. The gateway keeps trying.",
      null,
    ],
    [
      240,
      "info",
      "client.refused",
      "not authorized, address 192.168.1.66:1884 (a CONNECT was refused; reason and return code say why)",
      "new-sensor",
    ],
    [
      228,
      "info",
      "broker.reachable",
      "the broker at mqtt://192.168.1.2:1883 is there again after 23 s; the connections of clients are made anew",
      null,
    ],
    [
      38,
      "info",
      "client.connected",
      "address 192.168.1.24:1884, cleanSession false, duration 300, will false (a client's CONNECT was accepted)",
      "valve-radiator-hall",
    ],
  ];
  return said.map(([secondsAgo, level, name, message, clientId]) => {
    return { at: now - secondsAgo * SECOND, level, name, message, clientId };
  });
}

function trace(now: number) {
  const publish = (topicId: number, msgId: number, text: string): Message => {
    const flags = { dup: false, qos: 1, retain: false, topicIdType: "normal" } as const;
    return { type: "PUBLISH", ...flags, topicId, msgId, data: Buffer.from(text) };
  };
  const puback = (topicId: number, msgId: number): Message => ({ type: "PUBACK", topicId, msgId, returnCode: 0 });
  const said: readonly ["in" | "out", Message][] = [
    ["in", publish(1, 4815, "61.5")],
    ["out", puback(1, 4815)],
    ["out", publish(3, 12, "58")],
    ["in", puback(3, 12)],
    ["in", publish(2, 4816, "1.8")],
    ["out", puback(2, 4816)],
  ];
  return said.map(([direction, message], index) => {
    const data = encode(message);
    const at = now - 5000 + (index >> 1) * 1700 + (index & 1) * 23;
    return { at, direction, octets: data.length, text: describe(message), hex: Buffer.from(data).toString("hex") };
  });
}
