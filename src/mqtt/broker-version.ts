import type { MqttVersion } from "./mqtt-version.ts";

/**
 * Which version of MQTT the broker is spoken to in: the one that is asked for, until it turns out that the broker does not speak it. One
 * for all connections to a broker.
 */
export class BrokerVersion {
  #wanted: MqttVersion;
  #current: MqttVersion;
  /** A connection of MQTT 5 has come about: whatever else fails does not fail for the version. */
  #isProven = false;
  readonly #onFallback: (reason: string) => void;

  /** `onFallback` is told the reason, for people, when the broker turns out not to speak what is asked for. */
  constructor(wanted: MqttVersion, onFallback: (reason: string) => void) {
    this.#wanted = wanted;
    this.#current = wanted;
    this.#onFallback = onFallback;
  }

  /** For the next connection of a client. */
  get current(): MqttVersion {
    return this.#current;
  }

  /** For the next connection of the gateway's own, which finds out for all others whether the broker speaks it. */
  get wanted(): MqttVersion {
    return this.#wanted;
  }

  /** Whether a broker that closes the connection instead of answering CONNECT may do so for the version. */
  get isDoubtful(): boolean {
    return this.#wanted === 5 && !this.#isProven;
  }

  /** The broker has accepted a connection of MQTT 5. */
  prove(): void {
    if (this.#wanted === 4) return;
    this.#isProven = true;
    this.#current = 5;
  }

  /** The broker does not speak MQTT 5: from now on it is MQTT 3.1.1. */
  fallBack(reason: string): void {
    if (this.#wanted === 4) return;
    this.#wanted = 4;
    this.#current = 4;
    this.#onFallback(reason);
  }

  /** This version is asked for from now on, whatever has been found out; MQTT 5 of clients' connections when it is proven. */
  reset(wanted: MqttVersion): void {
    this.#wanted = wanted;
    this.#isProven = false;
    if (wanted === 4) this.#current = 4;
  }
}
