import type { PredefinedTopic } from "./settings.ts";

/** The predefined topic ids (§6.7): those of one client before those of all. */
export class PredefinedTopics {
  readonly #ofAll = new Map<number, string>();
  readonly #ofClient = new Map<string, Map<number, string>>();
  readonly #ids = new Set<number>();

  constructor(topics: readonly PredefinedTopic[]) {
    this.replace(topics);
  }

  /** From now on these hold. Whether a number is predefined that was not. */
  replace(topics: readonly PredefinedTopic[]): boolean {
    const before = new Set(this.#ids);
    this.#ids.clear();
    this.#ofAll.clear();
    this.#ofClient.clear();
    for (const { id, topic, clientId } of topics) {
      this.#ids.add(id);
      if (clientId === undefined) {
        this.#ofAll.set(id, topic);
        continue;
      }
      const own = this.#ofClient.get(clientId) ?? new Map<number, string>();
      this.#ofClient.set(clientId, own.set(id, topic));
    }
    return topics.some(({ id }) => !before.has(id));
  }

  /** The topic name behind an id for this client; for somebody unknown only the ids of all count (N6). */
  nameOf(clientId: string | undefined, id: number): string | undefined {
    const own = clientId === undefined ? undefined : this.#ofClient.get(clientId);
    return own?.get(id) ?? this.#ofAll.get(id);
  }

  /** Whether the number is predefined for anybody: then it is never handed out as a normal id (I3). */
  has(id: number): boolean {
    return this.#ids.has(id);
  }
}
