import type { Instant } from "./contract.ts";
import type { GatewayFigures } from "./gateway-figures.ts";
import type { MqttQoS } from "./packet.ts";

/** How a client went: it said so or was told, fell silent or was replaced, was refused, or did not finish its CONNECT. */
export type Parting = "disconnected" | "lost" | "refused" | "abandoned";

/** What is counted of one client since the gateway was started, over all its connections. */
export class ClientFigures {
  /** Datagrams of its messages and their octets, each way, the envelopes of forwarders included. */
  datagramsIn = 0;
  octetsIn = 0;
  datagramsOut = 0;
  octetsOut = 0;
  /** Its messages that the broker has. */
  published = 0;
  /** Messages of the broker that it has. */
  delivered = 0;
  /** Messages of the broker that it was not given. */
  dropped = 0;
  /** Requests of it that were refused: PUBLISH, REGISTER, SUBSCRIBE, changes of its will. */
  refused = 0;
  /** PUBLISHes of it that came once more, or said that they do (DUP). */
  repeatedIn = 0;
  /** Messages that it was sent once more. */
  repeatedOut = 0;
  /** CONNECTs that began something new; one by which it came out of its sleep is a wake-up. */
  connects = 0;
  /** How often it came out of its sleep. */
  wakeUps = 0;
  /** How it went last, when, and why; undefined where it has not gone since the gateway was started. */
  parted: { how: Parting; at: Instant; reason: string } | undefined;
  readonly #totals: GatewayFigures;

  /** What happens to it is counted in `totals` too. */
  constructor(totals: GatewayFigures) {
    this.#totals = totals;
  }

  /** A datagram of it has come, of so many octets. */
  countIn(octets: number): void {
    this.datagramsIn += 1;
    this.octetsIn += octets;
  }

  /** It is sent a datagram of so many octets. */
  countOut(octets: number): void {
    this.datagramsOut += 1;
    this.octetsOut += octets;
  }

  /** The broker has a message of it; with QoS 1 and 2 the broker took so long to say so. */
  countPublished(qos: MqttQoS, latencyMs = 0): void {
    this.published += 1;
    this.#totals.published[qos] += 1;
    if (qos > 0) this.#totals.publishLatencies.add(latencyMs);
  }

  /** It has a message of the broker; with QoS 1 and 2 it took so long to say so, where that is known. */
  countDelivered(qos: MqttQoS, latencyMs?: number): void {
    this.delivered += 1;
    this.#totals.delivered[qos] += 1;
    if (latencyMs !== undefined) this.#totals.deliveryLatencies.add(latencyMs);
  }

  /** A PUBLISH of it came once more. */
  countRepeatedIn(): void {
    this.repeatedIn += 1;
    this.#totals.repeatedByClients += 1;
  }

  /** It is sent a message once more. */
  countRepeatedOut(): void {
    this.repeatedOut += 1;
    this.#totals.repeatedToClients += 1;
  }

  /** It came out of its sleep. */
  countWakeUp(): void {
    this.wakeUps += 1;
    this.#totals.wakeUps += 1;
  }
}
