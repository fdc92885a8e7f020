import { describe, expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../src/gateway/settings.ts";
import { Script } from "./script.ts";

/** How long the gateway repeats a message that is not answered. */
const CYCLE_MS = DEFAULT_SETTINGS.tRetryMs * (DEFAULT_SETTINGS.nRetry + 1);

/** What was saved is up to a second old: these clients fell asleep, or woke up, in that second. */
const restarted = (s: Script) => s.restart().after(0).opens().accepts(true);

describe("saved as asleep", () => {
  const asleep = (fields = {}) => {
    const s = new Script().connect({ cleanSession: false, ...fields });
    s.subscribe("a", 2);
    return restarted(s.sleep());
  };

  test("Z12, A-55 what only an active client says gets its messages, and they are delivered as to one", () => {
    const s = asleep().deliver("a", { qos: 1, messageId: 8 }).nothing();
    s.client("REGISTER", { topicName: "b", msgId: 2 })
      .toClient("PUBLISH", { msgId: 8 })
      .toClient("REGACK", { msgId: 2 });
    s.noted("client.resumed");
    s.client("PUBACK", { topicId: 1, msgId: 8 }).toBroker("puback", { messageId: 8 });
    s.deliver("a").toClient("PUBLISH", { qos: 0 });
    s.client("PINGREQ").toClient("PINGRESP");
    expect(s.saved()?.state).toBe("active");
  });

  test("R2, A-55 a client in the middle of a QoS 2 exchange gets PUBREL", () => {
    const s = asleep().broker("pubrel", { messageId: 8 }).nothing();
    // As to any that becomes active, and as the answer.
    s.client("PUBREC", { msgId: 8 }).toClient("PUBREL", { msgId: 8 }).toClient("PUBREL", { msgId: 8 });
    s.client("PUBCOMP", { msgId: 8 }).toBroker("pubcomp", { messageId: 8 });
  });

  test("Z4 an awake client is one: its PINGREQ gets its messages, and PINGRESP", () => {
    const s = asleep().deliver("a", { qos: 1, messageId: 8 }).nothing();
    s.client("PUBACK", { topicId: 1, msgId: 7 }).toClient("PUBLISH", { msgId: 8 });
    s.client("PINGREQ", { clientId: "dev1" }).toClient("PUBLISH", { msgId: 8, dup: true });
    s.client("PUBACK", { topicId: 1, msgId: 8 }).toBroker("puback", { messageId: 8 }).does("probe");
    s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
    s.deliver("a").nothing();
  });

  test("A-47 one that has published from its sleep is not lost when it does not answer, and may be silent as a sleeping one", () => {
    const s = asleep({ duration: 10 }).deliver("a", { qos: 1, messageId: 8 }).nothing();
    s.client("PUBLISH", { topicId: 1 }).toClient("PUBLISH", { msgId: 8 }).toBroker("publish");
    s.after(CYCLE_MS).noted("delivery.postponed");
    expect(s.arrows()).toHaveLength(DEFAULT_SETTINGS.nRetry);
    s.after(200_000).nothing();
    s.client("PUBLISH", { topicId: 1 }).toBroker("publish").toClient("PUBLISH", { msgId: 8, dup: true });
    s.client("PINGREQ", { clientId: "dev1" }).toClient("PUBLISH", { msgId: 8, dup: true });
    s.client("PUBACK", { topicId: 1, msgId: 8 }).toBroker("puback").does("probe");
    s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
  });

  test("A-47 nor is its message given up when it does not answer REGISTER, with CleanSession=1 either", () => {
    const s = new Script().connect();
    s.subscribe("+", 1);
    s.sleep().restart().after(0).opens().accepts(false).toBroker("subscribe");
    s.broker("suback", { messageId: 0xffff, granted: [1] })
      .deliver("x", { qos: 1, messageId: 8 })
      .nothing();
    s.client("PUBLISH", { topicIdType: "short", topicId: 0x7331 }).toClient("REGISTER").toBroker("publish");
    s.after(CYCLE_MS).noted("delivery.postponed");
    expect(s.arrows()).toHaveLength(DEFAULT_SETTINGS.nRetry);
    s.client("PINGREQ", { clientId: "dev1" }).toClient("REGISTER");
  });

  test("Z17 a PINGREQ without ClientId wakes it up, and does not make it active", () => {
    const s = asleep().deliver("a", { qos: 1, messageId: 8 }).nothing();
    s.client("PINGREQ").toClient("PUBLISH", { msgId: 8 });
    s.client("PUBACK", { topicId: 1, msgId: 8 }).toBroker("puback").does("probe");
    s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
    s.deliver("a").nothing();
  });

  test("A-55 noise, and the rest of a CONNECT that the restart has swallowed, say nothing of it", () => {
    const s = asleep().deliver("a", { qos: 1, messageId: 8 }).nothing();
    s.client("SUBACK").client("PINGRESP").client("WILLTOPIC", { willTopic: "w" });
    s.client("WILLMSG", { willMsg: new Uint8Array(1) }).nothing();
    expect(s.saved()?.state).toBe("asleep");
  });

  test("Z15 once it has asked for its messages, what it says from its sleep does not make it active", () => {
    const s = asleep().client("PINGREQ", { clientId: "dev1" }).does("probe");
    s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
    s.client("PUBLISH", { topicId: 1 }).toBroker("publish").deliver("a").nothing();
  });
});

describe("saved as active", () => {
  const active = (fields = {}) => {
    const s = new Script().connect({ cleanSession: false, duration: 60, ...fields });
    s.subscribe("a", 2);
    return restarted(s);
  };

  test("Z4, A-55 a PINGREQ with its ClientId is of one that has gone to sleep", () => {
    const s = active().client("PINGREQ", { clientId: "dev1" }).does("probe");
    s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
    s.deliver("a").nothing();
    expect(s.saved()?.state).toBe("asleep");
  });

  test("R6, A-55 one that is not heard is not lost for not answering, and gets its message when it wakes up", () => {
    const s = active({ duration: 600 }).deliver("a", { qos: 1, messageId: 8 }).toClient("PUBLISH", { msgId: 8 });
    s.after(CYCLE_MS).noted("delivery.postponed");
    expect(s.arrows()).toHaveLength(DEFAULT_SETTINGS.nRetry);
    s.client("PINGREQ", { clientId: "dev1" }).toClient("PUBLISH", { msgId: 8, dup: true });
  });

  test("R6 one that has said something is", () => {
    const s = active({ duration: 600 }).client("PUBLISH", { topicId: 1 }).toBroker("publish");
    s.deliver("a", { qos: 1, messageId: 8 }).toClient("PUBLISH", { msgId: 8 });
    s.after(CYCLE_MS).noted("client.lost");
    expect(s.arrows()).toHaveLength(DEFAULT_SETTINGS.nRetry + 2);
  });
});
