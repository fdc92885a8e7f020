import type { Publish } from "../sn/message.ts";
import { decodeShortName } from "../sn/short-name.ts";
import { type Context, note } from "./context.ts";
import type { Address, Instant } from "./contract.ts";
import { isForbiddenTopic } from "./forbidden-topic.ts";
import { Mountpoint } from "./mountpoint.ts";
import { SourceLimit } from "./source-limit.ts";
import { namesClient } from "./template.ts";

/** The limits by their keys, for one source and for all. */
const LIMITS = {
  source: "clients.max_qos_minus_one_source_rate",
  all: "clients.max_qos_minus_one_rate",
} as const;

/** What is wrong with a topic that is none, by its kind. */
const WHY_NO_TOPIC = {
  normal: "it has a normal topic id, which needs a connection",
  predefined: "the predefined topic id is not known: topics.predefined",
  short: "its short topic name is no topic name",
  reserved: "its TopicIdType is reserved",
} as const satisfies Record<Publish["topicIdType"], string>;

/**
 * PUBLISH with QoS −1 (§6.8): from anybody, in any state, without a connection, and without an answer whatever becomes of it. It goes
 * to the broker with QoS 0 through the gateway's own client.
 */
export class QosMinusOne {
  readonly #context: Context;
  readonly #limit: SourceLimit;

  constructor(context: Context) {
    const { settings } = context;
    this.#context = context;
    this.#limit = new SourceLimit(
      { perSecond: () => settings.qosMinusOnePerSourcePerSecond },
      () => settings.qosMinusOnePerSecond,
    );
  }

  /** `forwarder` is where the forwarder of the sender is, if it has one; `clientId` is the client that is connected at this address, if any: its predefined topic ids come first (N6). */
  publish(
    message: Publish,
    address: Address,
    forwarder: Address | undefined,
    clientId: string | undefined,
    brokerReachable: boolean,
    now: Instant,
  ): void {
    const reason = this.#whyNot(brokerReachable);
    if (reason !== undefined) {
      this.#drop(address, reason);
      return;
    }
    const topic = this.#topicOf(message, clientId);
    if (topic === undefined) {
      this.#drop(address, WHY_NO_TOPIC[message.topicIdType]);
      return;
    }
    const { settings, brokerLimits, effects } = this.#context;
    if (isForbiddenTopic(topic, settings)) {
      this.#drop(address, "the broker does not take its topic: broker.forbidden_characters");
      return;
    }
    const refusal = this.#limit.refusal(address, forwarder, now);
    if (refusal !== undefined) {
      this.#drop(address, "too many", LIMITS[refusal]);
      return;
    }
    const mounted = this.#mounted(topic, clientId);
    if (mounted === undefined) {
      this.#drop(address, "topics.mountpoint is another one for each client, and the sender is not connected");
      return;
    }
    const retain = message.retain && settings.brokerRetains && brokerLimits?.retains !== false;
    this.#context.figures.publishedWithoutConnection += 1;
    effects.add({ type: "publish", topic: mounted, payload: message.data, retain });
  }

  #whyNot(brokerReachable: boolean): string | undefined {
    if (!this.#context.settings.qosMinusOne) return "it is switched off: clients.qos_minus_one";
    return brokerReachable ? undefined : "the broker cannot be reached";
  }

  /** A normal id belongs to a connection, which there need not be (N2). */
  #topicOf({ topicIdType, topicId }: Publish, clientId: string | undefined): string | undefined {
    if (topicIdType === "predefined") return this.#context.predefined.nameOf(clientId, topicId);
    if (topicIdType === "short") return decodeShortName(topicId) ?? undefined;
    return undefined;
  }

  #mounted(topic: string, clientId: string | undefined): string | undefined {
    const { mountpoint } = this.#context.settings;
    if (mountpoint === "") return topic;
    if (clientId === undefined && namesClient(mountpoint)) return undefined;
    return new Mountpoint(mountpoint, clientId ?? "").topic(topic);
  }

  #drop(address: Address, reason: string, limit?: string): void {
    note(this.#context, "qos-minus-one.dropped", { address, reason, limit });
  }
}
