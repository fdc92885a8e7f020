import { describe, expect, test } from "vitest";
import type { PublishPacket } from "../../src/gateway/packet.ts";
import { SentAgain } from "../../src/gateway/sent-again.ts";
import { Script } from "./script.ts";

const WAKE = { clientId: "dev1" };

/** A sleeper for which two messages wait where there is room for one, so that the broker is not read. */
function paused(): Script {
  const s = new Script({ queuedMax: 1 }).connect({ cleanSession: false, duration: 3600 });
  s.subscribe("a", 1);
  s.sleep(3600).deliver("a", { qos: 1, messageId: 1 });
  return s.deliver("a", { qos: 1, messageId: 2 }).does("pause");
}

/** The sleeper has woken up and has both. */
function read(): Script {
  const s = paused().client("PINGREQ", WAKE).toClient("PUBLISH", { msgId: 1 });
  s.client("PUBACK", { topicId: 1, msgId: 1 }).toBroker("puback", { messageId: 1 }).toClient("PUBLISH", { msgId: 2 });
  return s.client("PUBACK", { topicId: 1, msgId: 2 }).toBroker("puback", { messageId: 2 }).does("resume").does("probe");
}

describe("a broker that sends again what waits unread, as NATS does", () => {
  test("copies of what has been acknowledged meanwhile are no messages, and are not acknowledged again", () => {
    const s = read();
    s.deliver("a", { qos: 1, messageId: 1, dup: true }).nothing();
    s.deliver("a", { qos: 1, messageId: 2, dup: true }).nothing();
    s.event({ type: "link-probed", link: s.link }).toClient("PINGRESP");
  });

  test("without DUP it is another message under that identifier, and a copy of that one is one of it", () => {
    const s = read();
    s.deliver("a", { qos: 1, messageId: 1, payload: "new" }).toClient("PUBLISH", { msgId: 1, data: "new" });
    s.deliver("a", { qos: 1, messageId: 1, dup: true, payload: "new" }).nothing();
    s.client("PUBACK", { topicId: 1, msgId: 1 }).toBroker("puback", { messageId: 1 });
    s.deliver("a", { qos: 1, messageId: 1, dup: true, payload: "new" }).nothing();
  });

  test("over another connection what comes again has not been acknowledged", () => {
    const s = read();
    s.event({ type: "link-closed", link: s.link, reason: "reset" }).after(2000).opens().accepts(true).does("probe");
    s.deliver("a", { qos: 1, messageId: 2, dup: true }).toClient("PUBLISH", { msgId: 2 });
  });
});

describe("identifiers that have been acknowledged", () => {
  const publish = (messageId: number, dup = true): PublishPacket => ({
    cmd: "publish",
    topic: "a",
    payload: new Uint8Array(0),
    qos: 1,
    retain: false,
    dup,
    messageId,
  });

  test("are remembered from the moment on at which reading stops", () => {
    const sentAgain = new SentAgain();
    sentAgain.acknowledged(1);
    sentAgain.expect();
    sentAgain.acknowledged(2);
    expect([1, 2].map((id) => sentAgain.isCopy(publish(id)))).toEqual([false, true]);
  });

  test("are as many as 1024, the newest", () => {
    const sentAgain = new SentAgain();
    sentAgain.expect();
    for (let id = 1; id <= 1024; id += 1) sentAgain.acknowledged(id);
    sentAgain.acknowledged(1);
    sentAgain.acknowledged(1025);
    expect([1, 2, 3, 1025].map((id) => sentAgain.isCopy(publish(id)))).toEqual([true, false, true, true]);
  });
});
