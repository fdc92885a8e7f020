import type { Random } from "../../src/device/random.ts";
import type { Effect, GatewayEvent, Instant, LinkConnect, LinkId } from "../../src/gateway/contract.ts";
import type { Will } from "../../src/gateway/packet.ts";
import type { BrokerHabits } from "./broker-habits.ts";
import type { EventQueue } from "./event-queue.ts";
import type { SimOptions } from "./sim-options.ts";
import type { BrokerConnection, SimulatedBroker } from "./simulated-broker.ts";

type LinkEvent = Extract<GatewayEvent, { link: LinkId }>;
type LinkEffect = Extract<Effect, { link: LinkId }>;

/** How long after the loss of a connection in a black hole the gateway learns of it, and the broker. */
const HOLE_MS_MAX = { gateway: 30_000, broker: 90_000 } as const;
/** Connections that the broker closes together end within this time: their ends are the first that comes of a process that is gone. */
const END_MS_MAX = 300;

/** What becomes of a connection that is asked for: it is made, refused at once, or never answered. */
export type Reach = "there" | "refuses" | "swallows";

interface Link {
  readonly id: LinkId;
  readonly connection: BrokerConnection;
  /** In order: when the last thing sent each way arrives. */
  toBrokerAt: Instant;
  toGatewayAt: Instant;
  /** Nothing arrives at the broker any more. */
  isCut: boolean;
  /** Nothing arrives at the gateway any more but the end. */
  isDeaf: boolean;
  /** The gateway was told that the broker has accepted it. */
  isOpen: boolean;
  /** The gateway has closed it: only its end is told. */
  isClosed: boolean;
  isPaused: boolean;
  held: LinkEvent[];
}

/** The connections of one gateway to the broker: ordered streams that may be refused, stall, break, end, or fall silent. */
export class SimulatedLinks {
  isFaulty = true;
  /** Of this gateway's way to the broker. */
  reach: Reach = "there";
  readonly #owner: string;
  readonly #options: SimOptions;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #broker: SimulatedBroker;
  readonly #emit: (event: LinkEvent) => void;
  readonly #now: () => Instant;
  readonly #links = new Map<LinkId, Link>();

  constructor(
    owner: string,
    options: SimOptions,
    queue: EventQueue,
    random: Random,
    broker: SimulatedBroker,
    now: () => Instant,
    emit: (event: LinkEvent) => void,
  ) {
    this.#owner = owner;
    this.#options = options;
    this.#queue = queue;
    this.#random = random;
    this.#broker = broker;
    this.#now = now;
    this.#emit = emit;
  }

