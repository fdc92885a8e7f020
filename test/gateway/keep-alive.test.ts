import { describe, expect, test } from "vitest";
import { octets, Script } from "./script.ts";

describe("§6.11, §6.14 keep alive", () => {
  test("K1 PINGREQ is answered with PINGRESP, and the broker hears nothing of it", () => {
    const s = new Script();
    s.connect();
    s.client("PINGREQ").toClient("PINGRESP");
    s.client("PINGREQ", { clientId: "dev1" }).toClient("PINGRESP");
  });

  test.each([
    ["PINGREQ", { clientId: "" }],
    ["PUBLISH", { topicId: 0x999 }],
    ["REGISTER", { topicName: "a", msgId: 1 }],
    ["SUBSCRIBE", { topicName: "a", msgId: 1 }],
    ["UNSUBSCRIBE", { topicName: "a", msgId: 1 }],
    ["PUBACK", { topicId: 1, msgId: 1 }],
    ["PUBREC", { msgId: 1 }],
    ["REGACK", { topicId: 1, msgId: 1 }],
    ["PINGRESP", {}],
  ] as const)("K1 %s is a sign of life", (type, fields) => {
    const s = new Script();
    s.connect({ duration: 10 }).after(14_999);
    s.client(type, fields).arrows();
    s.after(14_999).nothing();
    s.after(1).closes(false).noted("client.lost");
  });

  test("K1 a datagram that is no message, or one that only a gateway sends, is none", () => {
    const s = new Script();
    s.connect({ duration: 10 }).after(14_999);
    s.datagram(Uint8Array.of(1, 2, 3)).nothing();
    s.client("CONNACK", { returnCode: 0 }).nothing().noted("datagram.dropped");
    s.after(1).closes(false).noted("client.lost");
  });

  test("K1 what the broker sends is none", () => {
    const s = new Script();
    s.connect({ duration: 10 });
    const topicId = s.subscribe("a");
    s.after(14_000).deliver("a").toClient("PUBLISH", { topicId });
    s.after(1000).closes(false).noted("client.lost");
  });

  test("K2 the gateway does not ping", () => {
    const s = new Script();
    s.connect({ duration: 3600 }).after(3_959_999).nothing();
  });

  test("K3 a silent client is lost: its will fires, it is told nothing until it speaks (A-53)", () => {
    const s = new Script();
    s.connect({ duration: 10 }).after(15_000).closes(false).nothing().noted("client.lost", { clientId: "dev1" });
    s.client("PUBLISH", { topicId: 1 }).toClient("DISCONNECT");
    s.gone().connect();
  });

  test.each([
    [1, 1500],
    [10, 15_000],
    [59, 88_500],
    [60, 90_000],
    [61, 90_000],
    [81, 90_000],
    [100, 110_000],
    [3600, 3_960_000],
    [65_535, 72_088_500],
  ])("C4, K4 with a keep alive of %i s a client may be silent for %i ms", (duration, milliseconds) => {
    const s = new Script();
    s.connect({ duration })
      .after(milliseconds - 1)
      .nothing();
    s.after(1).closes(false).noted("client.lost");
  });

  test("K4 the tolerance can be set", () => {
    const s = new Script({ keepAliveFactor: 3 });
    s.connect({ duration: 100 }).after(299_999).nothing();
    s.after(1).closes(false);
  });

  test("K5 a keep alive of 0 is off, up to the idle limit", () => {
    const s = new Script({ idleLimitMs: 1_000_000 });
    s.connect({ duration: 0 }).after(999_999).nothing();
    s.client("PINGREQ").toClient("PINGRESP");
    s.after(999_999).nothing();
    s.after(1).closes(false).noted("client.lost");
  });

  test("K7 PINGREQ of a client that is not known: DISCONNECT", () => {
    const s = new Script();
    s.client("PINGREQ").toClient("DISCONNECT", { duration: undefined });
    s.client("PINGREQ", { clientId: "dev1" }).toClient("DISCONNECT");
  });

  test("K8 the gateway asks for its own connection without a word of the client's keep alive", () => {
    const s = new Script();
    const data = octets("CONNECT", { duration: 10 });
    const connect = { clientId: "dev1", cleanSession: true, will: undefined };
    expect(s.gateway.handle({ type: "datagram", from: "c1", data }, 0)).toContainEqual({
      type: "open",
      link: 1,
      connect,
    });
  });
});
