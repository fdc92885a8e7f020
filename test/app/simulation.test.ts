import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SimulationReport } from "../../src/app/device/simulation.ts";
import { Simulation, type SimulationOptions, type SimulationProgress } from "../../src/app/device/simulation.ts";
import { isSimulationClean, simulationJson, simulationSummary } from "../../src/app/device/simulation-summary.ts";
import { forgetSessions } from "../../src/app/forget-sessions.ts";
import { DEFAULT_DEVICE_SETTINGS } from "../../src/device/settings.ts";
import { decode } from "../../src/sn/decode.ts";
import { encode } from "../../src/sn/encode.ts";
import type { Message } from "../../src/sn/message.ts";
import { YesGateway, yes } from "./yes-gateway.ts";

const options: SimulationOptions = {
  gateway: { host: "127.0.0.1", port: 1883 },
  broker: undefined,
  deliver: false,
  nodes: 3,
  qos: 1,
  shortTopicId: 0x7a7a,
  forwarders: 0,
  rate: 100,
  durationMs: 200,
  sleepMs: undefined,
  payloadOctets: 16,
  loss: 0,
  seed: 1,
  tRetryMs: 1000,
  nRetry: 3,
};

const report: SimulationReport = {
  connected: 3,
  connectFailure: undefined,
  connectMs: 10,
  sendingMs: 200,
  sent: 20,
  accepted: 20,
  failed: 0,
  unanswered: 0,
  answerLatencyMs: { p50: 1, p99: 2 },
  delivery: undefined,
  retransmissions: 7,
  gaveUp: 0,
  connectionsLost: 1,
  farEndFailure: undefined,
  leftBehind: undefined,
};

const arrived = {
  delivered: 20,
  lostAccepted: 0,
  lostUnaccepted: 0,
  duplicated: 0,
  foreign: 0,
  arrivalLatencyMs: { p50: 1, p99: 2 },
};

describe("a simulation against a gateway that says yes", () => {
  let gateway: YesGateway;
  let port: number;

  beforeEach(async () => {
    gateway = new YesGateway();
    port = await gateway.open();
  });

  afterEach(() => gateway.close());

  async function run(
    changed: Partial<SimulationOptions> = {},
  ): Promise<{ report: SimulationReport; progress: SimulationProgress[] }> {
    const progress: SimulationProgress[] = [];
    const simulation = new Simulation({ ...options, ...changed, gateway: { host: "127.0.0.1", port } }, (each) =>
      progress.push(each),
    );
    return { report: await simulation.run(), progress };
  }

  test("sends all that is due in the time", async () => {
    const { report } = await run();
    expect(report).toMatchObject({ connected: 3, sent: 20, accepted: 20, unanswered: 0, leftBehind: undefined });
    expect(isSimulationClean(options, report)).toBe(true);
  });

  test("shows the end of every phase", async () => {
    const { progress } = await run();
    const last = new Map(progress.map((each) => [each.phase, each]));
    expect([...last.values()]).toEqual([
      { phase: "connecting", done: 3, total: 3 },
      { phase: "sending", done: 0.2, total: 0.2 },
      { phase: "settling", done: 20, total: 20 },
      { phase: "disconnecting", done: 3, total: 3 },
    ]);
  });

  test("E5 nodes behind forwarders are told apart by their ids, and forwarders by their addresses", async () => {
    const nodesByAddress = new Map<number, Set<string>>();
    gateway.answer = (message, from) => {
      if (message.type !== "ENCAPSULATED") return undefined;
      const nodes = nodesByAddress.get(from) ?? new Set();
      nodesByAddress.set(from, nodes.add(Buffer.from(message.wirelessNodeId).toString("hex")));
      const inner = yes(decode(message.data) as Message);
      return inner && { ...message, data: encode(inner) };
    };
    const { report } = await run({ nodes: 5, forwarders: 2 });
    expect(report).toMatchObject({ connected: 5, sent: 20, accepted: 20, unanswered: 0 });
    const nodes = [...nodesByAddress.values()].map((each) => [...each].sort());
    expect(nodes.sort()).toEqual([
      ["00000000", "00000002", "00000004"],
      ["00000001", "00000003"],
    ]);
  });

  test("N1 at QoS −1 nobody connects, and nothing but PUBLISH to the short topic name is sent", async () => {
    const { report, progress } = await run({ qos: -1 });
    expect(progress.at(-1)).toEqual({ phase: "disconnecting", done: 3, total: 3 });
    expect(report).toMatchObject({ connected: 0, sent: 20, failed: 0, unanswered: 0 });
    await expect.poll(() => gateway.heard.length).toBe(20);
    for (const message of gateway.heard) {
      expect(message).toMatchObject({ type: "PUBLISH", qos: -1, msgId: 0, topicIdType: "short", topicId: 0x7a7a });
    }
    expect(isSimulationClean({ ...options, qos: -1 }, report)).toBe(true);
    expect(simulationSummary({ ...options, qos: -1 }, report)).toMatch(/^nodes +3, without a connection$/m);
  });

  test("S11 sessions are forgotten by a clean CONNECT for each client", async () => {
    const clients = ["a", "b"].map((clientId) => ({ ...DEFAULT_DEVICE_SETTINGS, clientId, cleanSession: false }));
    expect(await forgetSessions({ host: "127.0.0.1", port }, clients, 10_000)).toBe(true);
    const connects = gateway.heard.filter(({ type }) => type === "CONNECT");
    expect(connects).toMatchObject([
      { clientId: "a", cleanSession: true },
      { clientId: "b", cleanSession: true },
    ]);
    expect(gateway.heard.filter(({ type }) => type === "DISCONNECT")).toHaveLength(2);
  });

  test("sessions that the gateway does not answer for are not taken for forgotten", async () => {
    gateway.answer = () => undefined;
    const clients = [{ ...DEFAULT_DEVICE_SETTINGS, clientId: "a", tRetryMs: 10, nRetry: 1 }];
    expect(await forgetSessions({ host: "127.0.0.1", port }, clients, 10_000)).toBe(false);
  });
});

