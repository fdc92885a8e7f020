import { describe, test } from "vitest";
import { active, asleep, back, backWithout, DURABLE, probed, reopened, WAKE } from "./reconnect-script.ts";
import { Script } from "./script.ts";

describe("the broker connection of an active client breaks", () => {
  test("field 8 it is made anew with the session and the will of before, and the client notices nothing", () => {
    const s = new Script().connectWithWill(DURABLE, { willTopic: "w", willMsg: "gone" });
    s.gone().nothing().noted("link.closed");
    s.after(2000).opens({ clientId: "dev1", cleanSession: false, will: { topic: "w", payload: "gone" } });
    s.accepts(true).nothing().noted("link.restored");
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("T11 topic ids go on meaning what they meant, both ways, without a REGISTER", () => {
    const s = back(active());
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 7 }).toBroker("publish", { topic: "a", messageId: 7 });
    s.deliver("a").toClient("PUBLISH", { topicId: 1 });
  });

  test("A-54 a session that the broker has lost gets its subscriptions again", () => {
    const s = backWithout(active()).nothing().noted("link.restored");
    s.deliver("a").toClient("PUBLISH", { topicId: 1 });
  });

  test("A-54 where the connection breaks before all of them are confirmed, all are made again", () => {
    const s = new Script().connect(DURABLE);
    for (let index = 1; index <= 9; index += 1) s.subscribe(`a${index}`, 1, index);
    s.gone().after(2000).opens().accepts(false);
    s.toBroker("subscribe", { messageId: 65_535 }).toBroker("subscribe", { messageId: 65_534 });
    s.broker("suback", { messageId: 65_535, granted: Array(8).fill(1) });
    s.gone().after(4000).opens().accepts(true).toBroker("subscribe").toBroker("subscribe");
  });

  test("A-54 a subscription that the broker refused is not held against the client that has begun anew", () => {
    const s = reopened(active()).accepts(false).toBroker("subscribe", { messageId: 65_535 });
    const { link } = s;
    s.broker("suback", { messageId: 65_535, granted: [0x80] })
      .toClient("DISCONNECT")
      .closes(true)
      .gone(link);
    back(s.connect(DURABLE, true)).nothing();
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("R5 what the client was sent is sent with DUP also where the next connection breaks before it comes", () => {
    const s = active();
    s.deliver("a", { qos: 1, messageId: 5 }).toClient("PUBLISH", { dup: false, msgId: 5 });
    back(back(s)).deliver("a", { qos: 1, messageId: 5, dup: true }).toClient("PUBLISH", { dup: true, msgId: 5 });
  });

  test("R5 and where a message that was sent before waits behind it", () => {
    const s = active();
    s.deliver("a", { qos: 1, messageId: 5 }).toClient("PUBLISH", { msgId: 5 });
    s.client("PUBACK", { topicId: 1, msgId: 5 }).toBroker("puback", { messageId: 5 });
    s.deliver("a", { qos: 1, messageId: 6 }).toClient("PUBLISH", { msgId: 6 });
    // The broker has not heard the PUBACK.
    back(s).deliver("a", { qos: 1, messageId: 5, dup: true }).toClient("PUBLISH", { msgId: 5 });
    s.deliver("a", { qos: 1, messageId: 6, dup: true }).nothing();
    back(s).deliver("a", { qos: 1, messageId: 5, dup: true }).toClient("PUBLISH", { dup: true, msgId: 5 });
  });

  test("and what the client has acknowledged since is not sent once more", () => {
    const s = active();
    s.deliver("a", { qos: 1, messageId: 5 }).toClient("PUBLISH", { msgId: 5 });
    s.gone().client("PUBACK", { topicId: 1, msgId: 5 }).after(2000).opens().accepts(true);
    back(s).deliver("a", { qos: 1, messageId: 5, dup: true }).toBroker("puback", { messageId: 5 });
  });

  test("P9 a second PUBACK is not taken for that of a new message under the same packet identifier", () => {
    const s = active();
    s.deliver("a", { qos: 1, messageId: 5 }).toClient("PUBLISH", { msgId: 5 });
    back(s).deliver("a", { qos: 1, messageId: 5, dup: true }).toClient("PUBLISH", { dup: true, msgId: 5 });
    s.client("PUBACK", { topicId: 1, msgId: 5 }).toBroker("puback", { messageId: 5 });
    s.client("PUBACK", { topicId: 1, msgId: 5 });
    s.deliver("a", { qos: 1, messageId: 5 }).toClient("PUBLISH", { dup: false, msgId: 5 });
    s.client("PUBACK", { topicId: 1, msgId: 5, returnCode: 2 }).toClient("REGISTER", { topicId: 1 });
  });

  test("A-54 a clean session likewise, for a client that does not know of a new one would not ask", () => {
    const s = reopened(active({}), { cleanSession: true }).accepts(false).toBroker("subscribe", { messageId: 65_535 });
    s.broker("suback", { messageId: 65_535, granted: [1] }).noted("link.restored");
  });

  test("K1 a PINGREQ meanwhile is answered", () => {
    active().gone().client("PINGREQ").toClient("PINGRESP");
  });

  test("P9 what the client publishes meanwhile waits, and is acknowledged when the broker has it", () => {
    const s = active().gone();
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 7 }).nothing();
    s.client("PUBLISH", { topicId: 1, qos: 0 }).nothing();
    s.after(2000).opens().accepts(true).toBroker("publish", { messageId: 7 }).toBroker("publish", { qos: 0 });
    s.broker("puback", { messageId: 7 }).toClient("PUBACK", { msgId: 7, returnCode: 0 });
  });

  test("R7 a repetition of what waits does not make it two", () => {
    const s = active().gone();
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 7 }).client("PUBLISH", {
      topicId: 1,
      qos: 1,
      msgId: 7,
      dup: true,
    });
    s.after(2000).opens().accepts(true).toBroker("publish", { messageId: 7 });
  });

  test("P9 a PUBLISH that the broker had not answered is not acknowledged, and goes to the broker once more when it is repeated", () => {
    const s = active();
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 7 }).toBroker("publish", { messageId: 7 });
    back(s).client("PUBLISH", { topicId: 1, qos: 1, msgId: 7, dup: true });
    s.toBroker("publish", { messageId: 7, dup: true });
    s.broker("puback", { messageId: 7 }).toClient("PUBACK", { msgId: 7 });
  });

  test("S7 a SUBSCRIBE that the broker had not answered is asked again when it is repeated", () => {
    const s = active();
    s.client("SUBSCRIBE", { topicName: "b", msgId: 9 }).toBroker("subscribe", { messageId: 9 });
    back(s).client("SUBSCRIBE", { topicName: "b", msgId: 9, dup: true }).toBroker("subscribe", { messageId: 9 });
    s.broker("suback", { messageId: 9, granted: [0] }).toClient("SUBACK", { msgId: 9 });
  });

  test("an answer over the connection of before answers nothing over the new one", () => {
    const s = active();
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 7 }).toBroker("publish", { messageId: 7 });
    const before = s.link;
    back(s)
      .event({ type: "packet", link: before, packet: { cmd: "puback", messageId: 7 } })
      .nothing();
  });

  test("R7 more than there is room for is not answered, and the client repeats it", () => {
    const s = active(DURABLE, { inFlightMax: 2 }).gone();
    for (const msgId of [7, 8]) s.client("PUBLISH", { topicId: 1, qos: 1, msgId }).nothing();
    s.client("PUBLISH", { topicId: 1, qos: 1, msgId: 9 }).noted("message.ignored", { limit: "clients.max_in_flight" });
    s.after(2000).opens().accepts(true).toBroker("publish", { messageId: 7 }).toBroker("publish", { messageId: 8 });
  });
});

