import { describe, expect, test } from "vitest";
import { active, asleep, DURABLE, WAKE } from "./reconnect-script.ts";
import { Script } from "./script.ts";

describe("the broker closes the connection of one client alone", () => {
  const closedByBroker = (s: Script) => s.event({ type: "link-closed", link: s.link, reason: "end", byBroker: true });

  /** The connections of two clients, all there are, are closed together: both are made anew. */
  function bothClosed(): Script {
    const s = active().brokerReachable();
    const { link } = s;
    s.from("c2").connect({ clientId: "dev2" });
    closedByBroker(s);
    s.event({ type: "link-closed", link, reason: "end", byBroker: true }).after(2000);
    expect(s.arrows()).toEqual(["open", "open"]);
    return s;
  }

  test("C14 the client is elsewhere: its session ends without a word, and no connection is made", () => {
    const s = closedByBroker(active().brokerReachable()).nothing().after(60_000).nothing();
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 7 }).toClient("DISCONNECT");
    s.connect(DURABLE, true);
  });

  test("C14 what is stored of it stays", () => {
    const s = closedByBroker(active().brokerReachable()).after(2000).noted("client.taken-over");
    s.client("CONNECT", DURABLE).opens().accepts(true).toClient("CONNACK");
    s.client("PUBLISH", { topicId: 1 }).toBroker("publish", { topic: "a" });
  });

  test("Z18 so it is with a sleeping client", () => {
    const s = closedByBroker(asleep().brokerReachable()).after(60_000).nothing();
    s.client("PINGREQ", WAKE).toClient("DISCONNECT");
  });

  test("not so where the broker is gone for the gateway's own connection too", () => {
    const s = closedByBroker(active().brokerReachable()).brokerReachable(false).after(2000);
    s.opens().accepts(true).noted("link.restored");
  });

  test("not so where that was gone a moment before", () => {
    const s = active().brokerReachable().brokerReachable(false).brokerReachable().after(500);
    closedByBroker(s).after(2000).opens();
  });

  test("not so where others were closed with it", () => {
    bothClosed();
  });

  test("C14 so it is with several of many, as when they walk over to another gateway", () => {
    const s = new Script({ discovery: false }).brokerReachable();
    const links: number[] = [];
    for (let index = 0; index < 40; index += 1) {
      s.from(`c${index}`).connect({ clientId: `dev${index}`, duration: 0 });
      links.push(s.link);
    }
    for (const link of links.slice(0, 9))
      s.event({ type: "link-closed", link, reason: "end", byBroker: true }).after(10);
    s.after(60_000).nothing();
    for (const link of links.slice(10, 20)) s.event({ type: "link-closed", link, reason: "end", byBroker: true });
    s.after(60_000);
    expect(s.arrows().filter((arrow) => arrow === "open").length).toBeGreaterThanOrEqual(10);
  });

  test("not so where one other was closed a moment before", () => {
    const s = active().brokerReachable();
    const { link } = s;
    s.from("c2").connect({ clientId: "dev2", duration: 0 }).gone().after(500);
    s.event({ type: "link-closed", link, reason: "end", byBroker: true }).after(2000);
    expect(s.arrows()).toEqual(["open", "open"]);
  });

  test("not so where the gateway's own connection has never been there", () => {
    closedByBroker(active()).after(2000).opens();
  });

  test("but once more after it was made anew, and two gateways that are not let in do not take it from each other", () => {
    const s = closedByBroker(active()).after(2000).opens().accepts(true);
    closedByBroker(s).after(60_000).nothing();
  });

  test("not so where the gateway's own connection has been there once, and is not", () => {
    const s = closedByBroker(active().brokerReachable().brokerReachable(false)).after(2000).opens().accepts(true);
    closedByBroker(s).after(4000).opens();
  });

  test("not so where the network has broken it", () => {
    active().brokerReachable().gone().after(2000).opens();
  });

  test("not so where the broker had closed it, and the network breaks what was made anew", () => {
    const s = active().brokerReachable().brokerReachable(false).brokerReachable().after(500);
    closedByBroker(s).after(2000).opens().accepts(true);
    s.after(1000).gone().after(2000).opens();
  });

  test("what was made anew and is closed again at once is another's", () => {
    const s = bothClosed();
    for (const made of [3, 4]) s.event({ type: "link-opened", link: made, sessionPresent: true });
    s.arrows();
    for (const made of [3, 4]) s.event({ type: "link-closed", link: made, reason: "end", byBroker: true });
    s.after(60_000).nothing();
  });

  test("so it is where the other gateway takes it back only after twice broker.reconnect_min", () => {
    const s = active(DURABLE, { reconnectMinMs: 10_000 }).brokerReachable();
    const { link } = s;
    s.from("c2").connect({ clientId: "dev2", duration: 0 });
    closedByBroker(s);
    s.event({ type: "link-closed", link, reason: "end", byBroker: true }).after(20_000);
    expect(s.arrows()).toEqual(["open", "open"]);
    for (const made of [3, 4]) s.event({ type: "link-opened", link: made, sessionPresent: true });
    s.after(20_000).arrows();
    for (const made of [3, 4]) s.event({ type: "link-closed", link: made, reason: "end", byBroker: true });
    s.after(60_000).nothing();
  });
});
