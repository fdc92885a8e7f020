import type {
  Address,
  BrokerLimits,
  Effect,
  GatewayEvent,
  Instant,
  LinkConnect,
  LinkId,
  Note,
} from "../gateway/contract.ts";
import type { PacketToBroker } from "../gateway/packet.ts";
import type { SavedGateway } from "../gateway/saved-session.ts";
import type { Settings } from "../gateway/settings.ts";
import { GatewayCounts } from "./figures/gateway-counts.ts";
import { RunningClock } from "./running-clock.ts";

/** The longest that a timer of Node can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** What is run: the core, or a double of it. */
export interface Core {
  handle(event: GatewayEvent, now: Instant): readonly Effect[];
  readonly deadline: Instant;
}

/** What the runner needs of a connection to the broker. Every method may be called at any time, and none calls back at once. */
export interface RunnerLink {
  write(packet: PacketToBroker): void;
  probe(): void;
  pause(): void;
  resume(): void;
  close(disconnect: boolean): void;
}

/** Which way a datagram goes: in, out, or out to the discovery groups of the listener of an address. */
export type TraceDirection = "in" | "out" | "out to groups";

/** What the runner performs effects with. */
export interface Surroundings {
  send(to: Address, data: Uint8Array): void;
  /** Sends to the discovery groups of the listener of `near`, or of every listener; `radius` 0 is the whole network. */
  broadcast(near: Address | undefined, radius: number, data: Uint8Array): void;
  /** Publishes with QoS 0 through the gateway's own client. */
  publish(topic: string, payload: Uint8Array, retain: boolean): void;
  /** Begins to connect; what becomes of it is told to `emit`. */
  openLink(link: LinkId, connect: LinkConnect, emit: (event: GatewayEvent) => void): RunnerLink;
  /** A link is open: the broker has been reached. */
  linkOpened(): void;
  note(note: Note, now: Instant): void;
  /** What is to be kept of a client has changed; undefined when nothing is kept. */
  save: ((clientId: string) => void) | undefined;
  /** The process did not run for so long; to the core no time has passed meanwhile. */
  stalled(stalledMs: number): void;
  /** Sees every datagram, in and out; undefined when nobody looks. `address` is undefined for one to the groups of every listener. */
  trace: ((direction: TraceDirection, address: Address | undefined, data: Uint8Array) => void) | undefined;
  /** The core threw: a bug of ours. Called once; after it the runner does nothing any more. */
  failed(error: unknown): void;
}

/** Runs the core: one event at a time goes in, its effects are performed in their order, and its deadline is kept. */
export class Runner {
  /** What has gone through it. */
  readonly counts = new GatewayCounts();
  readonly #core: Core;
  readonly #around: Surroundings;
  readonly #clock: RunningClock;
  readonly #links = new Map<LinkId, RunnerLink>();
  /** Events that came while effects were performed; the core must not be entered twice. */
  readonly #waiting: GatewayEvent[] = [];
  #performing = false;
  #brokerReachable = false;
  #stopping = false;
  /** After the end, or a failure of the core, nothing is done any more. */
  #over = false;
  #timer: NodeJS.Timeout | undefined;
  #armedFor: Instant = Number.POSITIVE_INFINITY;
  #onLinksClosed: (() => void) | undefined;

  constructor(core: Core, around: Surroundings) {
    this.#core = core;
    this.#around = around;
    this.#clock = new RunningClock((stalledMs) => around.stalled(stalledMs));
  }

