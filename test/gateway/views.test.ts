import { describe, expect, test } from "vitest";
import type { ClientView } from "../../src/gateway/client-view.ts";
import { LATENCY_BOUNDS_MS, Latencies } from "../../src/gateway/latencies.ts";
import { octets, Script } from "./script.ts";

const DURABLE = { cleanSession: false };

const view = (s: Script, clientId = "dev1"): ClientView | undefined =>
  [...s.gateway.views()].find((each) => each.clientId === clientId);

/** States in which there is anybody. */
const counted = (s: Script) =>
  Object.fromEntries(Object.entries(s.gateway.stateCounts).filter(([, count]) => count > 0));

describe("what there is to see of a client", () => {
  test("is its state, since when it is silent, and until when it may be", () => {
    const s = new Script().client("CONNECT", { duration: 60 }).opens();
    expect(view(s)).toMatchObject({ state: "awaiting broker", link: "opening", lostAt: undefined });
    s.accepts().toClient("CONNACK").after(10_000);
    expect(view(s)).toMatchObject({ state: "active", link: "open", heardAt: 0, lostAt: 90_000, keepAlive: 60 });
    s.sleep(300);
    expect(view(s)).toMatchObject({ state: "asleep", heardAt: 10_000, sleepDuration: 300 });
    expect(view(s)!.lostAt).toBeGreaterThan(310_000);
    expect(counted(s)).toEqual({ asleep: 1 });
  });

  test("is what it has subscribed to, its topic ids and its will, without the message", () => {
    const s = new Script().connectWithWill({}, { willTopic: "w", willMsg: "gone" });
    const topicId = s.subscribe("a/b", 1);
    expect(view(s)).toMatchObject({ subscriptions: 1, topics: 1 });
    const detail = s.gateway.detail("dev1", s.now)!;
    expect(detail.subscribed).toEqual([{ filter: "a/b", qos: 1, topicIdType: "normal", topicId: 0 }]);
    expect(detail.topicIds).toEqual([{ id: topicId, name: "a/b", announced: true, suppressed: false }]);
    expect(detail.will).toEqual({ topic: "w", qos: 0, retain: false, octets: 4 });
    expect(JSON.stringify(detail)).not.toContain("gone");
  });

  test("is what happened to it last", () => {
    const s = new Script().connect().after(5000).client("PINGREQ").toClient("PINGRESP").after(1000);
    const { events } = s.gateway.detail("dev1", s.now)!;
    expect(events.map(({ event, ageMs }) => [event, ageMs])).toEqual([
      ["CONNECT", 6000],
      ["link-opened", 6000],
      ["PINGREQ", 1000],
    ]);
  });

  test("is where its forwarder is, and which of its nodes it is", () => {
    const s = new Script().behind("f1", Uint8Array.of(0xab, 1)).connect();
    expect(view(s)).toMatchObject({ address: "f1", wirelessNodeId: "ab01" });
  });

  test("is what waits for it and what it waits for", () => {
    const s = new Script().connect();
    s.subscribe("a", 1);
    s.client("PUBLISH", { topicIdType: "short", topicId: 0x6162, qos: 1, msgId: 9 }).toBroker("publish");
    expect(view(s)).toMatchObject({ waiting: 0, unanswered: 1 });
    s.sleep().deliver("a", { qos: 1, messageId: 1, payload: "hello" });
    expect(view(s)).toMatchObject({ waiting: 1, waitingOctets: expect.any(Number) });
    expect(view(s)!.waitingOctets).toBeGreaterThan(5);
    expect(s.gateway.buffered).toMatchObject({ messages: 1 });
    s.client("PINGREQ", { clientId: "dev1" }).toClient("PUBLISH", { data: "hello" });
    s.client("PUBACK", { topicId: view(s) ? s.gateway.detail("dev1", s.now)!.topicIds[0]!.id : 0, msgId: 1 });
    s.toBroker("puback");
    s.arrows();
    expect(s.gateway.buffered.messages).toBe(0);
  });

  test("is that its connection is made anew", () => {
    const s = new Script().connect().gone();
    expect(view(s)).toMatchObject({ state: "active", link: "renewing" });
  });
});

