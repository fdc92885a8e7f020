import type { MqttVersion } from "./mqtt-version.ts";

/**
 * Which version of MQTT the broker is spoken to in: the one that is asked for, until it turns out that the broker does not speak it. One
 * for all connections to a broker.
 */
export class BrokerVersion {
  #current: MqttVersion;
  /** A connection of this version has come about: whatever else fails does not fail for the version. */
  #isProven = false;
  readonly #onFallback: (reason: string) => void;

  /** `onFallback` is told once, with the reason for people. */
  constructor(wanted: MqttVersion, onFallback: (reason: string) => void) {
    this.#current = wanted;
    this.#onFallback = onFallback;
  }

  /** For the next connection. */
  get current(): MqttVersion {
    return this.#current;
  }

  /** Whether a broker that closes the connection instead of answering CONNECT may do so for the version. */
  get isDoubtful(): boolean {
    return this.#current === 5 && !this.#isProven;
  }

  /** The broker has accepted a connection of MQTT 5. */
  prove(): void {
    this.#isProven = true;
  }

  /** The broker does not speak MQTT 5: from now on it is MQTT 3.1.1. */
  fallBack(reason: string): void {
    if (this.#current === 4) return;
    this.#current = 4;
    this.#onFallback(reason);
  }

  /** This version is asked for from now on, whatever has been found out: it may be another broker. */
  reset(wanted: MqttVersion): void {
    this.#current = wanted;
    this.#isProven = false;
  }
}