describe("the broker connection of a sleeping client breaks", () => {
  test("Z18 it is made anew, and nothing is sent to the client", () => {
    back(asleep()).nothing().noted("link.restored");
  });

  test("Z5, Z7 when it wakes up it gets what the broker has for it, before PINGRESP", () => {
    const s = back(asleep()).deliver("a", { qos: 1, messageId: 3 }).nothing();
    s.client("PINGREQ", WAKE).toClient("PUBLISH", { topicId: 1, msgId: 3 });
    probed(s.client("PUBACK", { topicId: 1, msgId: 3 }).toBroker("puback").does("probe")).toClient("PINGRESP");
  });

  test("Z7 what comes behind the new connection's first sign of life comes before PINGRESP", () => {
    const s = back(asleep()).client("PINGREQ", WAKE).does("probe");
    s.deliver("a", { qos: 1, messageId: 3 }).toClient("PUBLISH", { msgId: 3 });
    probed(s).nothing();
    probed(s.client("PUBACK", { topicId: 1, msgId: 3 }).toBroker("puback").does("probe")).toClient("PINGRESP");
  });

  test("Z6 a PINGREQ just after the break is answered when the connection is there", () => {
    const s = asleep().gone().client("PINGREQ", WAKE).nothing();
    s.after(1000).opens().accepts(true).does("probe");
    probed(s).toClient("PINGRESP");
  });

  test("Z6 a PINGREQ is answered without messages when an attempt fails, so that the client can sleep", () => {
    const s = asleep().gone().client("PINGREQ", WAKE).nothing().after(1000).opens();
    s.gone().toClient("PINGRESP").noted("link.retried");
    s.client("PINGREQ", WAKE).toClient("PINGRESP");
    s.after(4000).opens().accepts(true).nothing();
  });

  test("Z2 and its sleep is counted from there", () => {
    const s = asleep(DURABLE, { reconnectMinMs: 10_000_000 }).gone().after(3_000_000).client("PINGREQ", WAKE).nothing();
    s.after(3_900_000).nothing().notNoted("client.lost");
    s.after(100_000).nothing().noted("client.lost");
  });

  test("Z3 the end of broker.outage_limit means nothing to a sleeping client", () => {
    asleep(DURABLE, { outageLimitMs: 0, reconnectMinMs: 60_000 }).gone().after(59_000).nothing();
  });

  test("Z15 what it publishes asleep goes to the broker when it can", () => {
    const s = asleep().gone().client("PUBLISH", { topicId: 1, qos: 1, msgId: 7 }).nothing();
    s.after(2000).opens().accepts(true).toBroker("publish", { messageId: 7 });
    s.broker("puback", { messageId: 7 }).toClient("PUBACK", { msgId: 7 });
  });

  test("Z12 a CONNECT has its connection made at once", () => {
    const s = asleep().gone().client("CONNECT", DURABLE).opens({ cleanSession: false }).accepts(true);
    s.toClient("CONNACK", { returnCode: 0 }).noted("client.resumed");
    s.after(60_000).nothing();
  });

  test("Z12 a CONNECT in the middle of an attempt waits for the end of that one", () => {
    const s = reopened(asleep()).client("CONNECT", DURABLE).closes(true).nothing();
    s.gone().opens().accepts(true).toClient("CONNACK", { returnCode: 0 });
  });

  test("Z13 a DISCONNECT ends it, and no attempt follows", () => {
    asleep().gone().client("DISCONNECT").toClient("DISCONNECT").noted("client.disconnected").after(60_000).nothing();
  });
});

