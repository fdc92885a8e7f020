import type { Script } from "../gateway/script.ts";

/** Another client than the script's comes, and is served: the gateway has taken no harm. */
export function expectBystanderServed(s: Script): void {
  s.from("bystander").connect({ clientId: "bystander" });
  const topicId = s.register("bystander/state");
  s.client("PUBLISH", { topicId, qos: 1, msgId: 5 }).toBroker("publish", { topic: "bystander/state" });
  s.broker("puback", { messageId: 5 }).toClient("PUBACK", { topicId, msgId: 5, returnCode: 0 });
}