  /** Whether the gateway does not know yet that a connection is of no use. */
  get hasHoles(): boolean {
    for (const { isCut, isClosed } of this.#links.values()) if (isCut && !isClosed) return true;
    return false;
  }

  perform(effect: LinkEffect): void {
    if (effect.type === "open") {
      this.#open(effect.link, effect.connect);
      return;
    }
    const link = this.#links.get(effect.link);
    if (link === undefined || link.isClosed) return;
    switch (effect.type) {
      case "write": {
        const { packet } = effect;
        // The octets are the gateway's to keep, as with a real stream: what arrives is what was written.
        const copy = packet.cmd === "publish" ? { ...packet, payload: Buffer.from(packet.payload) } : packet;
        this.#toBroker(link, () => this.#broker.receive(link.connection, copy));
        break;
      }
      case "probe":
        this.#toBroker(link, () => this.#toGateway(link, { type: "link-probed", link: link.id }));
        break;
      case "pause":
        link.isPaused = true;
        break;
      case "resume":
        link.isPaused = false;
        for (const event of link.held.splice(0)) this.#toGateway(link, event);
        break;
      case "close":
        this.#close(link, effect.disconnect);
        break;
    }
  }

  /** The gateway's process is gone, and with it every connection that it has not closed. */
  abandonAll(): void {
    for (const link of this.#links.values()) {
      link.isCut = true;
      link.isDeaf = true;
      this.#broker.disconnect(link.connection, true);
    }
    this.#links.clear();
  }

  /** The network loses every connection: the gateway is told at once, or learns of it by the silence. */
  breakAll(silently: boolean): void {
    for (const link of this.#links.values()) {
      if (silently) this.#swallow(link);
      else this.#break(link);
    }
  }

  #open(id: LinkId, connect: LinkConnect): void {
    const now = this.#now();
    const connection: BrokerConnection = {
      send: (packet) => this.#toGateway(link, { type: "packet", link: id, packet }),
      end: (isTakenOver) => this.#endByBroker(link, isTakenOver),
      owner: this.#owner,
    };
    const link: Link = {
      id,
      connection,
      toBrokerAt: now,
      toGatewayAt: now,
      isCut: false,
      isDeaf: false,
      isOpen: false,
      isClosed: false,
      isPaused: false,
      held: [],
    };
    this.#links.set(id, link);
    this.#toBroker(link, () => {
      if (this.reach === "swallows") {
        link.isCut = true;
        return;
      }
      if (this.reach === "refuses" || (this.isFaulty && this.#random.next() < this.#options.linkRefusals)) {
        link.isCut = true;
        const event: LinkEvent =
          this.reach === "there" && this.#random.next() < 0.5
            ? { type: "link-refused", link: id, returnCode: 3 }
            : { type: "link-closed", link: id, reason: "no route" };
        this.#later(() => this.#tell(link, event));
        return;
      }
      const reasonCode = refusalOf(connect.will, this.#options.habits);
      if (reasonCode !== undefined) {
        link.isCut = true;
        this.#later(() => this.#tell(link, { type: "link-refused", link: id, returnCode: reasonCode }));
        return;
      }
      const sessionPresent = this.#broker.connect(connection, connect);
      this.#toGateway(link, { type: "link-opened", link: id, sessionPresent });
      if (this.isFaulty && this.#random.next() < this.#options.linkHalfOpens) {
        this.#break(link);
        return;
      }
      this.#broker.redeliver(connection);
      this.#scheduleFaults(link, connect.clientId);
    });
  }

