import { afterEach, describe, expect, test, vi } from "vitest";
import { Discovery } from "../../src/gateway/discovery.ts";
import { RecentEvents } from "../../src/gateway/recent-events.ts";
import { Session } from "../../src/gateway/session.ts";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };

afterEach(() => {
  vi.restoreAllMocks();
});

type Method = Extract<
  keyof typeof Session.prototype,
  `handle${string}` | `link${string}` | "stop" | "fail" | "hasRoom" | "restore"
>;

/** From now on this method of one client's session throws. */
function plant(method: Method, clientId = "dev1", fault: unknown = new Error("planted")): void {
  const whole = Session.prototype[method] as (...args: unknown[]) => void;
  vi.spyOn(Session.prototype, method as "stop").mockImplementation(function (this: Session, ...args: unknown[]) {
    if (this.clientId === clientId) throw fault;
    return whole.apply(this, args);
  });
}

/** Two clients: the script speaks for the one that a fault is planted for, with its will. */
function twoClients(settings: object = {}): Script {
  const s = new Script(settings);
  s.mayFail = true;
  s.from("c2").connect({ clientId: "dev2", duration: 3600 });
  s.from("c1").connectWithWill({ duration: 60, ...DURABLE }, { willTopic: "w", willMsg: "gone" });
  return s;
}

/** The other client is served, and the one that has failed told at its next message; then it begins anew. */
function goesOn(s: Script): void {
  vi.restoreAllMocks();
  s.from("c2").client("PINGREQ").toClient("PINGRESP");
  s.from("c1").client("PINGREQ").toClient("DISCONNECT");
  s.connect(DURABLE).client("PINGREQ").toClient("PINGRESP");
}

