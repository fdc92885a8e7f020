import { BrokerLink } from "./broker-link.ts";
import type { BrokerTerms } from "./broker-terms.ts";
import type { Buffered } from "./buffered.ts";
import type { Client } from "./client.ts";
import type { ClientFigures, Parting } from "./client-figures.ts";
import { type Context, note } from "./context.ts";
import type { Address, Instant, NoteFields, NoteName } from "./contract.ts";
import { Deliveries } from "./deliveries.ts";
import type { Forwarding } from "./forwarding.ts";
import { HeldAnswers } from "./held-answers.ts";
import type { KeptNames } from "./kept-names.ts";
import { LinkRenewal } from "./link-renewal.ts";
import type { PacketToBroker, Will } from "./packet.ts";
import type { PredefinedTopics } from "./predefined-topics.ts";
import { Requests } from "./requests.ts";
import { restoredSubscription } from "./restored-subscription.ts";
import type { SavedSession } from "./saved-session.ts";
import type { Settings } from "./settings.ts";
import { Silence } from "./silence.ts";
import type { State } from "./state.ts";
import { SubscriptionTable } from "./subscription-table.ts";
import { TopicTable } from "./topic-table.ts";
import type { WillUpdate } from "./will-updates.ts";

/** What tells that a request of the client was refused. */
const REFUSALS: ReadonlySet<NoteName> = new Set<NoteName>([
  "publish.refused",
  "register.refused",
  "subscribe.refused",
  "will.refused",
]);

/**
 * What the gateway knows of one client, and the ways out to the client and to its broker connection. `Session`, `Connecting` and
 * `Sleeping` are what is done with it.
 */
export class ClientRecord implements Client {
  readonly clientId: string;
  readonly context: Context;
  readonly figures: ClientFigures;
  /** What is kept between connections when CleanSession=0 (W1): topic ids, subscriptions, will. */
  readonly topics: TopicTable;
  readonly subscriptions: SubscriptionTable;
  will: Will | undefined;
  /** The update of its will for which its connection is made anew. */
  willUpdate: WillUpdate | undefined;
  durable = false;
  /** The Duration of its CONNECT, in seconds. */
  keepAlive = 0;
  /** The Duration of its last DISCONNECT, in seconds. */
  sleepDuration = 0;

  state: State = "disconnected";
  /** Where the client was heard last. */
  address: Address = "";
  /** The way there where it leads through a forwarder. */
  forwarding: Forwarding | undefined;
  heardAt: Instant = 0;
  /** What it was before a restart, as far as that was saved, until it is certain that it is: see heard-after-restart.ts. */
  unheard: "active" | "asleep" | undefined;
  sleeps = 0;
  readonly silence = new Silence();
  readonly link: BrokerLink;
  readonly requests: Requests;
  readonly deliveries: Deliveries;
  readonly renewal: LinkRenewal;
  #heldAnswers: HeldAnswers | undefined;

  constructor(clientId: string, context: Context, figures: ClientFigures) {
    this.clientId = clientId;
    this.context = context;
    this.figures = figures;
    this.topics = new TopicTable(context.topicIds, context.settings, context.names, this);
    this.subscriptions = new SubscriptionTable(context.names, this);
    this.link = new BrokerLink(context, clientId);
    this.requests = new Requests(this);
    this.deliveries = new Deliveries(this);
    this.renewal = new LinkRenewal(this);
  }

  get settings(): Settings {
    return this.context.settings;
  }

  get predefined(): PredefinedTopics {
    return this.context.predefined;
  }

  get buffered(): Buffered {
    return this.context.buffered;
  }

  get names(): KeptNames {
    return this.context.names;
  }

  get listening(): boolean {
    return this.state === "active" || this.state === "awake";
  }

  get writable(): boolean {
    return this.link.writable;
  }

  get terms(): BrokerTerms {
    return this.link.terms;
  }

  get subscribing(): boolean {
    return this.requests.subscribing;
  }

  send(message: Uint8Array): void {
    const { forwarding, context, figures } = this;
    const data = forwarding === undefined ? message : forwarding.wrap(message);
    figures.countOut(data.length);
    context.effects.add({ type: "send", to: forwarding === undefined ? this.address : forwarding.forwarder, data });
  }

