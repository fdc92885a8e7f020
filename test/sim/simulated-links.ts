import type { Random } from "../../src/device/random.ts";
import type { Effect, GatewayEvent, Instant, LinkConnect, LinkId } from "../../src/gateway/contract.ts";
import type { EventQueue } from "./event-queue.ts";
import type { SimOptions } from "./sim-options.ts";
import type { BrokerConnection, SimulatedBroker } from "./simulated-broker.ts";

type LinkEvent = Extract<GatewayEvent, { link: LinkId }>;
type LinkEffect = Extract<Effect, { link: LinkId }>;

interface Link {
  readonly id: LinkId;
  readonly connection: BrokerConnection;
  /** In order: when the last thing sent each way arrives. */
  toBrokerAt: Instant;
  toGatewayAt: Instant;
  /** Nothing goes either way any more. */
  isBroken: boolean;
  /** The gateway has closed it: only its end is told. */
  isClosed: boolean;
  isPaused: boolean;
  held: LinkEvent[];
}

/** The gateway's connections to the broker: ordered streams that may be refused, stall, or break. */
export class SimulatedLinks {
  isFaulty = true;
  /** Nobody reaches the broker. */
  isOut = false;
  readonly #options: SimOptions;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #broker: SimulatedBroker;
  readonly #emit: (event: LinkEvent) => void;
  readonly #now: () => Instant;
  readonly #links = new Map<LinkId, Link>();

  constructor(
    options: SimOptions,
    queue: EventQueue,
    random: Random,
    broker: SimulatedBroker,
    now: () => Instant,
    emit: (event: LinkEvent) => void,
  ) {
    this.#options = options;
    this.#queue = queue;
    this.#random = random;
    this.#broker = broker;
    this.#now = now;
    this.#emit = emit;
  }

  perform(effect: LinkEffect): void {
    if (effect.type === "open") {
      this.#open(effect.link, effect.connect);
      return;
    }
    const link = this.#links.get(effect.link);
    if (link === undefined || link.isBroken || link.isClosed) return;
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
      link.isBroken = true;
      this.#broker.disconnect(link.connection, true);
    }
    this.#links.clear();
  }

  /** Every connection breaks, and the gateway is told. */
  breakAll(): void {
    for (const link of this.#links.values()) this.#break(link, "broken");
  }

  #open(id: LinkId, connect: LinkConnect): void {
    const now = this.#now();
    const connection: BrokerConnection = {
      send: (packet) => this.#toGateway(link, { type: "packet", link: id, packet }),
      end: () => this.#break(link, "taken over"),
    };
    const link: Link = {
      id,
      connection,
      toBrokerAt: now,
      toGatewayAt: now,
      isBroken: false,
      isClosed: false,
      isPaused: false,
      held: [],
    };
    this.#links.set(id, link);
    this.#toBroker(link, () => {
      if (this.isOut || (this.isFaulty && this.#random.next() < this.#options.linkRefusals)) {
        link.isBroken = true;
        const event: LinkEvent =
          !this.isOut && this.#random.next() < 0.5
            ? { type: "link-refused", link: id, returnCode: 3 }
            : { type: "link-closed", link: id, reason: "no route" };
        this.#later(() => this.#tell(link, event));
        return;
      }
      const sessionPresent = this.#broker.connect(connection, connect);
      this.#toGateway(link, { type: "link-opened", link: id, sessionPresent });
      this.#broker.redeliver(connection);
      this.#scheduleFaults(link);
    });
  }

  #scheduleFaults(link: Link): void {
    const { linkBreakMs, linkStallMs } = this.#options;
    if (linkBreakMs < Number.POSITIVE_INFINITY) {
      this.#queue.add(this.#now() + this.#random.next() * 2 * linkBreakMs, () => {
        if (this.isFaulty) this.#break(link, "broken");
      });
    }
    if (linkStallMs < Number.POSITIVE_INFINITY) {
      this.#queue.add(this.#now() + this.#random.next() * 2 * linkStallMs, () => {
        if (!this.isFaulty || link.isBroken || link.isClosed) return;
        this.#emit({ type: "link-stalled", link: link.id });
        this.#queue.add(this.#now() + this.#random.next() * 2000, () => {
          if (!link.isBroken && !link.isClosed) this.#emit({ type: "link-drained", link: link.id });
        });
      });
    }
  }

  #close(link: Link, disconnect: boolean): void {
    link.isClosed = true;
    const end = () => {
      this.#broker.disconnect(link.connection, !disconnect);
      this.#later(() => this.#tell(link, { type: "link-closed", link: link.id, reason: "closed" }));
    };
    // With DISCONNECT everything that was written arrives first; without it the stream is cut off.
    if (disconnect) this.#toBroker(link, end);
    else this.#later(end);
  }

  #break(link: Link, reason: string): void {
    if (link.isBroken || link.isClosed) return;
    link.isBroken = true;
    this.#broker.disconnect(link.connection, true);
    this.#later(() => this.#tell(link, { type: "link-closed", link: link.id, reason }));
  }

  #toBroker(link: Link, arrive: () => void): void {
    link.toBrokerAt = Math.max(link.toBrokerAt, this.#now() + this.#delayMs());
    this.#queue.add(link.toBrokerAt, () => {
      if (!link.isBroken) arrive();
    });
  }

  #toGateway(link: Link, event: LinkEvent): void {
    link.toGatewayAt = Math.max(link.toGatewayAt, this.#now() + this.#delayMs());
    this.#queue.add(link.toGatewayAt, () => {
      if (link.isBroken || link.isClosed) return;
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
    this.#emit(event);
  }

  #delayMs(): number {
    return this.isFaulty ? this.#random.next() * this.#options.brokerDelayMsMax : 1;
  }
}
