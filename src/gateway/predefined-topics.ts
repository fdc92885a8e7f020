import { isOneLevel } from "./is-one-level.ts";
import type { PredefinedTopic } from "./settings.ts";
import { expandTemplate, namesClient } from "./template.ts";

/** The predefined topic ids (§6.7): those of one client before those of all. */
export class PredefinedTopics {
  readonly #ofAll = new Map<number, string>();
  readonly #ofClient = new Map<string, Map<number, string>>();
  readonly #ids = new Set<number>();
  #nameClients = false;

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
    this.#nameClients = topics.some(({ topic }) => namesClient(topic));
    return topics.some(({ id }) => !before.has(id));
  }

  /** Whether the client's id is part of a topic. */
  get nameClients(): boolean {
    return this.#nameClients;
  }

  /**
   * The topic name behind an id for this client; for somebody unknown only the ids of all count (N6), and of these only such as are the
   * same for all.
   */
  nameOf(clientId: string | undefined, id: number): string | undefined {
    const own = clientId === undefined ? undefined : this.#ofClient.get(clientId);
    const topic = own?.get(id) ?? this.#ofAll.get(id);
    if (topic === undefined || !namesClient(topic)) return topic;
    // Who was connected when such a topic came by a reload may have an id that would be refused now.
    return clientId !== undefined && isOneLevel(clientId) ? expandTemplate(topic, clientId) : undefined;
  }

  /** Whether the number is predefined for anybody: then it is never handed out as a normal id (I3). */
  has(id: number): boolean {
    return this.#ids.has(id);
  }
}