  answer(askedIn: number, message: Uint8Array): void {
    if (this.state !== "asleep" || askedIn === this.sleeps) {
      this.send(message);
      return;
    }
    this.#heldAnswers ??= new HeldAnswers(this.settings);
    this.#heldAnswers.add(message);
  }

  /** The client listens again: what it asked before it slept is answered. */
  sendHeldAnswers(): void {
    if (this.#heldAnswers === undefined) return;
    for (const answer of this.#heldAnswers.take()) this.send(answer);
  }

  /** The client has begun anew: it waits for nothing of before. */
  dropHeldAnswers(): void {
    this.#heldAnswers = undefined;
  }

  write(packet: PacketToBroker): void {
    this.link.write(packet);
  }

  note(name: NoteName, fields: NoteFields): void {
    if (REFUSALS.has(name)) this.figures.refused += 1;
    note(this.context, name, { clientId: this.clientId, ...fields });
  }

  dropSubscription(filter: string): void {
    this.requests.dropSubscription(filter);
  }

  /** What a restart is to find of this client has changed. */
  changed(): void {
    this.context.changed = true;
  }

  /** What a restart is to find of it. */
  savedAs(state: SavedSession["state"]): SavedSession {
    const { clientId, durable, forwarding, keepAlive, sleepDuration, will } = this;
    return {
      clientId,
      durable,
      state,
      address: forwarding?.forwarder ?? this.address,
      wirelessNodeId: forwarding?.wirelessNodeId,
      keepAlive,
      sleepDuration,
      will,
      topics: Array.from(this.topics.values(), ({ id, name, announced }) => ({ id, name, announced })),
      subscriptions: [...this.subscriptions.values()],
      mountpoint: this.terms.prefix,
      openPublishes: this.requests.openPublishes,
      inFlight: this.deliveries.sentPacketId,
    };
  }

  /** It is what it was before a restart, but for its state. */
  restore(saved: SavedSession, forwarding: Forwarding | undefined, now: Instant): void {
    this.durable = saved.durable;
    this.address = forwarding?.nodeAddress ?? saved.address;
    this.forwarding = forwarding;
    this.heardAt = now;
    this.keepAlive = saved.keepAlive;
    this.sleepDuration = saved.sleepDuration;
    this.will = saved.will;
    for (const topic of saved.topics) this.topics.restore(topic);
    for (const subscription of saved.subscriptions) {
      const restored = restoredSubscription(subscription, this);
      this.subscriptions.restore(restored);
      if (restored !== subscription) this.changed();
    }
    this.requests.restore(saved.openPublishes, now);
    if (saved.mountpoint !== this.terms.prefix) {
      this.requests.isElsewhere();
      this.changed();
    }
    this.deliveries.restore(saved.inFlight);
  }

  /** "Session" in the sense of the standard: subscriptions and will (W1), and the topic ids that go with them (T10). */
  forgetSession(): void {
    this.topics.clear();
    this.subscriptions.clear();
    this.will = undefined;
  }

  /** The client is silent or does not answer: the broker connection ends without DISCONNECT, so that the will fires (K3). */
  lose(reason: string): void {
    this.parts("lost", reason);
    this.end("lost", false);
    this.note("client.lost", { address: this.address, reason });
  }

  /** The client has left, or was told to; no will fires. */
  disconnect(reason: string): void {
    this.parts("disconnected", reason);
    this.end("disconnected", true);
    this.note("client.disconnected", { address: this.address, reason });
  }

  /** What is remembered of how it went. */
  parts(how: Parting, reason: string): void {
    this.figures.parted = { how, at: this.context.now, reason };
  }

  /** The client is gone. What is stored stays with CleanSession=0; without `disconnect` the will fires. */
  end(state: "disconnected" | "lost", disconnect: boolean): void {
    this.state = state;
    this.unheard = undefined;
    this.changed();
    this.#heldAnswers = undefined;
    this.requests.reset();
    this.deliveries.reset();
    this.buffered.waitsNot(this.clientId);
    if (!this.durable) this.forgetSession();
    this.link.close(disconnect);
    this.renewal.cancel();
  }
}
