import type { DeviceTopic, Instant, Outcome } from "../../device/contract.ts";
import type { QoS } from "../../sn/message.ts";
import type { DeliveryLedger } from "./delivery-ledger.ts";
import type { HostedDevice } from "./device-host.ts";
import { simulatedPayload } from "./simulated-payload.ts";

/** What all nodes of a simulation share. */
export interface NodePlan {
  qos: QoS;
  /** Where messages of QoS −1 go. */
  unconnectedTopic: DeviceTopic;
  run: number;
  payloadOctets: number;
  /** Sleep between messages; undefined: stay active. */
  sleep: { duration: number; wakeEveryMs: number } | undefined;
  /** Subscribe to the topic, where messages come from the broker, instead of registering it. */
  isReceiver: boolean;
  ledger: DeliveryLedger;
  counts: NodeCounts;
  /** A node is ready: it is connected and its topic is known. */
  onReady: (node: SimulatedNode) => void;
  /** A node could not connect the first time; it goes on trying. */
  onFailed: (node: SimulatedNode, why: string) => void;
  /** A node's message has its answer, or has failed. */
  onFree: (node: SimulatedNode) => void;
  onLeft: (node: SimulatedNode) => void;
}

export interface NodeCounts {
  retransmissions: number;
  gaveUp: number;
  connectionsLost: number;
}

/** A device with something to do: it publishes when told to, one message at a time, or receives. */
export class SimulatedNode {
  readonly index: number;
  readonly topicName: string;
  readonly #plan: NodePlan;
  #hosted: HostedDevice | undefined;
  #state: "connecting" | "ready" | "leaving" = "connecting";
  #hasFailed = false;
  #refusal: number | undefined;
  #sentAt: Instant = 0;
  /** The message that has no answer yet. */
  #sequence: number | undefined;

  constructor(index: number, topicName: string, plan: NodePlan) {
    this.index = index;
    this.topicName = topicName;
    this.#plan = plan;
  }

  start(hosted: HostedDevice): void {
    this.#hosted = hosted;
    const { isReceiver, qos } = this.#plan;
    if (qos === -1) {
      this.#becomeReady();
      return;
    }
    hosted.handle({ type: "connect" });
    if (isReceiver) {
      hosted.handle({ type: "subscribe", token: 0, topic: { topicIdType: "normal", topicName: this.topicName }, qos });
    } else {
      hosted.handle({ type: "register", token: 0, topicName: this.topicName });
    }
  }

  /** The node is ready, and its last message has its answer. */
  publish(): void {
    const { qos, payloadOctets, ledger, run } = this.#plan;
    const sequence = ledger.send(this.index);
    this.#sequence = sequence;
    this.#sentAt = performance.now();
    const data = simulatedPayload.encode(payloadOctets, { run, node: this.index, sequence, sentAt: this.#sentAt });
    if (qos === -1) {
      this.#hosted?.handle({
        type: "publish-unconnected",
        topic: this.#plan.unconnectedTopic,
        retain: false,
        data,
      });
      ledger.answer(this.index, sequence, true, 0);
      this.#plan.onFree(this);
      return;
    }
    const topic = { topicIdType: "normal", topicName: this.topicName } as const;
    this.#hosted?.handle({ type: "connect" });
    this.#hosted?.handle({ type: "publish", token: 1, topic, qos, retain: false, data });
    this.#sleep();
  }

  leave(): void {
    this.#state = "leaving";
    // Without a connection there is nothing to leave.
    if (this.#plan.qos === -1) this.#plan.onLeft(this);
    this.#hosted?.handle({ type: "disconnect" });
  }

  onOutcome(outcome: Outcome, now: Instant): void {
    const { counts, ledger } = this.#plan;
    switch (outcome.type) {
      case "registered":
      case "subscribed":
        if (outcome.result === "accepted") this.#becomeReady();
        else this.#fail(`${outcome.type === "registered" ? "REGISTER" : "SUBSCRIBE"}: ${outcome.result}`);
        break;
      case "published": {
        const sequence = this.#sequence!;
        this.#sequence = undefined;
        ledger.answer(this.index, sequence, outcome.result === "accepted", now - this.#sentAt);
        this.#plan.onFree(this);
        break;
      }
      case "message": {
        const said = simulatedPayload.decode(outcome.data);
        if (said?.run === this.#plan.run) ledger.arrive(said.node, said.sequence, now - said.sentAt);
        break;
      }
      case "refused":
        this.#refusal = outcome.returnCode;
        break;
      case "disconnected":
        this.#onDisconnected(outcome.reason);
        break;
      case "retransmitted":
        counts.retransmissions += 1;
        break;
      case "gave-up":
        counts.gaveUp += 1;
        break;
      default:
        // Steps on the way.
        break;
    }
  }

  #becomeReady(): void {
    if (this.#state !== "connecting") return;
    this.#state = "ready";
    this.#sleep();
    this.#plan.onReady(this);
  }

  #onDisconnected(reason: string): void {
    if (this.#state === "leaving") {
      this.#plan.onLeft(this);
      return;
    }
    if (this.#state === "ready") this.#plan.counts.connectionsLost += 1;
    else this.#fail(this.#refusal === undefined ? reason : `CONNACK with return code ${this.#refusal}`);
  }

  #fail(why: string): void {
    if (this.#hasFailed || this.#state !== "connecting") return;
    this.#hasFailed = true;
    this.#plan.onFailed(this, why);
  }

  #sleep(): void {
    const { sleep } = this.#plan;
    if (sleep !== undefined) this.#hosted?.handle({ type: "sleep", ...sleep });
  }
}
