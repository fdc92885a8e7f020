import { describe, test } from "vitest";
import type { Settings } from "../../src/gateway/settings.ts";
import { Script } from "./script.ts";

const GWINFO = { gwId: 5, gwAdd: Buffer.alloc(0) };
const ADVERTISE = { gwId: 5, duration: 900 };
const SECOND = 1000;
const INTERVAL = 900 * SECOND;

/** A gateway that was started while its broker was there. */
function script(settings: Partial<Settings> = {}): Script {
  const s = new Script({ gatewayId: 5, ...settings }).brokerReachable();
  s.arrows();
  return s;
}

describe("§6.1 ADVERTISE", () => {
  test("D1, D2 it goes to the groups of every listener when the broker is reached, and then every interval", () => {
    const s = new Script({ gatewayId: 5 });
    s.after(2 * INTERVAL).nothing();
    s.brokerReachable().toGroups("ADVERTISE", ADVERTISE, { near: undefined, radius: 0 }).noted("gateway.advertised");
    s.after(INTERVAL - 1).nothing();
    s.after(1).toGroups("ADVERTISE", ADVERTISE);
    s.after(INTERVAL).toGroups("ADVERTISE", ADVERTISE);
  });

  test("D1 its Duration is the time to the next one, as configured, and its radius too (D7)", () => {
    const s = new Script({ advertiseIntervalMs: 65_535 * SECOND, advertiseRadius: 3 });
    s.brokerReachable().toGroups("ADVERTISE", { gwId: 1, duration: 65_535 }, { radius: 3 });
    s.after(65_535 * SECOND - 1).nothing();
    s.after(1).toGroups("ADVERTISE", { duration: 65_535 });
  });

  test("D1, A-08 none while the broker cannot be reached, and at once when it is back", () => {
    const s = script();
    s.after(SECOND)
      .brokerReachable(false)
      .after(3 * INTERVAL)
      .nothing();
    s.brokerReachable().toGroups("ADVERTISE", ADVERTISE);
    s.after(INTERVAL).toGroups("ADVERTISE", ADVERTISE);
  });

  test("D1 it can be switched off", () => {
    new Script({ discovery: false }).brokerReachable().nothing().after(INTERVAL).nothing();
  });

  test("D1 none after the gateway was stopped", () => {
    script()
      .event({ type: "stop" })
      .after(2 * INTERVAL)
      .brokerReachable()
      .nothing();
  });
});