  /** From now on these settings hold. */
  reload(settings: Settings): void {
    if (!this.#stopping) this.#handle({ type: "reload", settings });
  }

  /** What was kept from before a restart. To be called before anything else, if at all. */
  restore(saved: SavedGateway): void {
    this.#handle({ type: "restore", saved });
  }

  /** The core's time. */
  get now(): Instant {
    return this.#clock.now();
  }

  /** Sends a client away; with `forget` for good. */
  dismiss(clientId: string, forget: boolean): void {
    if (!this.#stopping) this.#handle({ type: "dismiss", clientId, forget });
  }

  /** What the core wanted to have saved up to now is safe. */
  saved(): void {
    this.#handle({ type: "saved" });
  }

  /** A datagram has come in. */
  datagram(from: Address, data: Uint8Array): void {
    if (this.#stopping) return;
    this.counts.in.add(data);
    this.#around.trace?.("in", from, data);
    this.#handle({ type: "datagram", from, data });
  }

  /** The broker can be reached from now on, or not any more. May be said again: the core is told of changes. `limits` is what it does not do. */
  brokerReachable(reachable: boolean, limits?: BrokerLimits): void {
    if (reachable === this.#brokerReachable && limits === undefined) return;
    this.#brokerReachable = reachable;
    this.counts.broker.reached(reachable);
    this.#handle({ type: "broker-reachable", reachable, ...(limits && { limits }) });
  }

  /**
   * Tells the core to stop, and waits until the links are closed, or `boundMs` have passed: the rest is then closed hard. Datagrams
   * are no longer taken.
   */
  async stop(boundMs: number): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#handle({ type: "stop" });
    if (this.#links.size > 0 && !this.#over) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, boundMs);
        this.#onLinksClosed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    for (const link of this.#links.values()) link.close(false);
    this.#end();
  }

  /** Ends at once, without a word to anybody but the broker, so that no will fires: for a gateway that did not come to be. */
  abandon(): void {
    this.#stopping = true;
    for (const link of this.#links.values()) link.close(true);
    this.#end();
  }

  /** Ends at once, without a word to anybody. What is to be kept can still be asked of the core. */
  fail(): void {
    this.#stopping = true;
    this.#end();
  }

  #end(): void {
    this.#over = true;
    this.#clock.stop();
    clearTimeout(this.#timer);
  }

  readonly #onLinkEvent = (event: GatewayEvent): void => {
    if (event.type === "packet") this.counts.packetsFromBroker.add(event.packet.cmd);
    else this.counts.links.count(event);
    if (event.type === "link-closed" || event.type === "link-refused") this.#links.delete(event.link);
    else if (event.type === "link-opened") this.#around.linkOpened();
    this.#handle(this.#told(event));
    if (this.#links.size === 0) this.#onLinksClosed?.();
  };

  /** What is to be believed of an event: while the process did not run, the broker has given up connections over which nothing came. */
  #told(event: GatewayEvent): GatewayEvent {
    const isBlamed = event.type === "link-closed" && event.byBroker === true && this.#clock.hasJustStalled;
    return isBlamed ? { ...event, byBroker: false } : event;
  }

  #handle(event: GatewayEvent): void {
    if (this.#over) return;
    if (this.#performing) {
      this.#waiting.push(lasting(event));
      return;
    }
    this.#performing = true;
    try {
      this.#step(event);
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#step(next);
    } catch (error) {
      this.#end();
      this.#around.failed(error);
    } finally {
      this.#performing = false;
    }
    if (this.#core.deadline < this.#armedFor && !this.#over) this.#arm();
  }

  #step(event: GatewayEvent): void {
    const now = this.#clock.now();
    for (const effect of this.#core.handle(event, now)) this.#perform(effect, now);
  }

  #perform(effect: Effect, now: Instant): void {
    switch (effect.type) {
      case "send":
        this.counts.out.add(effect.data);
        this.#around.trace?.("out", effect.to, effect.data);
        this.#around.send(effect.to, effect.data);
        return;
      // A link that is not there any more has told so; the core will hear of it, and needs no answer.
      case "write": {
        const link = this.#links.get(effect.link);
        if (link === undefined) return;
        this.counts.packetsToBroker.add(effect.packet.cmd);
        link.write(effect.packet);
        return;
      }
      case "note":
        this.counts.notes.count(effect.name, effect.fields);
        this.#around.note(effect, now);
        return;
      case "save":
        this.#around.save?.(effect.clientId);
        return;
      case "publish":
        this.#around.publish(effect.topic, effect.payload, effect.retain);
        return;
      case "broadcast":
        this.counts.out.add(effect.data);
        this.#around.trace?.("out to groups", effect.near, effect.data);
        this.#around.broadcast(effect.near, effect.radius, effect.data);
        return;
      case "open":
        this.counts.links.begins(effect.link);
        this.#links.set(effect.link, this.#around.openLink(effect.link, effect.connect, this.#onLinkEvent));
        return;
      case "probe":
        this.#links.get(effect.link)?.probe();
        return;
      case "pause":
        this.#links.get(effect.link)?.pause();
        return;
      case "resume":
        this.#links.get(effect.link)?.resume();
        return;
      case "close":
        this.#links.get(effect.link)?.close(effect.disconnect);
        return;
    }
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#armedFor = this.#core.deadline;
    const waitMs = Math.max(0, Math.ceil(this.#armedFor - this.#clock.now()));
    this.#timer = setTimeout(this.#onTimer, Math.min(waitMs, TIMER_MS_MAX));
  }

  readonly #onTimer = (): void => {
    this.#armedFor = Number.POSITIVE_INFINITY;
    // The deadline may have moved since the timer was set: it is only ever set anew for an earlier one.
    if (this.#core.deadline <= this.#clock.now()) this.#handle({ type: "deadline" });
    else if (this.#core.deadline < this.#armedFor) this.#arm();
  };
}

/** What an event is when it has waited: the octets of a payload hold only until whoever emitted it goes on. */
function lasting(event: GatewayEvent): GatewayEvent {
  if (event.type !== "packet" || event.packet.cmd !== "publish") return event;
  return { ...event, packet: { ...event.packet, payload: new Uint8Array(event.packet.payload) } };
}
