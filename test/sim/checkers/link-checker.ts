import type { Effect, Instant, LinkId } from "../../../src/gateway/contract.ts";
import type { PacketToBroker } from "../../../src/gateway/packet.ts";
import type { Message } from "../../../src/sn/message.ts";
import type { SimOptions } from "../sim-options.ts";
import type { Fail } from "./fail.ts";

/** How far a client has come with its CONNECT. */
interface SetUp {
  hasTopic: boolean;
  isComplete: boolean;
  /** It was answered. */
  isOver: boolean;
}

interface OpenLink {
  readonly clientId: string;
  /** It was in use when the gateway closed it. */
  wasReady: boolean;
  /** The gateway has closed it; its end is not told yet. */
  isClosed: boolean;
  /** The SUBSCRIBE that was written last, with the client's MsgId. */
  lastSubscribe: string;
}

/** Watches the connections to the broker: none before a CONNECT is complete, one for a client, no more than there may be. */
export class LinkChecker {
  readonly #fail: Fail;
  readonly #clientsMax: number;
  readonly #reconnectsPerSecond: number;
  readonly #links = new Map<LinkId, OpenLink>();
  /** When lost connections were made anew, in the last second. */
  #renewedAt: Instant[] = [];
  readonly #setUps = new Map<string, SetUp>();

  constructor({ clientsMax, reconnectsPerSecond }: SimOptions, fail: Fail) {
    this.#clientsMax = clientsMax;
    this.#reconnectsPerSecond = reconnectsPerSecond;
    this.#fail = fail;
  }

  clientOf(link: LinkId): string | undefined {
    return this.#links.get(link)?.clientId;
  }

  /** Whether this one was in use when the gateway closed it. */
  wasReady(link: LinkId): boolean {
    return this.#links.get(link)?.wasReady === true;
  }

  /** The gateway closes one that is in use. */
  closesReady(link: LinkId): void {
    const open = this.#links.get(link);
    if (open !== undefined) open.wasReady = true;
  }

  /** A lost connection is made anew, in its turn among all. */
  renewed(now: Instant): void {
    this.#renewedAt = [...this.#renewedAt.filter((at) => at > now - 1000), now];
    // Both ends of the second belong to it; and one may have had to wait for the end of the connection before.
    if (this.#renewedAt.length > this.#reconnectsPerSecond + 2)
      this.#fail(
        `${this.#renewedAt.length} connections are made anew in a second, at most ${this.#reconnectsPerSecond}`,
      );
  }

  /** Clients with a connection in use. */
  get clientsInUse(): string[] {
    return [...this.#links.values()].filter(({ isClosed }) => !isClosed).map(({ clientId }) => clientId);
  }

  /** Whether this client has a connection in use. */
  isInUse(clientId: string): boolean {
    for (const link of this.#links.values()) if (link.clientId === clientId && !link.isClosed) return true;
    return false;
  }

  toGateway(clientId: string, message: Message): void {
    if (message.type === "CONNECT") {
      const before = this.#setUps.get(clientId);
      // Repeated, or begun anew, in the middle of it: what the gateway has asked for need not be asked for again.
      const { hasTopic, isComplete } = before?.isOver === false ? before : { hasTopic: false, isComplete: false };
      this.#setUps.set(clientId, { hasTopic, isComplete: isComplete || !message.will, isOver: false });
      return;
    }
    const setUp = this.#setUps.get(clientId);
    if (setUp === undefined) return;
    if (message.type === "WILLTOPIC") {
      setUp.hasTopic = !message.empty;
      if (message.empty) setUp.isComplete = true;
    } else if (message.type === "WILLMSG" && setUp.hasTopic) {
      setUp.isComplete = true;
    }
  }

  /** The client has its CONNACK, or its session has ended: a next set-up begins with nothing. */
  settled(clientId: string): void {
    const setUp = this.#setUps.get(clientId);
    if (setUp !== undefined) setUp.isOver = true;
  }

  /**
   * `isRenewal` where the client is connected, and its connection to the broker is made anew; `heard` is what the gateway has been handed
   * of a client.
   */
  performed(effect: Extract<Effect, { link: LinkId }>, isRenewal: boolean, heard: Message | undefined): void {
    if (effect.type === "open") {
      this.#open(effect.link, effect.connect.clientId, isRenewal);
      return;
    }
    const link = this.#links.get(effect.link);
    if (link === undefined || link.isClosed) return;
    if (effect.type === "close") link.isClosed = true;
    else if (effect.type === "write") this.#write(link, effect.packet, heard);
  }

  #write(link: OpenLink, packet: PacketToBroker, heard: Message | undefined): void {
    if (packet.cmd === "unsubscribe") link.lastSubscribe = "";
    if (packet.cmd !== "subscribe") return;
    const msgId = heard?.type === "SUBSCRIBE" ? heard.msgId : packet.messageId;
    const subscribe = `${msgId} ${packet.subscriptions.map(({ topic }) => topic).join()}`;
    if (subscribe === link.lastSubscribe) this.#fail(`S7: SUBSCRIBE ${subscribe} twice for ${link.clientId}`);
    link.lastSubscribe = subscribe;
  }

  ended(link: LinkId): void {
    this.#links.delete(link);
  }

  #open(id: LinkId, clientId: string, isRenewal: boolean): void {
    if (this.#links.has(id)) this.#fail(`link ${id} is opened twice`);
    if (!isRenewal && this.#setUps.get(clientId)?.isComplete !== true) {
      this.#fail(`C3: a connection for ${clientId}, whose CONNECT is not complete`);
    }
    for (const link of this.#links.values()) {
      if (link.clientId === clientId)
        this.#fail(`C11: a second connection for ${clientId} beside one that is not gone`);
    }
    this.#links.set(id, { clientId, wasReady: false, isClosed: false, lastSubscribe: "" });
    const { length } = this.clientsInUse;
    if (length > this.#clientsMax) this.#fail(`${length} connections with clients.max ${this.#clientsMax}`);
    if (this.#links.size > 2 * this.#clientsMax) this.#fail(`${this.#links.size} connections, closing ones included`);
  }
}