describe("§6.1 SEARCHGW", () => {
  test("D8, D10, D12 it is answered at once, to the asker and to the groups of the listener it came in at", () => {
    const s = script();
    s.client("SEARCHGW", { radius: 2 });
    s.toClient("GWINFO", GWINFO).toGroups("GWINFO", GWINFO, { near: "c1", radius: 2 });
  });

  test.each([0, 1, 255])("D7, D10 GWINFO goes as far as SEARCHGW asked: radius %i", (radius) => {
    script().client("SEARCHGW", { radius }).toClient("GWINFO").toGroups("GWINFO", {}, { radius });
  });

  test("D8 from a connected, asleep or half-connected client too, whose state does not change and which it is no sign of life of", () => {
    const s = script();
    s.client("CONNECT", { will: true, duration: 10 }).toClient("WILLTOPICREQ");
    s.client("SEARCHGW", { radius: 1 }).toClient("GWINFO").toGroups("GWINFO");
    s.client("WILLTOPIC", { empty: true }).opens().accepts().toClient("CONNACK");
    s.after(14_999).client("SEARCHGW", { radius: 1 }).toClient("GWINFO").toGroups("GWINFO");
    s.after(1).closes(false).noted("client.lost").gone();
    s.connect().sleep().client("SEARCHGW", { radius: 1 }).toClient("GWINFO").toGroups("GWINFO");
  });

  test("D1, A-08 no answer while the broker cannot be reached", () => {
    const s = new Script();
    s.client("SEARCHGW", { radius: 1 }).nothing().noted("search.ignored");
    s.brokerReachable().toGroups("ADVERTISE");
    s.client("SEARCHGW", { radius: 1 }).toClient("GWINFO").toGroups("GWINFO");
    s.brokerReachable(false).client("SEARCHGW", { radius: 1 }).nothing().noted("search.ignored");
  });

  test("D8 no answer where discovery is switched off", () => {
    script({ discovery: false }).client("SEARCHGW", { radius: 1 }).nothing().noted("search.ignored");
  });

  test("D8 one address is answered ten times at once and then once a second, the others as before", () => {
    const s = script();
    for (let count = 0; count < 10; count += 1) s.client("SEARCHGW", { radius: 1 }).toClient("GWINFO").arrows();
    s.client("SEARCHGW", { radius: 1 }).nothing().noted("search.ignored", { limit: "clients.max_stranger_answers" });
    s.from("c2").client("SEARCHGW", { radius: 1 }).toClient("GWINFO").arrows();
    s.from("c1").after(1000).client("SEARCHGW", { radius: 1 }).toClient("GWINFO").arrows();
  });

  test("D10 where many ask at once the groups are told ten times a second, each asker once", () => {
    const s = script();
    for (let count = 0; count < 10; count += 1) {
      s.from(`c${count}`).client("SEARCHGW", { radius: 1 }).toClient("GWINFO").toGroups("GWINFO");
    }
    s.from("one more").client("SEARCHGW", { radius: 1 }).toClient("GWINFO");
    s.after(100).client("SEARCHGW", { radius: 1 }).toClient("GWINFO").toGroups("GWINFO");
  });

  test.each([
    [0, 0],
    [2, 2],
    [3, 3],
    [4, 3],
    [255, 3],
  ])("E3, E5 behind a forwarder: to that node in an envelope, radius %i as %i", (radius, ctrl) => {
    const s = script().behind("f", Uint8Array.of(0, 0x2a));
    s.client("SEARCHGW", { radius });
    s.toEnvelope({ radius: ctrl }).toClient("GWINFO", GWINFO);
  });
});

describe("§6.1 other gateways", () => {
  test("D3, D13 another gateway's ADVERTISE and GWINFO have no answer and change nothing", () => {
    const s = script();
    s.from("g2").client("ADVERTISE", { gwId: 6, duration: 900 }).nothing().noted("neighbour.heard", { gwId: 6 });
    s.client("GWINFO", { gwId: 6, gwAdd: new Uint8Array(0) }).nothing();
    s.client("GWINFO", { gwId: 6, gwAdd: Uint8Array.of(1, 2, 3) }).nothing();
    s.from("c1").client("SEARCHGW", { radius: 1 }).toClient("GWINFO").toGroups("GWINFO");
    s.after(INTERVAL).toGroups("ADVERTISE", ADVERTISE);
  });

  test("D1, D5 a gateway that does not stand by keeps to its interval when another one falls silent", () => {
    const s = script();
    s.from("g2").client("ADVERTISE", { gwId: 6, duration: 1 });
    s.after(3000).nothing().noted("neighbour.silent", { gwId: 6 });
    s.after(INTERVAL - 3001).nothing();
    s.after(1).toGroups("ADVERTISE", ADVERTISE);
  });

  test("D3, D13 another gateway with our GwId is told to the operator, and is nothing to stand by for", () => {
    script({ standby: true })
      .from("g")
      .client("ADVERTISE", ADVERTISE)
      .nothing()
      .noted("neighbour.confused", { gwId: 5, address: "g" })
      .notNoted("neighbour.heard");
  });
});

