import { test } from "vitest";
import { Script } from "./script.ts";

test("Z3 a client that woke up while its connection was being made anew, and sleeps again when that is ready, is sent nothing", () => {
  const s = new Script();
  s.connect();
  const topicId = s.subscribe("a", 1);
  s.deliver("a", { qos: 1, messageId: 1 }).toClient("PUBLISH", { topicId, msgId: 1 });
  s.sleep();
  const { link } = s;
  s.event({ type: "link-expires", link }).closes(true, link);
  s.client("CONNECT").toClient("CONNACK", { returnCode: 0 });
  s.sleep();
  s.gone(link).opens().accepts().toBroker("subscribe", { messageId: 65_535 });
  s.broker("suback", { messageId: 65_535, granted: [1] })
    .noted("link.renewed")
    .nothing();
});
