import { encode } from "../sn/encode.ts";
import type { Register } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { isTopicName } from "../sn/topic-name.ts";
import type { ClientRecord } from "./client-record.ts";

/** A client's REGISTER, and its REGACK (T1 to T8). It needs no broker. */
export function register(client: ClientRecord, { msgId, topicName }: Register): void {
  client.requests.sawMsgId("register", msgId);
  const isName = isTopicName(topicName) && Buffer.byteLength(topicName) <= client.settings.topicOctetsMax;
  const entry = isName ? client.topics.obtain(topicName) : undefined;
  if (entry === undefined) {
    const { obstacle } = client.topics;
    const notAName = "not a topic name, or longer than clients.max_topic_length";
    client.note("register.refused", isName ? obstacle : { reason: notAName });
    const returnCode = isName ? obstacle.returnCode : RETURN_CODE.notSupported;
    client.send(encode({ type: "REGACK", topicId: 0, msgId, returnCode }));
    return;
  }
  client.topics.answer(entry);
  client.send(encode({ type: "REGACK", topicId: entry.id, msgId, returnCode: RETURN_CODE.accepted }));
}
