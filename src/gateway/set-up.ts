import type { Connect, WillTopic } from "../sn/message.ts";
import { isTopicName } from "../sn/topic-name.ts";
import type { Instant } from "./contract.ts";
import type { MqttQoS, Will } from "./packet.ts";

const EMPTY = new Uint8Array(0);

/** A CONNECT that is being worked on: what the client said, the will as far as it is known, and the supervision of the next step. */
export class SetUp {
  readonly connect: Connect;
  /** The will that was prompted for; undefined when there was none or it was deleted (W2). */
  will: Will | undefined;
  /** How often the outstanding prompt was repeated. */
  tries = 0;
  due: Instant = Number.POSITIVE_INFINITY;

  constructor(connect: Connect) {
    this.connect = connect;
  }

  /** Whether a CONNECT says the same as the one under way (C9, C12). */
  isRepeatedBy(connect: Connect): boolean {
    return sameConnect(this.connect, connect);
  }

  /** Takes in a will topic; false where it is not one (W4, W5). */
  takeWillTopic(message: WillTopic & { empty: false }): boolean {
    const { willTopic, qos, retain } = message;
    if (!isTopicName(willTopic) || qos === -1) return false;
    this.will = { topic: willTopic, payload: EMPTY, qos: qos as MqttQoS, retain };
    return true;
  }

  takeWillMsg(willMsg: Uint8Array): void {
    if (this.will !== undefined) this.will.payload = willMsg;
  }
}

/** Whether two CONNECTs of one client ask for the same. */
export function sameConnect(one: Connect, other: Connect): boolean {
  return one.will === other.will && one.cleanSession === other.cleanSession && one.duration === other.duration;
}