describe("a client that has gone", () => {
  test("is remembered with how and why it went, and its figures go on when it is back", () => {
    const s = new Script().connect({ duration: 60 }).after(90_000).closes(false).gone();
    expect(view(s)).toMatchObject({
      state: "lost",
      lostAt: undefined,
      figures: { connects: 1, parted: { how: "lost", at: 90_000, reason: "silent for longer than its keep alive" } },
    });
    expect(counted(s)).toEqual({ lost: 1 });
    s.connect();
    expect(counted(s)).toEqual({ active: 1 });
    expect(view(s)).toMatchObject({ state: "active", figures: { connects: 2, parted: { how: "lost" } } });
    expect([...s.gateway.views()]).toHaveLength(1);
  });

  test("is shown with its session where that is kept", () => {
    const s = new Script().connect(DURABLE);
    s.subscribe("a", 1);
    s.disconnect();
    expect(view(s)).toMatchObject({ state: "disconnected", durable: true, subscriptions: 1 });
    expect(s.gateway.detail("dev1", s.now)!.subscribed).toHaveLength(1);
  });

  test("or was refused by the broker, is shown as refused, with the reason", () => {
    const s = new Script().client("CONNECT").opens().refuses(5).toClient("CONNACK", { returnCode: 3 });
    expect(view(s)?.state).toBe("refused");
    expect(view(s)?.figures.parted?.reason).toMatch(/^refused by the broker/);
  });

  test("or was refused before it got a session, is shown as refused, with the reason, until it is let in", () => {
    const s = new Script({ clientsMax: 1 }).client("CONNECT", { protocolId: 2 }).toClient("CONNACK", { returnCode: 3 });
    expect(view(s)).toMatchObject({
      state: "refused",
      figures: { parted: { reason: "ProtocolId 2" }, datagramsIn: 1, datagramsOut: 1, octetsOut: 3 },
    });
    s.client("CONNECT", { protocolId: 3 }).toClient("CONNACK", { returnCode: 3 });
    expect(view(s)?.figures).toMatchObject({ parted: { reason: "ProtocolId 3" }, datagramsIn: 2 });
    expect(counted(s)).toEqual({ refused: 1 });
    s.connect();
    expect(view(s)).toMatchObject({ state: "active", figures: { connects: 1 } });
    expect(counted(s)).toEqual({ active: 1 });
    s.client("CONNECT", { protocolId: 2 }).toClient("CONNACK", { returnCode: 3 });
    expect(view(s)).toMatchObject({ state: "active" });
  });

  test("or was refused, takes no place of one that was there, and an id that is none is not remembered", () => {
    const s = new Script({ clientsMax: 1 }).connect({ clientId: "c1" }).disconnect();
    s.client("CONNECT", { clientId: "c2", protocolId: 2 }).toClient("CONNACK", { returnCode: 3 });
    s.client("CONNECT", { clientId: "" }).toClient("CONNACK", { returnCode: 3 });
    expect(Array.from(s.gateway.views(), ({ clientId }) => clientId)).toEqual(["c1"]);
    const empty = new Script().client("CONNECT", { clientId: "" }).toClient("CONNACK", { returnCode: 3 });
    expect(Array.from(empty.gateway.views())).toEqual([]);
  });

  test("or did not finish its CONNECT, is shown as that", () => {
    const s = new Script().client("CONNECT", { will: true }).toClient("WILLTOPICREQ").after(60_000);
    s.arrows();
    expect(view(s)).toMatchObject({ state: "abandoned", figures: { parted: { how: "abandoned" } } });
  });

  test("is remembered as long as there are not more of them than clients.max; of more, the first are not", () => {
    const s = new Script({ clientsMax: 3 });
    for (let index = 0; index < 5; index += 1) s.connect({ clientId: `c${index}` }).disconnect();
    expect(Array.from(s.gateway.views(), ({ clientId }) => clientId)).toEqual(["c2", "c3", "c4"]);
    expect(counted(s)).toEqual({ disconnected: 3 });
    s.connect({ clientId: "c3" }).disconnect().connect({ clientId: "c5" }).disconnect();
    expect(Array.from(s.gateway.views(), ({ clientId }) => clientId)).toEqual(["c4", "c3", "c5"]);
  });

  test("is counted where its session is dropped to stay within a limit", () => {
    const s = new Script({ clientsMax: 1 }).connect({ ...DURABLE, clientId: "c1" }).disconnect();
    s.connect({ ...DURABLE, clientId: "c2" })
      .disconnect()
      .noted("client.forgotten", { clientId: "c1" });
    expect(view(s, "c1")).toMatchObject({ state: "disconnected" });
    expect(counted(s)).toEqual({ disconnected: 2 });
  });

  test("and is in what is restored once more is shown once", () => {
    const before = new Script().connect(DURABLE);
    before.subscribe("a".repeat(1000), 1);
    before.disconnect();
    const saved = before.saved()!;
    const s = new Script({ namesOctetsMax: 1000 });
    s.event({ type: "restore", saved: { sessions: [saved, { ...saved, state: "asleep" }], lastTopicId: 1 } });
    s.arrows();
    expect(Array.from(s.gateway.views(), ({ clientId, state }) => [clientId, state])).toEqual([["dev1", "asleep"]]);
    expect(counted(s)).toEqual({ asleep: 1 });
  });

  test("of which nothing is known is not shown", () => {
    expect(new Script().gateway.detail("dev1", 0)).toBeUndefined();
  });
});

