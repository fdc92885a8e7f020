import { describe, test } from "vitest";
import { active, back, backWithout, DURABLE, WAKE } from "./reconnect-script.ts";
import type { Script } from "./script.ts";

describe("a QoS 2 message of the client is under way when the connection breaks", () => {
  const received = () => {
    const s = active();
    s.client("PUBLISH", { topicId: 1, qos: 2, msgId: 7 }).toBroker("publish", { messageId: 7 });
    return s.broker("pubrec", { messageId: 7 }).toClient("PUBREC", { msgId: 7 });
  };
  const completed = (s: Script) => s.broker("pubcomp", { messageId: 7 }).toClient("PUBCOMP", { msgId: 7 });

  test("P10 before PUBREC it is the broker that knows whether it has it", () => {
    const s = active();
    s.client("PUBLISH", { topicId: 1, qos: 2, msgId: 7 }).toBroker("publish", { messageId: 7 });
    back(s)
      .client("PUBLISH", { topicId: 1, qos: 2, msgId: 7, dup: true })
      .toBroker("publish", { messageId: 7, dup: true });
    s.broker("pubrec", { messageId: 7 }).toClient("PUBREC").client("PUBREL", { msgId: 7 }).toBroker("pubrel");
    completed(s);
  });

  test("P10 after PUBREC the client's PUBREL releases it over the new connection", () => {
    completed(back(received()).client("PUBREL", { msgId: 7 }).toBroker("pubrel", { messageId: 7 }));
  });

  test("P10 after PUBREL too, for that may not have arrived", () => {
    const s = received().client("PUBREL", { msgId: 7 }).toBroker("pubrel", { messageId: 7 });
    back(s).client("PUBREL", { msgId: 7 }).toBroker("pubrel", { messageId: 7 });
    completed(s.client("PUBREL", { msgId: 7 }).nothing());
  });

  test("R7 a copy of its PUBLISH is not another message", () => {
    const s = back(received()).client("PUBLISH", { topicId: 1, qos: 2, msgId: 7, dup: true });
    s.toClient("PUBREC", { msgId: 7 }).nothing();
    back(s.client("PUBREL", { msgId: 7 }).toBroker("pubrel")).client("PUBLISH", { topicId: 1, qos: 2, msgId: 7 });
    s.nothing();
  });

  test("R7 a copy that comes after its end, and has to wait, is a copy still when it is looked at", () => {
    const s = completed(received().client("PUBREL", { msgId: 7 }).toBroker("pubrel"))
      .gone()
      .after(500);
    s.client("PUBLISH", { topicId: 1, qos: 2, msgId: 7 }).nothing().noted("publish.repeated");
    s.after(2000).opens().after(8000).accepts(true).nothing();
  });

  test("P2 where MsgId 0 stands for it, its PUBREL still finds it", () => {
    const s = active();
    s.client("PUBLISH", { topicId: 1, qos: 2, msgId: 0 }).toBroker("publish", { messageId: 0xffff });
    s.broker("pubrec", { messageId: 0xffff }).toClient("PUBREC", { msgId: 0 });
    back(s).client("PUBREL", { msgId: 0 }).toBroker("pubrel", { messageId: 0xffff });
  });

  test("P10 when the broker has lost the session the message is lost: the client is told, not that it is complete", () => {
    const s = backWithout(received()).toClient("DISCONNECT").closes(true);
    s.noted("client.disconnected");
  });

  test("P10 so it is with a clean session", () => {
    const s = active({});
    s.client("PUBLISH", { topicId: 1, qos: 2, msgId: 7 }).toBroker("publish", { messageId: 7 });
    s.broker("pubrec", { messageId: 7 }).toClient("PUBREC", { msgId: 7 });
    backWithout(s, { cleanSession: true }).toClient("DISCONNECT").closes(true);
  });

  test("Z3 a client that sleeps meanwhile is told at its next message", () => {
    const s = received().sleep();
    backWithout(s).closes(true).gone();
    s.client("PINGREQ", WAKE).toClient("DISCONNECT");
  });

  test("Z12 a client that wakes up by CONNECT is refused", () => {
    const s = received().sleep();
    s.gone().client("CONNECT", DURABLE).opens().accepts(false).toBroker("subscribe", { messageId: 65_535 });
    s.broker("suback", { messageId: 65_535, granted: [2] })
      .toClient("CONNACK", { returnCode: 1 })
      .closes(true);
  });

  test("Z12 a client that wakes up by CONNECT releases it where the broker has the session", () => {
    const s = received().sleep();
    s.gone().client("CONNECT", DURABLE).opens().accepts(true).toClient("CONNACK", { returnCode: 0 });
    completed(s.client("PUBREL", { msgId: 7 }).toBroker("pubrel", { messageId: 7 }));
  });
});

