import type { ClientFigures } from "./client-figures.ts";
import type { ClientView } from "./client-view.ts";
import type { Address, Instant } from "./contract.ts";
import type { Forwarding } from "./forwarding.ts";
import type { Settings } from "./settings.ts";
import type { StateCounts } from "./state-counts.ts";

/**
 * What is remembered of clients that have no session any more, for whoever wants to know why one is silent: as many as there may be
 * clients (clients.max), those that went last.
 */
export class Departed {
  readonly #settings: Pick<Settings, "clientsMax">;
  readonly #counts: StateCounts;
  readonly #views = new Map<string, ClientView>();

  /** They are counted in `counts`. */
  constructor(settings: Pick<Settings, "clientsMax">, counts: StateCounts) {
    this.#settings = settings;
    this.#counts = counts;
  }

  /** A client has gone; `view` is how it was at the end. */
  add(view: ClientView): void {
    const { clientId, figures } = view;
    const state = figures.parted?.how ?? "disconnected";
    this.#views.set(clientId, { ...view, state });
    this.#counts[state] += 1;
    for (const oldest of this.#views.keys()) {
      if (this.#views.size <= this.#settings.clientsMax) return;
      this.delete(oldest);
    }
  }

  /**
   * A client without a session was refused before it got one. Whoever sends CONNECTs can make up client ids: such a client takes
   * nobody's place.
   */
  addRefused(
    clientId: string,
    figures: ClientFigures,
    from: Address,
    forwarding: Forwarding | undefined,
    now: Instant,
  ): void {
    if (this.#views.size >= this.#settings.clientsMax) return;
    this.add({
      clientId,
      state: "refused",
      address: forwarding?.forwarder ?? from,
      wirelessNodeId: forwarding && Buffer.from(forwarding.wirelessNodeId).toString("hex"),
      durable: false,
      keepAlive: 0,
      sleepDuration: 0,
      heardAt: now,
      lostAt: undefined,
      link: "none",
      waiting: 0,
      waitingOctets: 0,
      unanswered: 0,
      subscriptions: 0,
      topics: 0,
      figures,
    });
  }

  /** The client is back: its figures go on, where it was remembered. */
  takeFigures(clientId: string): ClientFigures | undefined {
    const view = this.#views.get(clientId);
    this.delete(clientId);
    return view?.figures;
  }

  of(clientId: string): ClientView | undefined {
    return this.#views.get(clientId);
  }

  values(): Iterable<ClientView> {
    return this.#views.values();
  }

  /** Nothing is remembered of it any more. False where nothing was. */
  delete(clientId: string): boolean {
    const view = this.#views.get(clientId);
    if (view === undefined) return false;
    this.#counts[view.state] -= 1;
    return this.#views.delete(clientId);
  }
}
