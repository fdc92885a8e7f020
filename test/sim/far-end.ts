import type { Random } from "../../src/device/random.ts";
import type { MqttQoS } from "../../src/gateway/packet.ts";
import { matchesFilter } from "../sn/matches-filter.ts";
import type { DeliveryChecker } from "./checkers/delivery-checker.ts";
import type { SimulatedBroker } from "./simulated-broker.ts";
import type { SimulatedClient } from "./simulated-client.ts";

/** Messages that are sent at once. */
const BURST_MAX = 60;

/** An MQTT client at the other side of the broker, which publishes to devices. */
export class FarEnd {
  readonly #random: Random;
  readonly #broker: SimulatedBroker;
  readonly #deliveries: DeliveryChecker;
  readonly #retained: number;
  #count = 0;

  /** `retained` is the share of retained messages. */
  constructor(random: Random, broker: SimulatedBroker, deliveries: DeliveryChecker, retained: number) {
    this.#random = random;
    this.#broker = broker;
    this.#deliveries = deliveries;
    this.#retained = retained;
  }

  /** `isAdmitted` is false for a device that is not let in at the end: nothing is promised to it. What was published is returned. */
  publish(client: SimulatedClient, isAdmitted: boolean): string {
    const { clientId, topics, isDurable } = client;
    const topic = topics.down[this.#random.integer(0, topics.down.length - 1)]!;
    const qos = this.#random.integer(0, 2) as MqttQoS;
    const retain = this.#random.next() < this.#retained;
    this.#count += 1;
    const payload = `${clientId}-down-${this.#count}`;
    const grantedQos = this.#broker.grantedQos(clientId, topic);
    // Only a session that stays keeps what comes while the connection is away.
    const isPromised = isDurable && grantedQos !== undefined && isAdmitted;
    const promisedQos = isPromised ? (Math.min(qos, grantedQos) as MqttQoS) : undefined;
    this.#deliveries.sentDown(payload, { clientId, topic, retain, promisedQos });
    this.#broker.publish(undefined, { topic, payload: Buffer.from(payload), qos, retain });
    return `${topic} QoS ${qos} ${payload}`;
  }

  /**
   * One more message to a subscription that the device has to have, where it has to get it: at QoS 0 it may not know the topic id (G4). The
   * payload, if there is one.
   */
  probe({ clientId, topics }: SimulatedClient, filter: string): string[] {
    const topic = topics.down.find((name) => matchesFilter(filter, name))!;
    if (this.#broker.grantedQos(clientId, topic) === 0) return [];
    this.#count += 1;
    const payload = `${clientId}-probe-${this.#count}`;
    this.#deliveries.sentDown(payload, { clientId, topic, retain: false, promisedQos: undefined });
    this.#broker.publish(undefined, { topic, payload: Buffer.from(payload), qos: 1, retain: false });
    return [payload];
  }

  /** How many messages come at once this time. */
  burst(): number {
    return this.#random.integer(2, BURST_MAX);
  }
}