describe("a fault in one session", () => {
  test.each<[Method, string, (s: Script) => Script]>([
    ["handleMessage", "a message of the client", (s) => s.client("PINGREQ")],
    ["handlePacket", "a packet of the broker", (s) => s.deliver("a")],
    ["handleDeadline", "a deadline", (s) => s.after(90_000)],
    ["linkStalled", "its broker connection takes no more", (s) => s.event({ type: "link-stalled", link: s.link })],
    ["linkProbed", "a sign of life of the broker", (s) => s.event({ type: "link-probed", link: s.link })],
  ])("%s: %s ends it alone: its will fires, and its client is told at its next message", (method, _, happens) => {
    const s = twoClients();
    plant(method);
    happens(s).closes(false).nothing().noted("session.failed", { clientId: "dev1", state: "active" });
    s.gone().nothing();
    const views = [...s.gateway.views()].filter(({ clientId }) => clientId === "dev1");
    expect(views).toMatchObject([{ state: "lost", figures: { parted: { reason: "internal error" } } }]);
    goesOn(s);
  });

  test("linkOpened: in the middle of a CONNECT it ends it too, and the client may try again", () => {
    const s = new Script();
    s.mayFail = true;
    plant("linkOpened");
    s.client("CONNECT").opens().accepts().closes(false).noted("session.failed", { state: "awaiting broker" });
    vi.restoreAllMocks();
    s.connect().client("PINGREQ").toClient("PINGRESP");
  });

  test("clientsMax, setUpsMax: its place is free again", () => {
    const s = new Script({ clientsMax: 1, setUpsMax: 1 });
    s.mayFail = true;
    for (const method of ["handleMessage", "linkOpened"] as const) {
      plant(method);
      s.from("c1").client("CONNECT");
      if (method === "linkOpened") s.opens().accepts().closes(false);
      vi.restoreAllMocks();
      s.from("c2").connect({ clientId: "dev2" }).disconnect();
    }
  });

  test("linkClosed: nothing is left of it", () => {
    const s = twoClients();
    plant("linkClosed");
    // Of a connection that is gone the end does nothing.
    s.gone().closes(false).noted("session.failed", { clientId: "dev1" });
    goesOn(s);
  });

  test("stop: the others are told all the same", () => {
    const s = twoClients();
    const { link } = s;
    plant("stop");
    s.event({ type: "stop" }).toClient("DISCONNECT", {}, "c2");
    expect(s.arrows().sort()).toEqual(["close", "close, will fires"]);
    s.noted("session.failed", { clientId: "dev1" });
    s.gone(link).nothing();
  });

  test("deadlines of others that have come at the same instant are kept", () => {
    const s = new Script({ tRetryMs: 1000 });
    s.mayFail = true;
    for (const clientId of ["dev1", "dev2", "dev3"]) {
      s.from(clientId).connect({ clientId, duration: 60 });
      s.subscribe("a", 1);
      s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH");
    }
    plant("handleDeadline", "dev2");
    s.after(1000).toClient("PUBLISH", { dup: true }, "dev1");
    const [first, second] = s.arrows();
    expect([first, second].sort()).toEqual(["PUBLISH", "close, will fires"]);
  });

  test("nothing that was kept of it is trusted: topic ids, subscriptions and will are gone, in the store as well", () => {
    const s = twoClients();
    const topicId = s.register("a");
    plant("handleMessage");
    s.client("PINGREQ").closes(false);
    expect(s.saved("dev1")).toBeUndefined();
    vi.restoreAllMocks();
    s.client("CONNECT", DURABLE).opens({ cleanSession: false, will: undefined }).accepts(true).toClient("CONNACK");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 9 }).toClient("PUBACK", { returnCode: 2 });
  });

  test("what it had waiting counts no more", () => {
    const s = twoClients({ bufferedOctetsMax: 1000 });
    s.subscribe("a", 1);
    s.sleep(300)
      .deliver("a", { qos: 1, messageId: 1, payload: "x".repeat(1000) })
      .does("pause");
    const { link } = s;
    plant("handleMessage");
    s.client("PINGREQ").closes(false, link);
    vi.restoreAllMocks();
    s.from("c3").connect({ clientId: "dev3" }).subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH").nothing();
  });

  test("restore: the others come back after a restart, and of the one that has failed nothing is kept", () => {
    const s = new Script();
    s.mayFail = true;
    for (const clientId of ["dev1", "dev2"]) s.from(clientId).connect({ clientId, ...DURABLE, duration: 3600 });
    const topicId = s.subscribe("a", 1);
    plant("restore");
    s.restart().noted("session.failed", { clientId: "dev1", events: "0ms restore" });
    s.noted("sessions.restored", { active: 1, dropped: 1 });
    vi.restoreAllMocks();
    s.after(0).opens({ clientId: "dev2" }).accepts(true);
    s.client("PUBLISH", { topicId, qos: 1, msgId: 9 }).toBroker("publish", { topic: "a" });
    s.from("dev1").client("PINGREQ").toClient("DISCONNECT");
    s.restart().noted("sessions.restored", { active: 1, dropped: 0 });
  });

  test("one that fails when it is called for there is room leaves the others their turn", () => {
    const s = new Script({ bufferedOctetsMax: 2000 });
    s.mayFail = true;
    const links: number[] = [];
    for (const clientId of ["big", "dev1", "dev2"]) {
      s.from(clientId).connect({ clientId, ...DURABLE, duration: 3600 });
      s.subscribe("a", 1);
      s.sleep(3600);
      const payload = "x".repeat(clientId === "big" ? 2000 : 1);
      s.deliver("a", { qos: 1, messageId: 1, payload }).does("pause");
      links.push(s.link);
    }
    plant("hasRoom");
    s.from("big").client("DISCONNECT").toClient("DISCONNECT").closes(true, links[0]).closes(false, links[1]);
    s.link = links[2]!;
    s.does("resume");
  });
});

test("a fault that is no session's is told to whoever runs the gateway, and blamed on no session", () => {
  const s = twoClients();
  vi.spyOn(Discovery.prototype, "search").mockImplementation(() => {
    throw new Error("planted");
  });
  s.client("PINGREQ").toClient("PINGRESP");
  expect(() => s.client("SEARCHGW", { radius: 0 })).toThrow("planted");
  vi.restoreAllMocks();
  s.client("PINGREQ").toClient("PINGRESP");
});

