import { encode } from "../sn/encode.ts";
import type { Register } from "../sn/message.ts";
import { RETURN_CODE } from "../sn/return-code.ts";
import { isTopicName } from "../sn/topic-name.ts";
import type { ClientRecord } from "./client-record.ts";
import { isForbiddenTopic } from "./forbidden-topic.ts";
import type { TopicObstacle } from "./topic-table.ts";

const NOT_A_NAME: TopicObstacle = {
  reason: "not a topic name, or longer than clients.max_topic_length",
  returnCode: RETURN_CODE.notSupported,
};

const FORBIDDEN: TopicObstacle = {
  reason: "the broker does not take it: broker.forbidden_characters",
  returnCode: RETURN_CODE.notSupported,
};

/** A client's REGISTER, and its REGACK (T1 to T8). It needs no broker. */
export function register(client: ClientRecord, { msgId, topicName }: Register): void {
  client.requests.sawMsgId("register", msgId);
  const isName = isTopicName(topicName) && Buffer.byteLength(topicName) <= client.settings.topicOctetsMax;
  if (!isName || isForbiddenTopic(topicName, client.settings)) {
    refuse(client, msgId, isName ? FORBIDDEN : NOT_A_NAME);
    return;
  }
  const entry = client.topics.obtain(topicName);
  if (entry === undefined) {
    refuse(client, msgId, client.topics.obstacle);
    return;
  }
  client.topics.answer(entry);
  client.send(encode({ type: "REGACK", topicId: entry.id, msgId, returnCode: RETURN_CODE.accepted }));
}

function refuse(client: ClientRecord, msgId: number, why: TopicObstacle): void {
  client.note("register.refused", { ...why });
  client.send(encode({ type: "REGACK", topicId: 0, msgId, returnCode: why.returnCode }));
}
