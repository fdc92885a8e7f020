import type { MqttQoS, PacketToBroker } from "./packet.ts";

/** Characters that no broker stumbles over. */
const PLAIN = /^[\w/-]*$/;

/** What the broker was sent last: it may be why a broker of MQTT 3.1.1, which has no word for it, closes the connection. */
export class LastSent {
  #cmd: "publish" | "subscribe" | "unsubscribe" | undefined;
  #topic = "";
  #qos: MqttQoS = 0;
  #retain = false;

  /** The packet is sent; nothing of its payload is kept. */
  set(packet: PacketToBroker): void {
    switch (packet.cmd) {
      case "publish":
        this.#cmd = "publish";
        this.#topic = packet.topic;
        this.#qos = packet.qos;
        this.#retain = packet.retain;
        break;
      case "subscribe":
        this.#cmd = "subscribe";
        this.#topic = packet.subscriptions[0]!.topic;
        break;
      case "unsubscribe":
        this.#cmd = "unsubscribe";
        this.#topic = packet.unsubscriptions[0]!;
        break;
    }
  }

  /** Nothing has been sent yet over a new connection. */
  clear(): void {
    this.#cmd = undefined;
    this.#topic = "";
  }

  /** For people: `PUBLISH with QoS 2, retained, to a/b`; undefined where there was nothing but acknowledgements. */
  get text(): string | undefined {
    if (this.#cmd === undefined) return undefined;
    if (this.#cmd !== "publish") return `${this.#cmd.toUpperCase()} ${this.#topic}`;
    return `PUBLISH with QoS ${this.#qos}${this.#retain ? ", retained" : ""}, to ${this.#topic}`;
  }

  /** What to set if that is something that the broker does not take; undefined where every broker takes it. */
  get remedy(): string | undefined {
    const remedies: string[] = [];
    if (this.#cmd === "publish" && this.#qos === 2) remedies.push("broker.max_qos: 1");
    if (this.#cmd === "publish" && this.#retain) remedies.push("broker.retain: strip");
    if (this.#cmd === "publish" && !PLAIN.test(this.#topic)) remedies.push("broker.forbidden_characters");
    return remedies.length === 0 ? undefined : `if the broker closed it for that: ${remedies.join(", ")}`;
  }
}
