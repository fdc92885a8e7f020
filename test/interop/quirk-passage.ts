import { connect, type Socket } from "node:net";
import { generate, type IConnackPacket, type IConnectPacket, type Packet, parser } from "mqtt-packet";
import type { Habit, HabitAtWork } from "./quirk-habit.ts";

/** What connections and their proxy have in common. */
export interface PassageSurroundings {
  brokerPort: number;
  habits: readonly Habit[];
  /** A client has done what this broker does not bear. */
  onOffence: (clientId: string, what: string) => void;
  /** Every packet of a client, as it came. */
  onPacket: (clientId: string, packet: Packet) => void;
  /** A PUBLISH goes to a client. */
  onDelivered: (clientId: string) => void;
}

/** One connection of a client through the proxy, packet for packet, and the proxy's own to the broker that belongs to it. */
export class QuirkPassage {
  clientId = "";
  version: 4 | 5 = 4;
  readonly #near: Socket;
  readonly #surroundings: PassageSurroundings;
  readonly #habits: HabitAtWork[];
  readonly #timers: NodeJS.Timeout[] = [];
  #far: Socket | undefined;
  #isOver = false;

  constructor(near: Socket, surroundings: PassageSurroundings) {
    this.#near = near;
    this.#surroundings = surroundings;
    this.#habits = surroundings.habits.map((habit) => habit(this));
    const packets = parser();
    packets.on("packet", (packet) => this.#fromClient(packet));
    packets.on("error", () => this.cut());
    near.on("data", (octets) => packets.parse(octets));
    near.on("error", () => {});
    near.on("close", () => this.cut());
  }

  /** Whether it is one of a client: the gateway's own connection is none. */
  get isOfClient(): boolean {
    return this.clientId !== "" && !this.clientId.startsWith("mqtt-sn-gateway-");
  }

  /** A packet to the client, past all habits. */
  toClient(packet: Packet): void {
    if (this.#isOver) return;
    if (packet.cmd === "publish") this.#surroundings.onDelivered(this.clientId);
    this.#near.write(this.#octets(packet));
  }

  /** A packet to the broker, past all habits. */
  toBroker(packet: Packet): void {
    if (!this.#isOver) this.#far?.write(this.#octets(packet));
  }

  /** Answers CONNECT with a refusal: a return code of MQTT 3.1.1, or a reason code of MQTT 5. */
  refuse(returnCode: number, reasonCode: number): void {
    const answer: IConnackPacket = { cmd: "connack", sessionPresent: false };
    if (this.version === 5) answer.reasonCode = reasonCode;
    else answer.returnCode = returnCode;
    this.#end(this.#octets(answer));
  }

  /** Ends the connection for what the client has done; over MQTT 5 with this reason code. */
  sendAway(offence: string, reasonCode: number): void {
    this.#surroundings.onOffence(this.clientId, offence);
    this.end(reasonCode);
  }

  /** Ends the connection; over MQTT 5 with this reason code, where there is one. */
  end(reasonCode?: number): void {
    const says = this.version === 5 && reasonCode !== undefined;
    this.#end(says ? this.#octets({ cmd: "disconnect", reasonCode }) : undefined);
  }

  /** Runs this after a time, unless the connection is over by then. */
  after(waitMs: number, run: () => void): void {
    this.#timers.push(setTimeout(run, waitMs));
  }

  /** Breaks the connection off, on both sides. */
  cut(): void {
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#near.destroy();
    this.#far?.destroy();
  }

  #end(lastWords: Buffer | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#far?.destroy();
    if (lastWords === undefined) this.#near.end();
    else this.#near.end(lastWords);
    // What comes after is not read, and must not hold up the end.
    this.#near.resume();
  }

  #fromClient(packet: Packet): void {
    if (this.#isOver) return;
    if (packet.cmd === "connect") this.#onConnect(packet);
    this.#surroundings.onPacket(this.clientId, packet);
    const changed = passOn(this.#habits, packet, "fromClient", () => this.#isOver);
    if (changed === undefined) return;
    if (changed.cmd === "connect") this.#reach();
    this.toBroker(changed);
  }

  #onConnect({ clientId, protocolVersion }: IConnectPacket): void {
    this.clientId = clientId;
    this.version = protocolVersion === 5 ? 5 : 4;
  }

  #reach(): void {
    const far = connect({ port: this.#surroundings.brokerPort, host: "127.0.0.1", noDelay: true });
    this.#far = far;
    const packets = parser({ protocolVersion: this.version });
    packets.on("packet", (packet) => {
      const changed = passOn(this.#habits, packet, "fromBroker", () => this.#isOver);
      if (changed !== undefined) this.toClient(changed);
    });
    far.on("data", (octets) => packets.parse(octets));
    far.on("error", () => {});
    far.on("close", () => this.end());
  }

  #octets(packet: Packet): Buffer {
    return generate(packet, { protocolVersion: this.version });
  }
}

/** What is left of a packet when every habit has had it. */
function passOn(
  habits: readonly HabitAtWork[],
  packet: Packet,
  way: keyof HabitAtWork,
  isOver: () => boolean,
): Packet | undefined {
  let passing: Packet | undefined = packet;
  for (const habit of habits) {
    if (passing === undefined || isOver()) return undefined;
    const hook = habit[way];
    if (hook !== undefined) passing = hook(passing);
  }
  return isOver() ? undefined : passing;
}