describe("what becomes of a simulation", () => {
  test.each<[string, Partial<SimulationOptions>, Partial<SimulationReport>, boolean]>([
    ["every message was acknowledged", {}, {}, true],
    ["one failed", {}, { accepted: 19, failed: 1 }, false],
    ["one has no answer", {}, { accepted: 19, unanswered: 1 }, false],
    ["one has no answer, and the others arrived", {}, { unanswered: 1, delivery: arrived }, false],
    ["a node did not connect", {}, { connected: 2 }, false],
    ["an acknowledged one did not arrive", {}, { delivery: { ...arrived, lostAccepted: 1 } }, false],
    ["one came twice at QoS 1", {}, { delivery: { ...arrived, duplicated: 1 } }, true],
    ["one came twice at QoS 2", { qos: 2 }, { delivery: { ...arrived, duplicated: 1 } }, false],
    ["some did not arrive at QoS 0", { qos: 0 }, { delivery: { ...arrived, lostAccepted: 2 } }, true],
  ])("%s", (_what, changedOptions, changedReport, isClean) => {
    expect(isSimulationClean({ ...options, ...changedOptions }, { ...report, ...changedReport })).toBe(isClean);
  });

  test("the summary counts one as one", () => {
    expect(simulationSummary(options, report)).toContain("7 retransmissions, 0 given up, 1 connection lost;");
  });

  test("the summary asks whose broker it is where nothing arrived, and keeps its password to itself", () => {
    const watched = { ...options, broker: "mqtt://user:secret@broker.example:1883" };
    const nothing = { ...arrived, delivered: 0, lostAccepted: 20 };
    const hint = "nothing arrived: is mqtt://broker.example:1883 the gateway's broker?";
    expect(simulationSummary(watched, { ...report, delivery: nothing })).toContain(hint);
    expect(simulationSummary(watched, { ...report, delivery: { ...nothing, delivered: 1 } })).not.toContain("hint");
    expect(simulationSummary(watched, { ...report, accepted: 0, delivery: nothing })).not.toContain("hint");
  });

  test("the summary calls nothing lost that nobody could see arrive", () => {
    const delivery = { ...arrived, lostAccepted: 20 };
    const farEndFailure = "the broker at mqtt://x:1883 closed the connection";
    const text = simulationSummary(options, { ...report, delivery, farEndFailure });
    expect(text).toMatch(/^delivered .*, lost: not known, /m);
    expect(text).toMatch(/^incomplete +the broker at .*; nothing was counted from then on$/m);
    const delivering = { ...options, deliver: true };
    expect(simulationSummary(delivering, { ...report, delivery, farEndFailure })).toContain("20 lost");
    expect(simulationSummary(options, { ...report, delivery })).toContain("20 lost");
  });

  test("the JSON has what the options and the report have", () => {
    expect(JSON.parse(simulationJson(options, report))).toMatchObject({ nodes: 3, connectMs: 10, sent: 20 });
  });
});
