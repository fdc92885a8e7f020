import { describe, expect, test } from "vitest";
import { Script } from "./script.ts";

const SETTINGS = { tRetryMs: 10_000, nRetry: 1, connectTimeoutMs: 30_000 };
const WILL = { willTopic: "w/dev1", willMsg: "gone" };
const WAKE = { clientId: "dev1" };

/** A client with a will, subscribed to "a" with topic id 1, that sleeps. */
const asleep = (cleanSession = false) => {
  const s = new Script(SETTINGS).connectWithWill({ cleanSession }, WILL);
  expect(s.subscribe("a", 1)).toBe(1);
  return s.sleep(300);
};

const update = (s: Script) => s.client("WILLMSGUPD", { willMsg: "bye" }).closes(true);

const acknowledges = (s: Script, msgId: number) => s.client("PUBACK", { topicId: 1, msgId });

const probed = (s: Script) => s.event({ type: "link-probed", link: s.link });

describe("Z15 a sleeping client updates its will", () => {
  test("Z15, W8 it is answered, for its radio is on, and sleeps on", () => {
    const s = asleep();
    update(s)
      .gone()
      .opens({ will: { payload: "bye" } })
      .accepts(true)
      .toClient("WILLMSGRESP", { returnCode: 0 });
    s.deliver("a", { qos: 1, messageId: 1 }).nothing();
  });

  test("Z2 it counts as a sign of life", () => {
    const s = asleep().after(200_000);
    update(s).gone().opens().accepts(true).toClient("WILLMSGRESP");
    s.after(329_999).nothing();
    s.after(1).closes(false).noted("client.lost");
  });

  test("Z3 what it does not have of its messages stays, also in a clean session", () => {
    const s = asleep(true);
    s.deliver("a", { payload: "0" }).deliver("a", { qos: 1, messageId: 1, payload: "1" });
    update(s).gone().opens().accepts().toBroker("subscribe");
    s.broker("suback", { messageId: 65535, granted: [1] }).toClient("WILLMSGRESP", { returnCode: 0 });
    s.client("PINGREQ", WAKE).toClient("PUBLISH", { data: "0" }).toClient("PUBLISH", { data: "1" });
    acknowledges(s, 1).does("probe");
    probed(s).toClient("PINGRESP");
  });

  test("Z3 QoS 0 stays, and the rest comes from the broker again where that has the session", () => {
    const s = asleep();
    s.deliver("a", { payload: "0" }).deliver("a", { qos: 1, messageId: 1, payload: "1" });
    update(s).gone().opens().accepts(true).toClient("WILLMSGRESP");
    s.deliver("a", { qos: 1, messageId: 1, payload: "1", dup: true });
    s.client("PINGREQ", WAKE).toClient("PUBLISH", { data: "0" }).toClient("PUBLISH", { data: "1" });
    acknowledges(s, 1).toBroker("puback").does("probe");
    probed(s).toClient("PINGRESP");
  });
});

describe("Z1 the client goes to sleep in the middle of an update", () => {
  test("Z3 the update goes on, and its answer waits until the client wakes up", () => {
    const s = new Script(SETTINGS).connectWithWill({ cleanSession: false }, WILL);
    update(s)
      .sleep()
      .gone()
      .opens({ will: { payload: "bye" } });
    s.accepts(true).nothing().noted("will.updated");
    s.client("PINGREQ", WAKE).toClient("WILLMSGRESP", { returnCode: 0 }).does("probe");
    probed(s).toClient("PINGRESP");
  });

  test("Z3 so do the answers to what it asked meanwhile", () => {
    const s = new Script(SETTINGS).connectWithWill({ cleanSession: false }, WILL);
    update(s);
    s.client("PUBLISH", { topicId: 0x999, qos: 1, msgId: 5 }).nothing();
    s.client("PUBLISH", { topicIdType: "short", topicId: 0x7878, qos: 1, msgId: 6 }).nothing();
    s.sleep().gone().opens().accepts(true).toBroker("publish", { messageId: 6 });
    s.broker("puback", { messageId: 6 }).nothing();
    s.client("PINGREQ", WAKE);
    expect(s.arrows()).toEqual(["WILLMSGRESP 0", "PUBACK 2", "PUBACK 0", "probe"]);
  });

  test("Z3 and so do those that need no broker", () => {
    const s = new Script(SETTINGS).connectWithWill({ cleanSession: false }, WILL);
    s.subscribe("a", 1, 5);
    s.client("PUBLISH", { topicId: 1, qos: 2, msgId: 6 }).toBroker("publish").broker("pubrec", { messageId: 6 });
    s.toClient("PUBREC").client("PUBREL", { msgId: 6 }).toBroker("pubrel").broker("pubcomp", { messageId: 6 });
    s.toClient("PUBCOMP");
    update(s).client("SUBSCRIBE", { topicName: "a", qos: 1, msgId: 5, dup: true });
    s.client("PUBREL", { msgId: 6 }).sleep().gone().opens().accepts(true).nothing();
    s.client("PINGREQ", WAKE);
    expect(s.arrows()).toEqual(["WILLMSGRESP 0", "SUBACK 0", "PUBCOMP", "probe"]);
  });

  test("Z3 what it repeats while it sleeps is answered at once", () => {
    const s = new Script(SETTINGS).connectWithWill({ cleanSession: false }, WILL);
    const fields = { topicId: 0x999, qos: 1, msgId: 5 };
    update(s)
      .client("PUBLISH", fields)
      .sleep()
      .client("PUBLISH", { ...fields, dup: true })
      .nothing();
    s.gone().opens().accepts(true).toClient("PUBACK", { returnCode: 2 });
  });

  test("R7 the repetition of the update by a client that sleeps is answered at once", () => {
    const s = new Script(SETTINGS).connectWithWill({ cleanSession: false }, WILL);
    update(s).sleep().client("WILLMSGUPD", { willMsg: "bye" }).nothing();
    s.gone().opens().accepts(true).toClient("WILLMSGRESP", { returnCode: 0 });
  });
});

