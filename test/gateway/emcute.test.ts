import { describe, test } from "vitest";
import { Script } from "./script.ts";

const EMCUTE_DOES_NOT_REGISTER =
  "a client that does not do REGISTER and was quicker to look at the message than at SUBACK";

describe("a client as RIOT's emcute", () => {
  test(`G4 ${EMCUTE_DOES_NOT_REGISTER} gets it after one repetition interval, under the id of the SUBACK`, () => {
    const s = new Script();
    s.connect({ duration: 1000 });
    const topicId = s.subscribe("riot/in1", 1);
    s.deliver("riot/in1", { qos: 1, messageId: 1, retain: true, payload: "kept" }).toClient("PUBLISH", { topicId });
    s.client("PUBACK", { topicId, msgId: 1, returnCode: 2 }).toClient("REGISTER", { topicId, topicName: "riot/in1" });
    s.after(5000).client("PINGREQ").toClient("PINGRESP");
    s.after(5000).toClient("PUBLISH", { topicId, msgId: 1, dup: false, retain: true, data: "kept" });
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback", { messageId: 1 });
    s.deliver("riot/in1", { qos: 1, messageId: 2 }).toClient("PUBLISH", { topicId, msgId: 2, dup: false });
    s.client("PUBACK", { topicId, msgId: 2 }).toBroker("puback", { messageId: 2 });
  });

  test("G4 the name is never passed over, even where it is not known the second time either", () => {
    const s = new Script();
    s.connect({ duration: 1000 });
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 1, returnCode: 2 }).toClient("REGISTER");
    s.after(10_000).toClient("PUBLISH", { msgId: 1 });
    s.client("PUBACK", { topicId, msgId: 1, returnCode: 2 }).toClient("REGISTER");
    for (let repetition = 0; repetition < 3; repetition += 1) s.after(10_000).toClient("REGISTER");
    s.client("PINGREQ").toClient("PINGRESP");
    s.after(10_000).toBroker("puback", { messageId: 1 }).noted("delivery.dropped").notNoted("topic.suppressed");
    s.deliver("a", { qos: 1, messageId: 2 }).toClient("REGISTER", { topicId });
    s.after(10_000).toClient("PUBLISH", { topicId, msgId: 2 });
  });

  test("G4 a client that does REGISTER, and did not get it the first time, gets the message all the same", () => {
    const s = new Script();
    s.connect({ duration: 1000 });
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 1, returnCode: 2 }).toClient("REGISTER");
    s.after(10_000).toClient("PUBLISH", { msgId: 1 });
    s.client("PUBACK", { topicId, msgId: 1, returnCode: 2 }).toClient("REGISTER");
    s.client("REGACK", { topicId, msgId: 65_535 }).toClient("PUBLISH", { msgId: 1, dup: true });
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback", { messageId: 1 }).notNoted("delivery.dropped");
  });

  test("O4 a client that is too busy for REGISTER is asked to register again, not sent the message without", () => {
    const s = new Script();
    s.connect({ duration: 1000 });
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 1, returnCode: 2 }).toClient("REGISTER");
    s.client("REGACK", { topicId, msgId: 65_535, returnCode: 1 }).after(39_999).nothing();
    s.after(1).toClient("REGISTER", { topicId });
    s.client("REGACK", { topicId, msgId: 65_535 }).toClient("PUBLISH", { msgId: 1 });
  });

  test("G4 a client that starts anew in the middle of it is asked to register the name again", () => {
    const s = new Script();
    s.connect({ duration: 1000 });
    const topicId = s.subscribe("a", 1);
    s.sleep().deliver("a", { qos: 1, messageId: 1 });
    s.client("CONNECT").toClient("CONNACK").toClient("PUBLISH");
    s.client("PUBACK", { topicId, msgId: 1, returnCode: 2 }).toClient("REGISTER");
    s.client("REGACK", { topicId, msgId: 65_535 }).toClient("PUBLISH", { dup: true });
    s.sleep().client("CONNECT").toClient("CONNACK").toClient("PUBLISH", { dup: true });
    s.client("PUBACK", { topicId, msgId: 1, returnCode: 2 }).toClient("REGISTER");
    s.client("REGACK", { topicId, msgId: 65_535 }).toClient("PUBLISH", { dup: true });
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback");
  });

  test("G4 at QoS 0 the next message comes after the REGISTER that is not answered", () => {
    const s = new Script();
    s.connect({ duration: 1000 });
    const topicId = s.subscribe("a");
    s.deliver("a", { payload: "1" }).toClient("PUBLISH", { topicId });
    s.client("PUBACK", { topicId, msgId: 0, returnCode: 2 }).nothing();
    s.deliver("a", { payload: "2" }).toClient("REGISTER", { topicId });
    s.after(10_000).toClient("PUBLISH", { topicId, data: "2" });
    s.deliver("a", { payload: "3" }).toClient("PUBLISH", { topicId, data: "3" });
  });

  test("T11, R6 a name of a connection of before, which it did not ask for in this one, is given up as any other", () => {
    const s = new Script({ nRetry: 0 });
    s.connect({ cleanSession: false, duration: 1000 });
    s.subscribe("a");
    s.disconnect().connect({ cleanSession: false, duration: 1000 }, true);
    s.deliver("a").toClient("REGISTER");
    s.after(10_000).nothing().noted("delivery.dropped", { reason: "no answer to REGISTER" });
  });

  test("Z7 awake too: the period ends when it has the message", () => {
    const s = new Script();
    s.connect({ duration: 1000 });
    const topicId = s.subscribe("a", 1);
    s.sleep().deliver("a", { qos: 1, messageId: 1 });
    s.client("PINGREQ").toClient("PUBLISH", { topicId });
    s.client("PUBACK", { topicId, msgId: 1, returnCode: 2 }).toClient("REGISTER");
    s.after(10_000).toClient("PUBLISH", { topicId, msgId: 1, dup: false });
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback").does("probe");
    s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
  });

  test("A-38 a repetition that it refuses for its DUP is sent once more without, for the first copy may have been lost", () => {
    const s = new Script();
    s.connect({ duration: 1000 });
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH", { dup: false });
    s.after(10_000).toClient("PUBLISH", { dup: true });
    s.client("PUBACK", { topicId, msgId: 1, returnCode: 3 }).toClient("PUBLISH", { msgId: 1, dup: false });
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback", { messageId: 1 });
  });

  test("A-38 and refused once more it is given up; one that is refused the first time at once", () => {
    const s = new Script();
    s.connect({ duration: 1000 });
    const topicId = s.subscribe("a", 2);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH");
    s.after(10_000).toClient("PUBLISH", { dup: true });
    s.client("PUBACK", { topicId, msgId: 1, returnCode: 3 }).toClient("PUBLISH", { dup: false });
    s.client("PUBACK", { topicId, msgId: 1, returnCode: 3 }).toBroker("puback").noted("delivery.dropped");
    s.deliver("a", { qos: 1, messageId: 2 }).toClient("PUBLISH", { dup: false });
    s.client("PUBACK", { topicId, msgId: 2, returnCode: 3 }).toBroker("puback").noted("delivery.dropped");
  });

  test("A-38 a message of QoS 2 that it refuses is given up: once more might be twice", () => {
    const s = new Script();
    s.connect({ duration: 1000 });
    const topicId = s.subscribe("a", 2);
    s.deliver("a", { qos: 2, messageId: 1 }).toClient("PUBLISH");
    s.after(10_000).toClient("PUBLISH", { dup: true });
    s.client("PUBACK", { topicId, msgId: 1, returnCode: 3 }).toBroker("pubrec").noted("delivery.dropped");
  });
});