describe("a message for the client is under way when the connection breaks", () => {
  test("G8 QoS 1: the broker sends it again, and so does the gateway, with DUP", () => {
    const s = active().deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3, dup: false });
    back(s).deliver("a", { qos: 1, messageId: 3, dup: true }).toClient("PUBLISH", { msgId: 3, dup: true });
    s.client("PUBACK", { topicId: 1, msgId: 3 }).toBroker("puback", { messageId: 3 });
  });

  test("A-27 QoS 1: what the client has acknowledged meanwhile it does not get again", () => {
    const s = active().deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    s.gone().client("PUBACK", { topicId: 1, msgId: 3 }).nothing().after(2000).opens().accepts(true).nothing();
    s.deliver("a", { qos: 1, messageId: 3, dup: true }).toBroker("puback", { messageId: 3 }).nothing();
    s.deliver("a", { qos: 1, messageId: 4 }).toClient("PUBLISH", { msgId: 4, dup: false });
  });

  test("A-27 QoS 1: another message under its identifier is not taken for it", () => {
    const s = active().deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    s.gone().client("PUBACK", { topicId: 1, msgId: 3 }).nothing().after(2000).opens().accepts(true).nothing();
    s.deliver("a", { qos: 1, messageId: 3, dup: false, payload: "new" }).toClient("PUBLISH", { msgId: 3, dup: false });
    // The client has begun anew, and does not know the topic id.
    s.client("PUBACK", { topicId: 1, msgId: 3, returnCode: 2 }).toClient("REGISTER", { topicId: 1 });
  });

  test("A-27 QoS 1: nor is one that a broker sends again under a number of its own choice, as RabbitMQ does", () => {
    const s = active().deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    s.gone().client("PUBACK", { topicId: 1, msgId: 3 }).nothing().after(2000).opens().accepts(true).nothing();
    s.deliver("a", { qos: 1, messageId: 3, dup: true, payload: "later" }).toClient("PUBLISH", {
      msgId: 3,
      data: "later",
    });
  });

  test("A-27 QoS 1: nothing is acknowledged that the client has refused meanwhile", () => {
    const s = active().deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    s.gone().client("PUBACK", { topicId: 1, msgId: 3, returnCode: 3 }).after(2000).opens().accepts(true).nothing();
    s.deliver("a", { qos: 1, messageId: 3, dup: true }).toClient("PUBLISH", { msgId: 3 });
  });

  test("G6 QoS 1: so it is where the broker is quicker than what is restored, and the next message follows", () => {
    const s = active().deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    s.gone().client("PUBACK", { topicId: 1, msgId: 3 }).nothing().after(2000).opens();
    s.event({ type: "link-closed", link: s.link, reason: "reset" }).after(4000).opens().accepts(true);
    s.toBroker("subscribe").deliver("a", { qos: 1, messageId: 3, dup: true }).deliver("a", { qos: 1, messageId: 4 });
    s.nothing().broker("suback", { messageId: 65_535, granted: [2] });
    s.toBroker("puback", { messageId: 3 }).toClient("PUBLISH", { msgId: 4, dup: false });
  });

  test("A-27 QoS 2: the exchange goes on where the broker takes it up", () => {
    const s = active().deliver("a", { qos: 2, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    s.client("PUBREC", { msgId: 3 }).toBroker("pubrec", { messageId: 3 });
    back(s).broker("pubrel", { messageId: 3 }).toClient("PUBREL", { msgId: 3 });
    s.client("PUBCOMP", { msgId: 3 }).toBroker("pubcomp", { messageId: 3 });
  });

  test("A-34 a broker that has lost the session has lost the message: the client gets what is here, and nobody is told", () => {
    const s = active().deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    s.deliver("a", { qos: 1, messageId: 4 });
    backWithout(s).client("PUBACK", { topicId: 1, msgId: 3 }).toClient("PUBLISH", { msgId: 4 });
    s.client("PUBACK", { topicId: 1, msgId: 4 }).nothing();
  });

  test("R2 nothing is repeated to the client while there is no connection", () => {
    const s = active(DURABLE, { reconnectMinMs: 29_000 }).deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH");
    s.gone().after(28_000).nothing();
  });
});