describe("§6.1 a stand-by gateway", () => {
  const STANDBY: Partial<Settings> = { standby: true, gatewayId: 1, advertiseIntervalMs: 60 * SECOND };
  const OTHER = { gwId: 6, duration: 100 };

  test("D5 keeps still while another one advertises, and takes over when it has missed three in a row", () => {
    const s = new Script(STANDBY).brokerReachable().nothing();
    for (let count = 0; count < 20; count += 1)
      s.from("g2")
        .client("ADVERTISE", OTHER)
        .after(100 * SECOND)
        .nothing();
    s.from("c1").client("SEARCHGW", { radius: 1 }).nothing().noted("search.ignored");
    s.after(200 * SECOND - 1).nothing();
    s.after(1).toGroups("ADVERTISE", { gwId: 1, duration: 60 }).noted("neighbour.silent", { gwId: 6 });
    s.client("SEARCHGW", { radius: 1 }).toClient("GWINFO").toGroups("GWINFO");
    s.after(60 * SECOND).toGroups("ADVERTISE");
  });

  test("D5 keeps still again when the other one is back", () => {
    const s = new Script(STANDBY).brokerReachable();
    s.from("g2").client("ADVERTISE", OTHER).noted("standby.quiet", { gwId: 6 });
    s.client("ADVERTISE", OTHER)
      .notNoted("standby.quiet")
      .after(300 * SECOND)
      .toGroups("ADVERTISE");
    s.noted("standby.active").after(SECOND).client("ADVERTISE", OTHER).nothing().noted("standby.quiet");
    s.after(299 * SECOND).nothing();
    s.after(SECOND).toGroups("ADVERTISE");
  });

  test("D5 takes over after three intervals of its own where there is nobody else", () => {
    const s = new Script(STANDBY).after(SECOND).brokerReachable().nothing();
    s.after(180 * SECOND - 1)
      .client("SEARCHGW", { radius: 1 })
      .nothing();
    s.after(1).toGroups("ADVERTISE");
  });

  test("D5 goes by the interval that the other one announces, however long", () => {
    const s = new Script(STANDBY).brokerReachable();
    s.from("g2").client("ADVERTISE", { gwId: 6, duration: 65_535 });
    s.after(3 * 65_535 * SECOND - 1).nothing();
    s.after(1).toGroups("ADVERTISE");
  });

  test("D5 an announced interval of 0 counts as one second", () => {
    const s = new Script(STANDBY).brokerReachable();
    s.from("g2").client("ADVERTISE", { gwId: 6, duration: 0 });
    s.after(3 * SECOND - 1).nothing();
    s.after(1).toGroups("ADVERTISE");
  });

  test("D5 takes over only while its broker can be reached", () => {
    const s = new Script(STANDBY);
    s.from("g2")
      .client("ADVERTISE", OTHER)
      .after(1000 * SECOND)
      .nothing();
    s.brokerReachable().toGroups("ADVERTISE");
  });

  test("D5 of several the one with the lowest GwId takes over, and the others keep still", () => {
    const s = new Script({ ...STANDBY, gatewayId: 52 }).brokerReachable();
    s.from("g2")
      .client("ADVERTISE", OTHER)
      .after(300 * SECOND)
      .nothing();
    // It is its turn a fifth of an interval later: 51 of 255.
    s.after(12 * SECOND - 1).nothing();
    s.client("ADVERTISE", { gwId: 1, duration: 60 })
      .after(60 * SECOND)
      .nothing();
    s.after(120 * SECOND - 1).nothing();
    s.after(12 * SECOND + 1).toGroups("ADVERTISE", { gwId: 52 });
  });

  test("D5 serves clients that know it all the same", () => {
    const s = new Script(STANDBY).brokerReachable();
    s.from("g2").client("ADVERTISE", OTHER);
    s.from("c1").connect().client("PINGREQ").toClient("PINGRESP");
  });

  test("D5 waits for the last of several others", () => {
    const s = new Script(STANDBY).brokerReachable();
    s.from("g2").client("ADVERTISE", OTHER);
    s.from("g3").client("ADVERTISE", { gwId: 7, duration: 200 });
    s.after(300 * SECOND)
      .nothing()
      .noted("neighbour.silent", { gwId: 6 });
    s.after(300 * SECOND)
      .toGroups("ADVERTISE")
      .noted("neighbour.silent", { gwId: 7 });
  });
});
