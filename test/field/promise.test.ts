import { describe, expect, test } from "vitest";
import { Script } from "../gateway/script.ts";

const DURABLE = { cleanSession: false, duration: 65_535 };

/** A durable client with a subscription to "a". */
function durable(qos: 1 | 2, settings = {}): { s: Script; topicId: number } {
  const s = new Script(settings);
  s.connect(DURABLE);
  return { s, topicId: s.subscribe("a", qos) };
}

/** The acknowledgements among the effects. */
function acknowledged(arrows: readonly string[]): string[] {
  return arrows.filter((arrow) => /^broker: pub(ack|rec|comp)$/.test(arrow));
}

describe("what the broker is told to be delivered has been delivered", () => {
  test.each([1, 2] as const)("field 5 QoS %i: the broker is not acknowledged before the client has answered", (qos) => {
    const { s, topicId } = durable(qos);
    s.deliver("a", { qos, messageId: 1 }).toClient("PUBLISH", { qos }).nothing();
    s.after(10_000).toClient("PUBLISH", { dup: true }).nothing();
    if (qos === 1) s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback");
    else s.client("PUBREC", { msgId: 1 }).toBroker("pubrec");
  });

  test.each([1, 2] as const)("field 5 QoS %i: a restart loses nothing, for nothing was acknowledged", (qos) => {
    const before = durable(qos).s;
    before.deliver("a", { qos, messageId: 1 }).toClient("PUBLISH");
    before.deliver("a", { qos, messageId: 2 }).nothing();
    // The gateway is killed. The broker delivers again to the connection that its client makes through the next one.
    const after = new Script();
    after.client("PINGREQ").toClient("DISCONNECT");
    after.connect(DURABLE, true);
    after.deliver("a", { qos, messageId: 1, dup: true });
    const topicId = after.toClientId("REGISTER", { topicName: "a" });
    after.deliver("a", { qos, messageId: 2, dup: true }).nothing();
    after.client("REGACK", { topicId, msgId: 0xffff }).toClient("PUBLISH", { msgId: 1 }).nothing();
  });

  test.each([1, 2] as const)("field 5 QoS %i: giving up a client loses nothing", (qos) => {
    const { s } = durable(qos);
    s.deliver("a", { qos, messageId: 1 }).toClient("PUBLISH");
    s.deliver("a", { qos, messageId: 2 }).nothing().after(120_000);
    const arrows = s.arrows();
    expect(arrows).toContain("close, will fires");
    expect(acknowledged(arrows)).toEqual([]);
    s.gone().connect(DURABLE, true);
    s.deliver("a", { qos, messageId: 1, dup: true }).toClient("REGISTER", { topicName: "a" });
  });

  test.each([1, 2] as const)(
    "field 5 QoS %i: a full buffer loses nothing: the broker keeps what does not fit",
    (qos) => {
      const { s, topicId } = durable(qos, { queuedMax: 3 });
      s.sleep(3600);
      let paused = false;
      for (let messageId = 1; messageId <= 10 && !paused; messageId += 1) {
        const arrows = s.deliver("a", { qos, messageId }).arrows();
        expect(acknowledged(arrows)).toEqual([]);
        paused = arrows.includes("pause");
      }
      expect(paused).toBe(true);
      s.client("PINGREQ", { clientId: "dev1" }).toClient("PUBLISH", { msgId: 1 });
      if (qos === 1) s.client("PUBACK", { topicId, msgId: 1 }).toBroker("puback", { messageId: 1 }).toClient("PUBLISH");
      else s.client("PUBREC", { msgId: 1 }).toBroker("pubrec", { messageId: 1 }).does("resume");
    },
  );

  test.each([1, 2] as const)("field 5 QoS %i: falling asleep in the middle loses nothing", (qos) => {
    const { s } = durable(qos);
    s.deliver("a", { qos, messageId: 1 }).toClient("PUBLISH");
    s.sleep(3600).after(1_000_000).nothing();
    s.client("PINGREQ", { clientId: "dev1" }).toClient("PUBLISH", { msgId: 1, dup: true });
  });
});

describe("what a device is told to be published has been published", () => {
  test.each([
    [1, "puback", "PUBACK"],
    [2, "pubrec", "PUBREC"],
  ] as const)(
    "field 5 QoS %i: a device is not acknowledged before the broker has answered",
    (qos, fromBroker, toClient) => {
      const s = new Script();
      s.connect();
      const topicId = s.register("up");
      s.client("PUBLISH", { topicId, qos, msgId: 7 }).toBroker("publish", { qos, messageId: 7 }).nothing();
      s.after(30_000).nothing();
      s.broker(fromBroker, { messageId: 7 }).toClient(toClient, { msgId: 7 });
    },
  );

  test.each([1, 2] as const)(
    "field 5 QoS %i: a device is not acknowledged when the connection breaks before the broker has answered",
    (qos) => {
      const s = new Script({ outageLimitMs: 0 });
      s.connect();
      const topicId = s.register("up");
      s.client("PUBLISH", { topicId, qos, msgId: 7 }).toBroker("publish");
      s.gone().nothing().after(0).toClient("DISCONNECT").nothing();
    },
  );
});

describe("a QoS 2 PUBLISH that comes again", () => {
  test("field 18 a repeated QoS 2 PUBLISH does not disconnect the client, and is not forwarded twice", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("up");
    const publish = { topicId, qos: 2, msgId: 7 };
    s.client("PUBLISH", publish).toBroker("publish", { messageId: 7 });
    for (let time = 0; time < 3; time += 1) s.client("PUBLISH", { ...publish, dup: true }).nothing();
    s.broker("pubrec", { messageId: 7 }).toClient("PUBREC", { msgId: 7 });
    for (let time = 0; time < 3; time += 1) {
      s.client("PUBLISH", { ...publish, dup: true })
        .toClient("PUBREC", { msgId: 7 })
        .nothing();
    }
    s.client("PUBREL", { msgId: 7 }).toBroker("pubrel").broker("pubcomp", { messageId: 7 }).toClient("PUBCOMP");
    s.client("PUBREL", { msgId: 7 });
    expect(s.arrows()).not.toContain("DISCONNECT");
    s.client("PINGREQ").toClient("PINGRESP");
  });

  test("field 18 one without DUP likewise: a device that does not set it is not disconnected", () => {
    const s = new Script();
    s.connect();
    const topicId = s.register("up");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7 }).toBroker("publish");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 7 }).nothing();
    s.client("PINGREQ").toClient("PINGRESP");
  });
});
