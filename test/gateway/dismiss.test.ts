import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const WILL = { willTopic: "w", willMsg: "gone" };
const DURABLE = { cleanSession: false };

const dismiss = (s: Script, clientId = "dev1", forget = false) => s.event({ type: "dismiss", clientId, forget });

describe("a client that is sent away", () => {
  test("is told DISCONNECT, and its will does not fire", () => {
    const s = new Script().connectWithWill({}, WILL);
    dismiss(s).toClient("DISCONNECT", { duration: undefined }).closes(true);
    s.noted("client.disconnected", { reason: "sent away" }).gone();
    s.client("PINGREQ").toClient("DISCONNECT");
  });

  test("that sleeps is not woken up by that, and hears of it when it wakes up", () => {
    const s = new Script().connect().sleep();
    dismiss(s).closes(true).gone();
    s.client("PINGREQ", { clientId: "dev1" }).toClient("DISCONNECT");
  });

  test("in the middle of its CONNECT does not get on", () => {
    const s = new Script().client("CONNECT", { will: true }).toClient("WILLTOPICREQ");
    dismiss(s).toClient("DISCONNECT").noted("setup.abandoned", { reason: "sent away" });
    s.after(100_000).nothing();
  });

  test("keeps its session where it has one", () => {
    const s = new Script().connect(DURABLE);
    s.subscribe("a", 1);
    dismiss(s).toClient("DISCONNECT").closes(true).gone();
    expect(s.saved()).toMatchObject({ state: "disconnected", subscriptions: [{ filter: "a" }] });
    s.connect(DURABLE, true);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("REGISTER");
  });

  test("may come back at once", () => {
    const s = new Script().connect();
    const { link } = s;
    dismiss(s).toClient("DISCONNECT").closes(true);
    s.client("CONNECT").gone(link).opens().accepts().toClient("CONNACK", { returnCode: 0 });
  });

  test("is no other than the one that was named, and there may be none", () => {
    const s = new Script().connect();
    dismiss(s, "dev2").nothing();
    dismiss(s, "dev2", true).notNoted("client.forgotten").nothing();
  });

  test("once the gateway has stopped is nobody", () => {
    const s = new Script().connect(DURABLE).event({ type: "stop" }).toClient("DISCONNECT").closes(true);
    dismiss(s, "dev1", true).saves().nothing().gone();
    expect(s.saved()).toBeDefined();
  });
});

describe("a client that is sent away for good", () => {
  test("is forgotten when its connection is gone", () => {
    const s = new Script().connect(DURABLE);
    s.subscribe("a", 1);
    dismiss(s, "dev1", true).toClient("DISCONNECT").closes(true).notNoted("client.forgotten");
    s.gone().noted("client.forgotten", { clientId: "dev1", reason: "sent away" });
    expect(s.saved()).toBeUndefined();
    expect([...s.gateway.views()]).toEqual([]);
  });

  test("is forgotten too where only its session is there", () => {
    const s = new Script().connect(DURABLE).disconnect();
    expect(s.saved()).toBeDefined();
    dismiss(s, "dev1", true).saves("dev1").noted("client.forgotten", { reason: "sent away" });
    expect(s.saved()).toBeUndefined();
    expect([...s.gateway.views()]).toEqual([]);
  });

  test("is forgotten too where nothing but the memory of it is there", () => {
    const s = new Script().connect().disconnect();
    expect([...s.gateway.views()]).toHaveLength(1);
    dismiss(s, "dev1", true).noted("client.forgotten");
    expect([...s.gateway.views()]).toEqual([]);
  });

  test("is forgotten too where it is sent away once more before its connection is gone", () => {
    const s = new Script().connect(DURABLE);
    dismiss(s, "dev1", true).toClient("DISCONNECT").closes(true);
    dismiss(s).nothing();
    s.gone().noted("client.forgotten", { clientId: "dev1" });
    expect([...s.gateway.views()]).toEqual([]);
  });

  test("that comes back before its connection is gone begins anew, and is not forgotten", () => {
    const s = new Script().connect(DURABLE);
    s.subscribe("a", 1);
    const { link } = s;
    dismiss(s, "dev1", true).toClient("DISCONNECT").closes(true);
    s.client("CONNECT", DURABLE).gone(link).notNoted("client.forgotten").opens(DURABLE).accepts().toClient("CONNACK");
    expect(s.saved()).toMatchObject({ state: "active", subscriptions: [] });
    s.disconnect().notNoted("client.forgotten");
    expect(s.saved()).toBeDefined();
  });

  test("that comes back with a clean session is remembered like any other when it goes", () => {
    const s = new Script().connect();
    const { link } = s;
    dismiss(s, "dev1", true).toClient("DISCONNECT").closes(true);
    s.client("CONNECT").gone(link).opens().accepts().toClient("CONNACK").disconnect().notNoted("client.forgotten");
    expect([...s.gateway.views()]).toMatchObject([{ clientId: "dev1", state: "disconnected" }]);
  });
});
