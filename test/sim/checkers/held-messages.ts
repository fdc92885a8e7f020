/** A message of the broker that the gateway was handed and the client has not got. */
export interface HeldMessage {
  readonly payload: string;
  readonly topic: string;
  readonly qos: number;
  /** 0 at QoS 0. */
  readonly packetId: number;
  /** The broker has forgotten it since: it is the gateway's alone. */
  isOrphan: boolean;
}

/** Messages that a gateway holds for one client, in the order in which they have to go out. */
export class HeldMessages {
  readonly #onLost: (payload: string) => void;
  #held: HeldMessage[] = [];
  /** Payloads that the client acknowledged while the broker could not be told: it sends them again, and the client need not get them. */
  readonly #heard = new Set<string>();

  /** `onLost` is told the payload of each message that is gone. */
  constructor(onLost: (payload: string) => void) {
    this.#onLost = onLost;
  }

  get first(): HeldMessage | undefined {
    return this.#held[0];
  }

  get length(): number {
    return this.#held.length;
  }

  has(payload: string): boolean {
    return this.#held.some((held) => held.payload === payload);
  }

  add(message: Omit<HeldMessage, "isOrphan">): void {
    this.#held.push({ ...message, isOrphan: false });
  }

  /** A message that the broker sends again: whether it is here, though the broker was taken to have forgotten it. */
  adopts(message: Omit<HeldMessage, "isOrphan">): boolean {
    const orphan = this.#held.find((held) => held.isOrphan && isSame(held, message));
    if (orphan !== undefined) orphan.isOrphan = false;
    return orphan !== undefined;
  }

  putBack(message: HeldMessage): void {
    this.#held.unshift(message);
  }

  /** The client has the first one. `isUntold`: the broker cannot be told. */
  take(isUntold: boolean): void {
    const first = this.#held.shift();
    if (isUntold && first !== undefined) this.#heard.add(first.payload);
  }

  /** The client says that it has a message, which the broker has sent before and is to send again. */
  hear(payload: string): void {
    this.#heard.add(payload);
  }

  /** The gateway gives one up, not one before the place `first`. Whether there is such a message. */
  giveUp(topic: string, qos: number, first: number): boolean {
    const index = this.#held.findIndex((held, at) => at >= first && held.topic === topic && held.qos === qos);
    if (index >= 0) this.#held.splice(index, 1);
    return index >= 0;
  }

  /** The broker is told PUBACK: where the client said it before, it need not get the message once more. Whether there is such a one. */
  acknowledged(packetId: number): boolean {
    const { length } = this.#held;
    const isHeard = (one: HeldMessage) => one.qos === 1 && one.packetId === packetId && this.#heard.has(one.payload);
    this.#held = this.#held.filter((one) => !isHeard(one));
    return this.#held.length < length;
  }

  /** The broker has forgotten the session. */
  orphan(): void {
    for (const held of this.#held) held.isOrphan = true;
  }

  /** The broker has the session, and sends again what was not acknowledged. */
  redelivered(): void {
    const isKept = ({ qos, isOrphan }: HeldMessage) => qos === 0 || isOrphan;
    for (const held of this.#held) if (!isKept(held)) this.#onLost(held.payload);
    this.#held = this.#held.filter(isKept);
  }

  clear(): void {
    for (const { payload } of this.#held) this.#onLost(payload);
    this.#held = [];
  }
}

/** Whether it is the same message under the same number. */
export function isSame(one: Omit<HeldMessage, "isOrphan">, other: Omit<HeldMessage, "isOrphan">): boolean {
  return one.payload === other.payload && one.packetId === other.packetId && one.qos === other.qos;
}
