import { describe, test } from "vitest";
import { Script } from "./script.ts";

const stalled = (s: Script) => s.event({ type: "link-stalled", link: s.link });
const drained = (s: Script) => s.event({ type: "link-drained", link: s.link });

describe("congestion", () => {
  test("O1 a busy gateway says 0x01 no longer than it is busy", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    stalled(s).client("PUBLISH", { topicId, qos: 1, msgId: 2 }).toClient("PUBACK", { returnCode: 1 });
    drained(s).client("PUBLISH", { topicId, qos: 1, msgId: 2 }).toBroker("publish");
  });

  test.each([0, 1, 2])("O3 PUBLISH QoS %i while the broker connection is stalled: PUBACK 0x01", (qos) => {
    const s = new Script();
    s.connect();
    const topicId = s.register("a");
    stalled(s).client("PUBLISH", { topicId, qos, msgId: qos && 2 });
    s.toClient("PUBACK", { topicId, msgId: qos && 2, returnCode: 1 }).noted("publish.refused");
  });

  test("O3 QoS −1 has no answer then either", () => {
    const s = new Script();
    s.connect();
    stalled(s).client("PUBLISH", { qos: -1, topicIdType: "short", topicId: 0x7474 }).nothing();
  });

  test("O3 SUBSCRIBE while stalled: SUBACK 0x01; REGISTER and PINGREQ need no broker", () => {
    const s = new Script();
    s.connect();
    stalled(s)
      .client("SUBSCRIBE", { topicName: "a", msgId: 2 })
      .toClient("SUBACK", { topicId: 0, msgId: 2, returnCode: 1 });
    s.register("b", 3);
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("O3 UNSUBSCRIBE while stalled has no code to refuse with: the client asks again", () => {
    const s = new Script();
    s.connect();
    stalled(s).client("UNSUBSCRIBE", { topicName: "a", msgId: 2 }).nothing();
    drained(s).client("UNSUBSCRIBE", { topicName: "a", msgId: 2 }).toBroker("unsubscribe");
  });

  test("O3 an exchange that was begun is finished, also while stalled", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 2);
    s.client("PUBLISH", { topicId, qos: 2, msgId: 2 }).toBroker("publish");
    s.broker("pubrec", { messageId: 2 }).toClient("PUBREC");
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    stalled(s).client("PUBREL", { msgId: 2 }).toBroker("pubrel");
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback");
  });

  test("O3 one client's stalled connection is not another's", () => {
    const s = new Script();
    s.connect();
    stalled(s);
    s.from("c2").connect({ clientId: "dev2" });
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId }).toBroker("publish");
  });

  test("O3 beyond the number of exchanges that may be open: PUBACK 0x01, and a place is free with each answer", () => {
    const s = new Script({ inFlightMax: 2 });
    s.connect();
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 1 }).toBroker("publish");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 2 }).toBroker("publish");
    s.client("PUBLISH", { topicId, qos: 1, msgId: 3 }).toClient("PUBACK", { msgId: 3, returnCode: 1 });
    // A repetition of what is open is no new exchange, and QoS 0 none at all.
    s.client("PUBLISH", { topicId, qos: 1, msgId: 1, dup: true }).nothing();
    s.client("PUBLISH", { topicId }).toBroker("publish", { qos: 0 });
    s.broker("puback", { messageId: 1 }).toClient("PUBACK", { returnCode: 0 });
    s.client("PUBLISH", { topicId, qos: 1, msgId: 3 }).toBroker("publish");
  });

  test.each([1, 2])("O4 PUBACK 0x01 of the client at QoS %i: the message is kept and tried later", (qos) => {
    const s = new Script({ tRetryMs: 10_000, nRetry: 3 });
    s.connect({ duration: 3600 });
    const topicId = s.subscribe("a", 2);
    s.deliver("a", { qos, messageId: 3 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 3, returnCode: 1 }).nothing();
    s.after(39_999).nothing();
    s.after(1).toClient("PUBLISH", { msgId: 3, qos });
    if (qos === 1) s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback");
    else s.client("PUBREC", { msgId: 3 }).toBroker("pubrec");
  });

  test("O4 REGACK 0x01 is no refusal of the name", () => {
    const s = new Script({ tRetryMs: 10_000, nRetry: 3 });
    s.connect({ duration: 3600 }).subscribe("w/#", 1);
    s.deliver("w/x", { qos: 1, messageId: 3 });
    const topicId = s.toClientId("REGISTER");
    s.client("REGACK", { topicId: 0, msgId: 0xffff, returnCode: 1 }).nothing().notNoted("topic.suppressed");
    s.after(39_999).nothing();
    s.after(1).toClient("REGISTER", { topicId, msgId: 0xffff, topicName: "w/x" });
    s.client("REGACK", { topicId, msgId: 0xffff }).toClient("PUBLISH", { msgId: 3 });
  });

  test("O4 a client that stays busy is asked again and again, and not lost for it", () => {
    const s = new Script({ tRetryMs: 10_000, nRetry: 3 });
    s.connect({ duration: 3600 });
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    for (let time = 0; time < 20; time += 1) {
      s.client("PUBACK", { topicId, msgId: 3, returnCode: 1 }).nothing();
      s.after(40_000).toClient("PUBLISH", { msgId: 3 });
    }
    s.client("PUBACK", { topicId, msgId: 3 }).toBroker("puback");
  });
});