describe("Z4 the client wakes up in the middle of an update", () => {
  test("Z5, Z7 its messages and PINGRESP come when there is a connection, and what the broker has comes before PINGRESP", () => {
    const s = asleep();
    s.deliver("a", { qos: 1, messageId: 1 });
    update(s).client("PINGREQ", WAKE).client("PINGREQ", WAKE).nothing();
    s.gone().opens().accepts(true).toClient("WILLMSGRESP").does("probe").noted("client.awake");
    s.deliver("a", { qos: 1, messageId: 1, dup: true }).toClient("PUBLISH", { msgId: 1 });
    probed(s).nothing();
    acknowledges(s, 1).toBroker("puback").does("probe");
    probed(s).toClient("PINGRESP");
  });

  test("Z3 a PINGREQ of before it went to sleep once more does not wake it", () => {
    const s = asleep(true);
    s.deliver("a", { qos: 1, messageId: 1 });
    update(s).client("PINGREQ", WAKE).sleep(300).gone().opens().accepts().toBroker("subscribe");
    s.broker("suback", { messageId: 65535, granted: [1] }).nothing();
    s.client("PINGREQ", WAKE).toClient("WILLMSGRESP").toClient("PUBLISH");
  });

  test("Z12 CONNECT makes it active, and its messages come when there is a connection", () => {
    const s = asleep(true);
    s.deliver("a", { qos: 1, messageId: 1 });
    update(s).client("CONNECT", { duration: 60 }).toClient("CONNACK", { returnCode: 0 }).noted("client.resumed");
    s.gone().opens().accepts().toBroker("subscribe");
    s.broker("suback", { messageId: 65535, granted: [1] })
      .toClient("WILLMSGRESP")
      .toClient("PUBLISH", { msgId: 1 });
    acknowledges(s, 1).nothing();
  });

  test("Z12 what was in flight when it went to sleep goes out again then", () => {
    const s = asleep(true);
    s.deliver("a", { qos: 1, messageId: 1 }).client("PINGREQ", WAKE).toClient("PUBLISH").sleep(300);
    update(s).client("CONNECT", { duration: 60 }).toClient("CONNACK").gone().opens().accepts().toBroker("subscribe");
    s.broker("suback", { messageId: 65535, granted: [1] }).toClient("WILLMSGRESP");
    s.toClient("PUBLISH", { msgId: 1, dup: true });
    // R4: its repetition is still to come.
    s.after(10_000).toClient("PUBLISH", { msgId: 1, dup: true });
    s.after(10_000).toClient("DISCONNECT").closes(false);
  });
});

