import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const WILL = { willTopic: "w", willMsg: "gone" };

describe("an orderly stop", () => {
  test("A-34 ends every connection with MQTT DISCONNECT, so that no will fires, in whatever state its client is", () => {
    const s = new Script();
    s.from("active").connectWithWill({ clientId: "active" }, WILL);
    s.from("asleep").connectWithWill({ clientId: "asleep" }, WILL).sleep();
    s.from("awake").connectWithWill({ clientId: "awake" }, WILL).subscribe("a", 1);
    s.sleep().deliver("a", { qos: 1, messageId: 1 }).client("PINGREQ").toClient("PUBLISH");
    s.from("prompted").client("CONNECT", { clientId: "prompted", will: true }).toClient("WILLTOPICREQ");
    s.from("asking").client("CONNECT", { clientId: "asking" }).opens();
    const arrows = s.event({ type: "stop" }).arrows();
    expect(arrows.filter((arrow) => arrow.startsWith("close"))).toEqual(["close", "close", "close", "close"]);
    // Those who listen are told, and those who wait for CONNACK.
    expect(arrows.filter((arrow) => !arrow.startsWith("close")).sort()).toEqual([
      "CONNACK 1",
      "CONNACK 1",
      "DISCONNECT",
      "DISCONNECT",
    ]);
  });

  test("A-34 A-48 likewise for a sleeping client whose address is another's by now", () => {
    const s = new Script({ migrateOnWake: true });
    s.connectWithWill({ clientId: "asleep" }, WILL).sleep();
    s.connect({ clientId: "other" });
    const arrows = s.event({ type: "stop" }).arrows();
    expect(arrows.sort()).toEqual(["DISCONNECT", "close", "close"]);
  });

  test("after it nobody is answered any more", () => {
    const s = new Script();
    s.connect().event({ type: "stop" }).toClient("DISCONNECT").closes(true);
    s.client("CONNECT").nothing().client("PINGREQ").nothing().client("SEARCHGW", { radius: 0 }).nothing();
    s.after(1_000_000).nothing();
  });
});