describe("a fault in the containment itself", () => {
  test("a session that cannot even be ended has its connection cut, and is heard of no more", () => {
    const s = twoClients();
    plant("handleMessage");
    vi.spyOn(Session.prototype, "fail").mockImplementation(() => {
      throw new Error("planted too");
    });
    s.client("PINGREQ")
      .closes(false)
      .nothing()
      .noted("session.failed", { error: expect.stringMatching("planted too") });
    // Nothing of it comes to life again.
    s.gone().after(90_000).nothing();
    goesOn(s);
  });

  test("a connection that it has begun in the same event is cut as well", () => {
    const s = new Script();
    s.mayFail = true;
    const whole = Session.prototype.handleMessage;
    vi.spyOn(Session.prototype, "handleMessage").mockImplementation(function (this: Session, ...args) {
      whole.apply(this, args);
      throw new Error("planted");
    });
    vi.spyOn(Session.prototype, "fail").mockImplementation(() => {
      throw new Error("planted too");
    });
    s.client("CONNECT").opens().closes(false);
    vi.restoreAllMocks();
    s.connect();
  });

  test("a deadline that cannot be told ends its session", () => {
    const s = twoClients();
    vi.spyOn(Session.prototype, "deadline", "get").mockImplementation(function (this: Session) {
      if (this.clientId === "dev1") throw new Error("planted");
      return Number.POSITIVE_INFINITY;
    });
    s.client("PINGREQ").toClient("PINGRESP").closes(false).noted("session.failed", { clientId: "dev1" });
    goesOn(s);
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "a text"],
    ["an object that is no text", Object.create(null)],
    ["an error whose stack cannot be read", Object.defineProperty({}, "stack", { get: () => expect.fail("no") })],
  ])("what is thrown may be anything: %s", (_, fault) => {
    const s = twoClients();
    plant("handleMessage", "dev1", fault);
    s.client("PINGREQ")
      .closes(false)
      .noted("session.failed", { error: expect.any(String) });
    goesOn(s);
  });

  test("events that cannot be told are no reason for the gateway to fail", () => {
    const s = twoClients();
    plant("handleMessage");
    vi.spyOn(RecentEvents.prototype, "text").mockImplementation(() => {
      throw new Error("planted too");
    });
    s.client("PINGREQ").closes(false).noted("session.failed", { clientId: "dev1" });
    goesOn(s);
  });
});

describe("what a session that has failed says of its last events", () => {
  test("all of them in their order, with MsgIds and how long ago they were", () => {
    const s = new Script();
    s.mayFail = true;
    s.connect();
    const topicId = s.after(1000).subscribe("a", 1, 7);
    s.after(500).deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    s.after(20).client("PUBACK", { topicId, msgId: 3 }).toBroker("puback");
    plant("handleMessage");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 8 }).closes(false).noted("session.failed", {
      events:
        "-1520ms CONNECT, -1520ms link-opened, -520ms SUBSCRIBE 7, -520ms suback 7, -20ms publish 3, 0ms PUBACK 3, 0ms PUBLISH 8",
    });
  });

  test("no more than the last sixteen", () => {
    const events = new RecentEvents();
    expect(events.text(0)).toBe("");
    for (let id = 1; id <= 100; id += 1) events.add("PUBLISH", id, id);
    const told = events.text(100).split(", ");
    expect(told).toHaveLength(16);
    expect(told[0]).toBe("-15ms PUBLISH 85");
    expect(told[15]).toBe("0ms PUBLISH 100");
  });

  test("each kind of event, the highest MsgId, and any time of a clock that has run for years", () => {
    const events = new RecentEvents();
    const years = 5 * 365 * 86_400_000;
    events.add("WILLMSGUPD", 0, years);
    events.add("unsuback", 0xffff, years + 0.7);
    events.add("broker-reachable", 0, years + 86_400_000);
    expect(events.text(years + 86_400_001)).toBe(
      "-86400001ms WILLMSGUPD, -86400001ms unsuback 65535, -1ms broker-reachable",
    );
  });
});
