import { describe, test } from "vitest";
import { Script } from "./script.ts";

const DURABLE = { cleanSession: false };

/** A restart, after which the broker still has the client's session, or has it no more. */
const restarted = (s: Script, sessionPresent = true) => s.restart().after(0).opens().accepts(sessionPresent);

describe("messages that were under way", () => {
  const subscribed = (qos: 1 | 2) => {
    const s = new Script().connect(DURABLE);
    s.subscribe("a", qos);
    return s.deliver("a", { qos, messageId: 7 }).toClient("PUBLISH", { msgId: 7, dup: false });
  };
  /** Something else makes the gateway save, so that what is in flight is. */
  const save = (s: Script) => {
    s.register("other", 99);
    return s;
  };

  test("R5 one that the client was sent is sent with DUP when the broker sends it again", () => {
    const s = save(subscribed(1));
    restarted(s).deliver("a", { qos: 1, messageId: 7, dup: true }).toClient("PUBLISH", { msgId: 7, dup: true });
    s.client("PUBACK", { topicId: 1, msgId: 7 }).toBroker("puback", { messageId: 7 });
    // The broker has the identifier for another message by now.
    s.deliver("a", { qos: 1, messageId: 7, dup: true }).toClient("PUBLISH", { msgId: 7, dup: false });
  });

  test("R5 another one that the broker sends again is not", () => {
    const s = save(subscribed(1));
    restarted(s).deliver("a", { qos: 1, messageId: 8, dup: true }).toClient("PUBLISH", { msgId: 8, dup: false });
  });

  test("R7 what the client says of one from before does not acknowledge the one that has its identifier now", () => {
    const s = save(subscribed(1));
    restarted(s).client("PUBACK", { topicId: 1, msgId: 7 }).nothing();
    s.deliver("a", { qos: 1, messageId: 7, dup: true }).toClient("PUBLISH", { msgId: 7 });
  });

  test("P10 QoS 2 from the broker: a PUBREL of the broker reaches the client, and its PUBCOMP the broker", () => {
    const s = save(subscribed(2)).client("PUBREC", { msgId: 7 }).toBroker("pubrec");
    restarted(s).broker("pubrel", { messageId: 7 }).toClient("PUBREL", { msgId: 7 });
    s.client("PUBCOMP", { msgId: 7 }).toBroker("pubcomp", { messageId: 7 });
  });

  test("P10 QoS 2 from the client, before PUBREC: its repetition goes to the broker under the same identifier, with DUP", () => {
    const s = new Script().connect(DURABLE);
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 5 }).toBroker("publish", { messageId: 5 });
    restarted(s)
      .client("PUBLISH", { topicId, qos: 2, msgId: 5, dup: true })
      .toBroker("publish", { messageId: 5, dup: true });
  });

  test("P10 after PUBREC: its PUBREL goes to the broker under the same identifier", () => {
    const s = new Script().connect(DURABLE);
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 5 }).toBroker("publish");
    save(s.broker("pubrec", { messageId: 5 }).toClient("PUBREC"));
    restarted(s).client("PUBREL", { msgId: 5 }).toBroker("pubrel", { messageId: 5 });
    s.broker("pubcomp", { messageId: 5 }).toClient("PUBCOMP", { msgId: 5 });
  });

  /** The client's PUBLISH with MsgId 0 is known to the broker as 65535. */
  const aliased = (phase: "sent" | "received" | "released") => {
    const s = new Script().connect(DURABLE);
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 0 }).toBroker("publish", { messageId: 65_535 });
    if (phase !== "sent") s.broker("pubrec", { messageId: 65_535 }).toClient("PUBREC", { msgId: 0 });
    if (phase === "released") s.client("PUBREL", { msgId: 0 }).toBroker("pubrel", { messageId: 65_535 });
    save(s);
    return { s, topicId };
  };

  test("P2, P10 where MsgId 0 stands for it, its repetition and its PUBREL still find it", () => {
    const { s, topicId } = aliased("sent");
    restarted(s).client("PUBLISH", { topicId, qos: 2, msgId: 0, dup: true }).toBroker("publish", { messageId: 65_535 });
    s.broker("pubrec", { messageId: 65_535 }).toClient("PUBREC", { msgId: 0 });
    for (const phase of ["received", "released"] as const) {
      const { s: other } = aliased(phase);
      restarted(other).client("PUBREL", { msgId: 0 }).toBroker("pubrel", { messageId: 65_535 });
      other.broker("pubcomp", { messageId: 65_535 }).toClient("PUBCOMP", { msgId: 0 });
      // And then it stands for it no more.
      other.after(10_000).client("PUBREL", { msgId: 0 }).nothing();
    }
  });

  test("P10 another message under the MsgId is another message, and none under an identifier that the broker has one under", () => {
    const { s, topicId } = aliased("received");
    restarted(s).client("PUBLISH", { topicId, qos: 2, msgId: 65_535, data: "other" });
    s.toBroker("publish", { messageId: 65_534, payload: "other" });
    s.client("PUBLISH", { topicId, qos: 2, msgId: 0, data: "new" }).toBroker("publish", { messageId: 65_533 });
    s.broker("pubrec", { messageId: 65_533 }).toClient("PUBREC", { msgId: 0 });
    s.client("PUBREL", { msgId: 0 }).toBroker("pubrel", { messageId: 65_533 });
  });

  test("P10 with a session that begins anew all of it is forgotten", () => {
    const { s } = aliased("received");
    restarted(s);
    const { link } = s;
    s.client("CONNECT").closes(true, link).gone(link).opens().accepts().toClient("CONNACK");
    s.client("PUBREL", { msgId: 0 }).nothing();
  });

  test("P10 and a client is told once that the broker has forgotten it", () => {
    const { s } = aliased("received");
    restarted(s, false).toClient("DISCONNECT");
    const { link } = s;
    s.closes(true, link).gone(link).client("CONNECT", DURABLE).opens().accepts(true).toClient("CONNACK");
    s.gone().after(2000).opens().accepts(false).nothing().noted("link.restored");
  });

  test("R7, P10 a copy of a PUBLISH whose PUBREL was under way is one", () => {
    const s = new Script().connect(DURABLE);
    const topicId = s.register("a");
    s.client("PUBLISH", { topicId, qos: 2, msgId: 5 }).toBroker("publish");
    s.broker("pubrec", { messageId: 5 }).toClient("PUBREC");
    save(s.client("PUBREL", { msgId: 5 }).toBroker("pubrel"));
    restarted(s).client("PUBLISH", { topicId, qos: 2, msgId: 5, dup: true }).nothing().noted("publish.repeated");
    s.client("PUBREL", { msgId: 5 }).toBroker("pubrel");
  });

  test("P10 where the broker has lost the session, the message that it had is lost: the client is told", () => {
    const { s } = aliased("received");
    restarted(s, false).toClient("DISCONNECT").closes(true);
  });
});
