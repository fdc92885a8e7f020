import type { Gateway } from "../../src/gateway/gateway.ts";
import type { SavedGateway, SavedSession } from "../../src/gateway/saved-session.ts";

/** What of a gateway survives its process. Every write is one batch: all of it is there after a crash, or nothing. */
export class SimulatedStore {
  readonly #records = new Map<string, SavedSession>();
  readonly #changed = new Set<string>();
  #lastTopicId: number | undefined;

  /** What there is to restore; undefined where nothing was ever written. */
  get saved(): SavedGateway | undefined {
    if (this.#lastTopicId === undefined) return undefined;
    // In the order of their keys, as a real store has them.
    const ids = [...this.#records.keys()].sort();
    return structuredClone({ sessions: ids.map((id) => this.#records.get(id)!), lastTopicId: this.#lastTopicId });
  }

  /** Whether something has changed that is not written. */
  get isBehind(): boolean {
    return this.#changed.size > 0;
  }

  get clientIds(): string[] {
    return [...this.#records.keys()];
  }

  recordOf(clientId: string): SavedSession | undefined {
    return this.#records.get(clientId);
  }

  isChanged(clientId: string): boolean {
    return this.#changed.has(clientId);
  }

  /** The gateway says that there is something new of this client. */
  change(clientId: string): void {
    this.#changed.add(clientId);
  }

  /** Writes what has changed. */
  write(gateway: Gateway): void {
    for (const clientId of this.#changed) {
      const session = gateway.savedSession(clientId);
      if (session === undefined) this.#records.delete(clientId);
      else this.#records.set(clientId, structuredClone(session));
    }
    this.#changed.clear();
    this.#lastTopicId = gateway.lastTopicId;
  }

  /** The process has died: what was not written is gone. */
  crash(): void {
    this.#changed.clear();
  }
}