describe("Z15 an awake client updates its will", () => {
  const awake = (cleanSession = false) => {
    const s = asleep(cleanSession).deliver("a", { qos: 1, messageId: 1 });
    return s.client("PINGREQ", WAKE).toClient("PUBLISH", { msgId: 1 });
  };

  test("Z7 the period does not end before the broker has sent over the new connection what it has", () => {
    const s = awake();
    update(s);
    acknowledges(s, 1).nothing();
    s.gone().opens().accepts(true).toClient("WILLMSGRESP").does("probe");
    s.deliver("a", { qos: 1, messageId: 1, dup: true }).toBroker("puback").nothing();
    probed(s).does("probe");
    probed(s).toClient("PINGRESP");
  });

  test("Z7 in a clean session it ends when the client has what is here", () => {
    const s = awake(true);
    update(s);
    acknowledges(s, 1).gone().opens().accepts().toBroker("subscribe");
    s.broker("suback", { messageId: 65535, granted: [1] })
      .toClient("WILLMSGRESP")
      .does("probe");
    probed(s).toClient("PINGRESP");
  });

  test("Z7 a probe of the old connection does not keep it from ending", () => {
    const s = awake();
    acknowledges(s, 1).toBroker("puback").does("probe");
    update(s).gone().opens().accepts(true).toClient("WILLMSGRESP").does("probe");
    probed(s).toClient("PINGRESP");
  });

  test("Z7 nor before what it has asked is answered", () => {
    const s = awake();
    s.client("SUBSCRIBE", { topicName: "b", msgId: 5 }).toBroker("subscribe");
    s.client("WILLMSGUPD", { willMsg: "bye" }).nothing();
    acknowledges(s, 1).toBroker("puback").nothing();
    s.broker("suback", { messageId: 5, granted: [0] })
      .toClient("SUBACK")
      .closes(true);
  });

  test("W10 the broker does not answer: the update is refused, and the connection made with the will of before", () => {
    const s = new Script({ ...SETTINGS, connectTimeoutMs: 5000 }).connectWithWill({}, WILL);
    s.subscribe("a", 1);
    s.sleep().deliver("a", { qos: 1, messageId: 1 }).client("PINGREQ", WAKE).toClient("PUBLISH");
    update(s).gone().opens().after(5000).toClient("WILLMSGRESP", { returnCode: 1 }).closes(true).gone();
    s.after(2000).opens({ will: { payload: "gone" } });
  });

  test("R6 a message whose REGISTER has no answer meanwhile is not given up", () => {
    const s = new Script(SETTINGS).connectWithWill({}, WILL);
    s.subscribe("#", 0);
    s.sleep().deliver("b").client("PINGREQ", WAKE).toClient("REGISTER");
    update(s).gone().opens().after(20_000).notNoted("delivery.dropped");
    s.accepts()
      .toBroker("subscribe")
      .broker("suback", { messageId: 65535, granted: [0] });
    s.client("PINGREQ", WAKE).toClient("WILLMSGRESP").toClient("REGISTER");
  });

  test("Z10 a PINGREQ meanwhile is not answered, and nothing is repeated", () => {
    const s = awake();
    update(s).client("PINGREQ", WAKE).nothing();
  });

  test("Z11 silence meanwhile ends the period without PINGRESP", () => {
    const s = awake(true);
    update(s).gone().opens().after(20_000).nothing();
    s.accepts()
      .toBroker("subscribe")
      .broker("suback", { messageId: 65535, granted: [1] })
      .nothing();
    s.client("PINGREQ", WAKE).toClient("WILLMSGRESP").toClient("PUBLISH", { msgId: 1, dup: true });
  });
});

describe("W10 the connection of a sleeping client cannot be made anew", () => {
  test.each([
    ["it is refused", (s: Script) => s.refuses(5), 3],
    ["it breaks", (s: Script) => s.gone(), 1],
    ["nothing comes", (s: Script) => s.after(30_000), 1],
  ])("W10 %s: the update is refused, and the connection made with the will of before", (what, fails, returnCode) => {
    const s = asleep();
    update(s).gone().opens();
    fails(s).toClient("WILLMSGRESP", { returnCode });
    if (what === "nothing comes") s.closes(true).gone();
    s.after(2000)
      .opens({ will: { payload: "gone" } })
      .accepts(true);
    s.client("PINGREQ", WAKE).does("probe").event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
  });

  test("Z3 one that has gone to sleep meanwhile is sent nothing", () => {
    const s = new Script(SETTINGS).connectWithWill({ cleanSession: false }, WILL);
    update(s).sleep().gone().opens().gone().nothing();
    s.after(2000).opens().accepts(true).nothing();
    s.client("PINGREQ", WAKE).toClient("WILLMSGRESP", { returnCode: 1 }).does("probe");
  });

  test("Z2 a sleep that is over meanwhile loses the client when the new connection has its will, which fires", () => {
    const s = new Script({ ...SETTINGS, connectTimeoutMs: 1_000_000 }).connectWithWill({}, WILL).sleep(300);
    update(s).gone().opens().after(330_000).nothing().accepts().toClient("WILLMSGRESP");
    s.after(0).closes(false).noted("client.lost").gone().nothing();
  });

  test("Z2 and where it cannot be made, nothing is left to end", () => {
    const s = new Script({ ...SETTINGS, connectTimeoutMs: 1_000_000 }).connectWithWill({}, WILL).sleep(300);
    update(s).after(330_000).nothing().gone().opens().gone().toClient("WILLMSGRESP", { returnCode: 1 });
    s.after(0).noted("client.lost").nothing();
  });

  test("Z13 DISCONNECT of a sleeping client ends it, without a will", () => {
    const s = asleep();
    update(s).gone().opens().client("DISCONNECT").toClient("DISCONNECT").closes(true);
  });
});