describe("the broker connection of an awake client breaks", () => {
  const awake = (settings = {}) => {
    const s = asleep(DURABLE, settings).deliver("a", { qos: 1, messageId: 3 });
    return s.client("PINGREQ", WAKE).toClient("PUBLISH", { msgId: 3 });
  };

  test("Z7 the period goes on over the new connection, and ends when all has been delivered", () => {
    const s = awake();
    reopened(s).accepts(true).does("probe");
    s.deliver("a", { qos: 1, messageId: 3, dup: true }).toClient("PUBLISH", { msgId: 3, dup: true });
    probed(s).nothing();
    probed(s.client("PUBACK", { topicId: 1, msgId: 3 }).toBroker("puback").does("probe")).toClient("PINGRESP");
  });

  test("Z6, Z11 it goes back to sleep when an attempt fails, and has the message under way when it wakes up again", () => {
    const s = awake();
    reopened(s).gone().toClient("PINGRESP").noted("link.retried");
    s.after(4000).opens().accepts(true).nothing();
    s.deliver("a", { qos: 1, messageId: 3, dup: true }).nothing();
    s.client("PINGREQ", WAKE).toClient("PUBLISH", { msgId: 3, dup: true });
  });

  test("A-27 and what it has acknowledged meanwhile it does not get again", () => {
    const s = awake();
    s.gone().client("PUBACK", { topicId: 1, msgId: 3 }).nothing();
    s.after(2000).opens().gone().toClient("PINGRESP").after(4000).opens().accepts(true).nothing();
    s.deliver("a", { qos: 1, messageId: 3, dup: true }).nothing();
    s.client("PINGREQ", WAKE).toBroker("puback", { messageId: 3 }).does("probe");
    probed(s).toClient("PINGRESP");
  });

  test("Z7 one that has got everything goes back to sleep when an attempt fails", () => {
    const s = back(asleep()).client("PINGREQ", WAKE).does("probe");
    reopened(s).gone().toClient("PINGRESP");
    s.after(4000).opens().accepts(true).nothing();
  });

  test("Z11 when that does not come, the client goes back to sleep and is not told", () => {
    const s = awake({ outageLimitMs: 5000, reconnectMinMs: 1_000_000 }).gone().after(60_000).nothing();
    s.client("PINGREQ", WAKE).nothing();
  });
});
