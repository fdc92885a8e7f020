import type { ClientFigures } from "./client-figures.ts";
import type { ClientView } from "./client-view.ts";
import type { Settings } from "./settings.ts";

/**
 * What is remembered of clients that have no session any more, for whoever wants to know why one is silent: as many as there may be
 * clients (clients.max), those that went last.
 */
export class Departed {
  readonly #settings: Pick<Settings, "clientsMax">;
  readonly #views = new Map<string, ClientView>();

  constructor(settings: Pick<Settings, "clientsMax">) {
    this.#settings = settings;
  }

  /** A client has gone; `view` is how it was at the end. */
  add(view: ClientView): void {
    const { clientId, figures } = view;
    // Whoever goes again is remembered from then on.
    this.#views.delete(clientId);
    this.#views.set(clientId, { ...view, state: figures.parted?.how ?? "disconnected" });
    for (const oldest of this.#views.keys()) {
      if (this.#views.size <= this.#settings.clientsMax) return;
      this.#views.delete(oldest);
    }
  }

  /** The client is back: its figures go on, where it was remembered. */
  takeFigures(clientId: string): ClientFigures | undefined {
    const view = this.#views.get(clientId);
    this.#views.delete(clientId);
    return view?.figures;
  }

  of(clientId: string): ClientView | undefined {
    return this.#views.get(clientId);
  }

  get size(): number {
    return this.#views.size;
  }

  values(): Iterable<ClientView> {
    return this.#views.values();
  }

  /** Nothing is remembered of it any more. */
  delete(clientId: string): boolean {
    return this.#views.delete(clientId);
  }
}