describe("figures", () => {
  test("count datagrams and octets each way, the envelopes of forwarders included", () => {
    const s = new Script().connect();
    const [connect, connack] = [octets("CONNECT").length, 3];
    expect(view(s)!.figures).toMatchObject({ datagramsIn: 1, octetsIn: connect, datagramsOut: 1, octetsOut: connack });
    s.behind("f1", Uint8Array.of(1)).connect({ clientId: "dev2" });
    const wrapped = octets("ENCAPSULATED", { radius: 0, wirelessNodeId: Uint8Array.of(1), data: new Uint8Array() });
    const { figures } = view(s, "dev2")!;
    expect(figures.octetsIn).toBe(connect + wrapped.length);
    expect(figures.octetsOut).toBe(connack + wrapped.length);
  });

  test("count messages when the other end has them", () => {
    const s = new Script().connect();
    const topicId = s.register("t");
    s.client("PUBLISH", { topicId }).toBroker("publish");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 2 }).toBroker("publish");
    expect(s.gateway.figures.published).toEqual([1, 0, 0]);
    s.after(15).broker("puback", { messageId: 2 }).toClient("PUBACK");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 3 }).toBroker("publish").after(150);
    s.broker("pubrec", { messageId: 3 }).toClient("PUBREC");
    expect(s.gateway.figures.published).toEqual([1, 1, 1]);
    s.client("PUBREL", { msgId: 3 }).toBroker("pubrel").broker("pubcomp", { messageId: 3 }).toClient("PUBCOMP");
    expect(s.gateway.figures.published).toEqual([1, 1, 1]);
    expect(view(s)!.figures.published).toBe(3);
    const { counts, sumMs } = s.gateway.figures.publishLatencies;
    expect(sumMs).toBe(165);
    expect(counts[LATENCY_BOUNDS_MS.indexOf(20)]).toBe(1);
    expect(counts[LATENCY_BOUNDS_MS.indexOf(200)]).toBe(1);
    expect(counts.reduce((sum, count) => sum + count)).toBe(2);
  });

  test("count what a client has, how long it took, and what it was not given", () => {
    const s = new Script({ nRetry: 1 }).connect();
    const topicId = s.subscribe("a", 2);
    s.deliver("a").toClient("PUBLISH");
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH").after(10_000).toClient("PUBLISH", { dup: true });
    s.after(30).client("PUBACK", { topicId, msgId: 1 }).toBroker("puback");
    s.deliver("a", { qos: 2, messageId: 2 }).toClient("PUBLISH").client("PUBREC", { msgId: 2 }).toBroker("pubrec");
    s.broker("pubrel", { messageId: 2 }).toClient("PUBREL").client("PUBCOMP", { msgId: 2 }).toBroker("pubcomp");
    expect(s.gateway.figures.delivered).toEqual([1, 1, 1]);
    expect(s.gateway.figures.deliveryLatencies.sumMs).toBe(10_030);
    expect(s.gateway.figures.repeatedToClients).toBe(1);
    s.deliver("b", { qos: 1, messageId: 3 }).toClient("REGISTER");
    s.client("REGACK", { topicId: 0, msgId: 0xffff, returnCode: 3 }).toBroker("puback");
    expect(view(s)!.figures).toMatchObject({ delivered: 3, repeatedOut: 1, dropped: 1 });
  });

  test("count what a client asks for once more, and take no time for what it acknowledged over a connection of before", () => {
    const s = new Script().connect({ cleanSession: false });
    const topicId = s.subscribe("a", 1);
    s.sleep().deliver("a", { qos: 1, messageId: 3 }).client("PINGREQ", { clientId: "dev1" }).toClient("PUBLISH");
    s.client("PINGREQ", { clientId: "dev1" }).toClient("PUBLISH");
    expect(s.gateway.figures.repeatedToClients).toBe(1);
    s.gone().client("PUBACK", { topicId, msgId: 3 }).nothing().after(2000);
    s.opens().accepts(true).does("probe").deliver("a", { qos: 1, messageId: 3, dup: true }).toBroker("puback");
    s.arrows();
    expect(s.gateway.figures.delivered).toEqual([0, 1, 0]);
    expect(s.gateway.figures.deliveryLatencies.counts.every((count) => count === 0)).toBe(true);
  });

  test("count requests that were refused", () => {
    const s = new Script({ topicsMax: 1 }).connect();
    s.register("a");
    s.client("PUBLISH", { topicId: 999, qos: 1, msgId: 2 }).toClient("PUBACK", { returnCode: 2 });
    s.client("REGISTER", { topicName: "b", msgId: 3 }).toClient("REGACK", { returnCode: 3 });
    s.client("SUBSCRIBE", { topicIdType: "predefined", topicId: 5, msgId: 4 }).toClient("SUBACK", { returnCode: 2 });
    s.client("WILLTOPICUPD", { willTopic: "+" }).toClient("WILLTOPICRESP", { returnCode: 3 });
    expect(view(s)!.figures).toMatchObject({ refused: 4, published: 0 });
  });

  test("count wake-ups, what a client repeats, and QoS −1", () => {
    const s = new Script().brokerReachable();
    s.arrows();
    s.connect().sleep();
    s.client("PINGREQ", { clientId: "dev1" }).toClient("PINGRESP");
    const publish = { topicIdType: "short", topicId: 0x6162 };
    s.client("PUBLISH", { ...publish, qos: -1 }).publishes("ab");
    s.client("PUBLISH", { ...publish, qos: 1, msgId: 7 }).toBroker("publish");
    s.client("PUBLISH", { ...publish, qos: 1, msgId: 7, dup: true });
    s.sleep().client("CONNECT").toClient("CONNACK");
    expect(view(s)!.figures).toMatchObject({ wakeUps: 2, repeatedIn: 1 });
    expect(s.gateway.figures).toMatchObject({ wakeUps: 2, repeatedByClients: 1, publishedWithoutConnection: 1 });
  });

  test("count a PUBLISH that comes again after it was answered: the answer was lost", () => {
    const s = new Script().brokerReachable();
    s.arrows();
    s.connect();
    const publish = { topicIdType: "short", topicId: 0x6162, qos: 1, msgId: 7 };
    s.client("PUBLISH", publish).toBroker("publish", { messageId: 7 });
    s.broker("puback", { messageId: 7 }).toClient("PUBACK");
    expect(view(s)!.figures).toMatchObject({ repeatedIn: 0 });
    s.client("PUBLISH", { ...publish, dup: true }).toBroker("publish", { messageId: 7 });
    s.broker("puback", { messageId: 7 }).toClient("PUBACK");
    expect(view(s)!.figures).toMatchObject({ published: 2, repeatedIn: 1 });
    expect(s.gateway.figures.repeatedByClients).toBe(1);
  });
});

test("a latency that is just a bound is counted below it", () => {
  const latencies = new Latencies();
  for (const durationMs of [0, 1, 1.5, 60_000, 60_001]) latencies.add(durationMs);
  expect(latencies.counts).toEqual([2, 1, ...new Array(12).fill(0), 1, 1]);
});