test("I6 a name with a wildcard, which no broker should send, is not registered with the client", () => {
  const s = new Script();
  s.connect();
  s.client("SUBSCRIBE", { topicName: "w/#", qos: 1, msgId: 1 }).toBroker("subscribe");
  s.broker("suback", { messageId: 1, granted: [1] }).toClient("SUBACK");
  s.deliver("w/+", { qos: 1, messageId: 3 }).toBroker("puback", { messageId: 3 }).noted("delivery.dropped");
});

test("I6 one with a control character is: MQTT allows it, and nobody else can tell the client", () => {
  const s = new Script();
  s.connect();
  s.client("SUBSCRIBE", { topicName: "w/#", qos: 1, msgId: 1 }).toBroker("subscribe");
  s.broker("suback", { messageId: 1, granted: [1] }).toClient("SUBACK");
  s.deliver("w/\u0001", { qos: 1, messageId: 3 }).toClient("REGISTER", { topicName: "w/\u0001" });
});

describe("a client whose refusals name no topic", () => {
  test("G2a, R8 a PUBACK 0x03 with TopicId 0 ends the exchange that its MsgId names", () => {
    const s = new Script();
    s.connect();
    s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId: 0, msgId: 2, returnCode: 3 }).nothing();
    s.client("PUBACK", { topicId: 0, msgId: 1, returnCode: 3 }).toBroker("puback").noted("delivery.dropped");
  });

  test("G4 a PUBACK 0x02 with TopicId 0 is about the topic of that message", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId: 0, msgId: 1, returnCode: 2 }).toClient("REGISTER", { topicId, topicName: "a" });
  });

  test("R8 an acceptance has to name the topic", () => {
    const s = new Script();
    s.connect();
    const topicId = s.subscribe("a", 1);
    s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH");
    s.client("PUBACK", { topicId: 0, msgId: 1, returnCode: 0 }).nothing();
    s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback");
  });
});