  #scheduleFaults(link: Link, clientId: string): void {
    const { linkBreakMs, linkHoleMs, kickMs, linkStallMs, linkExpiryMs } = this.#options;
    this.#once(linkBreakMs, () => this.#break(link));
    this.#once(linkHoleMs, () => this.#swallow(link));
    this.#once(linkExpiryMs, () => {
      if (link.isOpen && !link.isDeaf && !link.isClosed) this.#emit({ type: "link-expires", link: link.id });
    });
    this.#once(kickMs, () => {
      if (!link.isCut && !link.isClosed) this.#broker.kick(clientId, this.#random.next() < 0.5);
    });
    this.#once(linkStallMs, () => {
      if (link.isDeaf || link.isClosed) return;
      this.#emit({ type: "link-stalled", link: link.id });
      this.#queue.add(this.#now() + this.#random.next() * 2000, () => {
        if (!link.isDeaf && !link.isClosed) this.#emit({ type: "link-drained", link: link.id });
      });
    });
  }

  /** At a random time with this mean, if there are faults then. */
  #once(meanMs: number, run: () => void): void {
    if (meanMs === Number.POSITIVE_INFINITY) return;
    this.#queue.add(this.#now() + this.#random.next() * 2 * meanMs, () => {
      if (this.isFaulty) run();
    });
  }

  #close(link: Link, disconnect: boolean): void {
    link.isClosed = true;
    const tell = () => this.#later(() => this.#tell(link, { type: "link-closed", link: link.id, reason: "closed" }));
    if (link.isCut) {
      tell();
      return;
    }
    const end = () => {
      this.#broker.disconnect(link.connection, !disconnect);
      tell();
    };
    // With DISCONNECT everything that was written arrives first; without it the stream is cut off.
    if (disconnect) this.#toBroker(link, end);
    else this.#later(end);
  }

  /** The network loses the connection, and both ends learn of it. */
  #break(link: Link): void {
    if (link.isCut || link.isClosed) return;
    link.isCut = true;
    link.isDeaf = true;
    this.#broker.disconnect(link.connection, true);
    this.#later(() => this.#tell(link, { type: "link-closed", link: link.id, reason: "broken" }));
  }

  /** A black hole: nothing goes either way, and neither end is told; each finds out by itself. */
  #swallow(link: Link): void {
    if (link.isCut || link.isClosed) return;
    link.isCut = true;
    link.isDeaf = true;
    this.#queue.add(this.#now() + this.#random.next() * HOLE_MS_MAX.broker, () =>
      this.#broker.disconnect(link.connection, true),
    );
    this.#queue.add(this.#now() + this.#random.next() * HOLE_MS_MAX.gateway, () => {
      if (!link.isClosed) this.#tell(link, { type: "link-closed", link: link.id, reason: "silent" });
    });
  }

  /** The broker has ended the connection. What it sent before may come before the end, or not. */
  #endByBroker(link: Link, isTakenOver: boolean): void {
    // In a black hole nobody hears of it.
    if (link.isCut) return;
    link.isCut = true;
    if (link.isClosed) {
      this.#later(() => this.#tell(link, { type: "link-closed", link: link.id, reason: "closed" }));
      return;
    }
    link.isDeaf = this.#random.next() < 0.5;
    const endMs = Math.min(END_MS_MAX, this.#delayMs());
    // Over MQTT 5 it says why, where that is heard.
    const isHeard = this.#options.habits.speaksMqtt5 && !link.isDeaf && link.isOpen;
    const why = isHeard ? { takenOver: isTakenOver } : { byBroker: link.isOpen };
    this.#queue.add(this.#now() + endMs, () =>
      this.#tell(link, { type: "link-closed", link: link.id, reason: "ended", ...why }),
    );
  }

  #toBroker(link: Link, arrive: () => void): void {
    link.toBrokerAt = Math.max(link.toBrokerAt, this.#now() + this.#delayMs());
    this.#queue.add(link.toBrokerAt, () => {
      if (!link.isCut) arrive();
      // A close that was under way is one all the same, to the gateway.
      else if (link.isClosed && this.#links.get(link.id) === link) {
        this.#tell(link, { type: "link-closed", link: link.id, reason: "closed" });
      }
    });
  }

  #toGateway(link: Link, event: LinkEvent): void {
    link.toGatewayAt = Math.max(link.toGatewayAt, this.#now() + this.#delayMs());
    this.#queue.add(link.toGatewayAt, () => {
      if (link.isDeaf || link.isClosed) return;
      if (event.type === "link-opened") link.isOpen = true;
      if (link.isPaused) link.held.push(event);
      else this.#emit(event);
    });
  }

  #later(run: () => void): void {
    this.#queue.add(this.#now() + this.#delayMs(), run);
  }

  /** The last event of a connection, unless the gateway that had it is gone. */
  #tell(link: Link, event: LinkEvent): void {
    if (this.#links.get(link.id) !== link) return;
    this.#links.delete(link.id);
    link.isDeaf = true;
    this.#emit(event);
  }

  #delayMs(): number {
    return this.isFaulty ? this.#random.next() * this.#options.brokerDelayMsMax : 1;
  }
}

/** The reason code of MQTT 5 with which a broker refuses a will that it does not bear; undefined where it bears it. */
function refusalOf(will: Will | undefined, { maxQos, retains }: BrokerHabits): number | undefined {
  if (will === undefined) return undefined;
  if (will.qos > maxQos) return 0x9b;
  return will.retain && !retains ? 0x9a : undefined;
}
