import type { Message, QoS } from "../../src/sn/message.ts";
import { type MessageName, MSG_TYPE } from "../../src/sn/msg-type.ts";
import type { TopicIdType } from "../../src/sn/topic-id-type.ts";
import type { Chance } from "./chance.ts";
import type { FuzzProfile } from "./fuzz-profile.ts";
import type { ClientEnd } from "./fuzz-world.ts";

const ODD_CLIENT_IDS = ["", "x".repeat(300), "bad\0id"] as const;
/** Few, so that what one message says meets what another has said. "tt" is also a short name, "p/7" and "p/8" are predefined. */
export const TOPIC_NAMES = ["a/b", "a/c", "d", "tt", "p/7", "p/8", `long/${"x".repeat(60)}`, "$SYS/x"] as const;
const FILTERS = [...TOPIC_NAMES, "a/+", "#", "a/#", "a/#/b", "", "+", "n\0n"] as const;
const SHORT_IDS = [0x7474, 0x7474, 0x7474, 0x612f, 0x2b2b, 0x0000, 0xffff] as const;
const PREDEFINED_IDS = [7, 7, 7, 7, 8, 8, 9, 0, 0xffff] as const;

const QOS: readonly [QoS, ...QoS[]] = [0, 0, 1, 1, 1, 2, 2, 2, -1];
const KINDS: Record<TopicIdType, number> = { normal: 10, predefined: 5, short: 4, reserved: 0.3 };

/** What brings a client on. */
const LIKELY: Record<ClientEnd["state"], MessageName | undefined> = {
  disconnected: "CONNECT",
  connected: undefined,
  asleep: "PINGREQ",
};

/** A valid message of any type, from client number `client` with few MsgIds; what it says makes sense more often than not. */
export function anyMessage(
  chance: Chance,
  profile: FuzzProfile,
  client: number,
  { topicIds, state }: ClientEnd,
): Message {
  const likely = chance.happens(0.5) ? LIKELY[state] : undefined;
  const type = likely ?? chance.weighted(profile.messages);
  const msgId = chance.integer(0, 6);
  const returnCode = chance.happens(0.7) ? 0 : chance.integer(0, 4);
  const qos = chance.pick(QOS);
  const normalId = (): number => (chance.happens(0.9) ? chance.pick(topicIds) : undefined) ?? chance.integer(0, 5);
  switch (type) {
    case "CONNECT":
      return {
        type,
        will: chance.happens(0.2),
        cleanSession: chance.happens(0.5),
        protocolId: chance.happens(0.98) ? 1 : 2,
        duration: chance.pick(profile.durations),
        clientId: clientId(),
      };
    case "PUBLISH": {
      const topicIdType = chance.weighted(KINDS);
      const topicId = { normal: normalId, reserved: normalId, predefined: predefinedId, short: shortId }[topicIdType]();
      const data = new Uint8Array(chance.pick([0, 3, 3, 30, 300]));
      return { type, dup: chance.happens(0.2), qos, retain: chance.happens(0.2), topicIdType, topicId, msgId, data };
    }
    case "SUBSCRIBE":
      return { type, dup: chance.happens(0.2), qos, msgId, ...subscriptionTopic() };
    case "UNSUBSCRIBE":
      return { type, msgId, ...subscriptionTopic() };
    case "REGISTER":
      return { type, topicId: 0, msgId, topicName: chance.pick(chance.happens(0.1) ? FILTERS : TOPIC_NAMES) };
    case "REGACK":
    case "PUBACK":
      return { type, topicId: normalId(), msgId: chance.happens(0.2) ? 0xffff : msgId, returnCode };
    case "PUBREC":
    case "PUBREL":
    case "PUBCOMP":
    case "UNSUBACK":
      return { type, msgId };
    case "SUBACK":
      return { type, qos, topicId: normalId(), msgId, returnCode };
    case "PINGREQ":
      return { type, clientId: chance.happens(0.3) ? "" : clientId() };
    case "DISCONNECT":
      return { type, duration: chance.happens(0.3) ? undefined : chance.pick(profile.durations) };
    case "WILLTOPIC":
    case "WILLTOPICUPD":
      if (chance.happens(0.3)) return { type, empty: true };
      return {
        type,
        empty: false,
        qos,
        retain: chance.happens(0.3),
        willTopic: chance.pick(chance.happens(0.1) ? FILTERS : TOPIC_NAMES),
      };
    case "WILLMSG":
    case "WILLMSGUPD":
      return { type, willMsg: chance.octets(chance.integer(0, 20)) };
    case "CONNACK":
    case "WILLTOPICRESP":
    case "WILLMSGRESP":
      return { type, returnCode };
    case "ADVERTISE":
      return { type, gwId: 1, duration: 900 };
    case "SEARCHGW":
      return { type, radius: 0 };
    case "GWINFO":
      return { type, gwId: 1, gwAdd: chance.octets(chance.integer(0, 6)) };
    case "ENCAPSULATED":
      return { type, radius: 0, wirelessNodeId: chance.octets(2), data: Uint8Array.of(2, MSG_TYPE.PINGREQ) };
    default:
      return { type };
  }

  function clientId(): string {
    if (!chance.happens(profile.mixUp)) return `client-${client}`;
    return chance.happens(0.2) ? chance.pick(ODD_CLIENT_IDS) : `client-${chance.integer(0, profile.clients - 1)}`;
  }

  function predefinedId(): number {
    return chance.pick(PREDEFINED_IDS);
  }

  function shortId(): number {
    return chance.pick(SHORT_IDS);
  }

  function subscriptionTopic() {
    const topicIdType = chance.weighted(KINDS);
    if (topicIdType === "normal")
      return { topicIdType, topicName: chance.pick(chance.happens(0.3) ? FILTERS : TOPIC_NAMES) };
    if (topicIdType === "reserved") return { topicIdType };
    return { topicIdType, topicId: topicIdType === "short" ? shortId() : predefinedId() };
  }
}

/** What a well-behaved client says to a message of the gateway; undefined where nothing is expected. */
export function answerTo(chance: Chance, message: Message): Message | undefined {
  const returnCode = chance.happens(0.95) ? 0 : chance.integer(1, 4);
  switch (message.type) {
    case "REGISTER":
      return { type: "REGACK", topicId: message.topicId, msgId: message.msgId, returnCode };
    case "PUBLISH":
      if (message.qos === 2) return { type: "PUBREC", msgId: message.msgId };
      if (message.qos === 0 && returnCode === 0) return undefined;
      return { type: "PUBACK", topicId: message.topicId, msgId: message.msgId, returnCode };
    case "PUBREL":
      return { type: "PUBCOMP", msgId: message.msgId };
    case "PUBREC":
      return { type: "PUBREL", msgId: message.msgId };
    case "WILLTOPICREQ":
      return { type: "WILLTOPIC", empty: false, qos: 1, retain: false, willTopic: "w" };
    case "WILLMSGREQ":
      return { type: "WILLMSG", willMsg: chance.octets(3) };
    default:
      return undefined;
  }
}
