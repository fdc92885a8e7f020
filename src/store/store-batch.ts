import type { ClassicLevel } from "classic-level";
import type { SavedSession } from "../gateway/saved-session.ts";
import { writeRecord } from "./record.ts";
import { writeSession } from "./session-record.ts";
import { FORMAT, GATEWAY_KEY, SESSION_KEYS } from "./store-layout.ts";

/** What is to be done about a write. */
interface Outcome {
  /** LevelDB could not write it. */
  onFailure(): void;
  /** It is on the disk. Throws an Error where it would not be found there. */
  onSync(): void;
}

/** Changes that are written as one: all of them, or none. */
export class StoreBatch {
  readonly #batch: ReturnType<ClassicLevel["batch"]>;
  readonly #outcome: Outcome;
  #octets = 0;

  constructor(batch: ReturnType<ClassicLevel["batch"]>, outcome: Outcome) {
    this.#batch = batch;
    this.#outcome = outcome;
  }

  /** How much is to be written so far, about. */
  get octets(): number {
    return this.#octets;
  }

  /** What is to be kept of this client; undefined for nothing any more. */
  set(clientId: string, session: SavedSession | undefined): void {
    const key = SESSION_KEYS + clientId;
    this.#octets += key.length;
    if (session === undefined) {
      this.#batch.del(key);
      return;
    }
    const record = writeSession(session);
    this.#octets += record.length;
    this.#batch.put(key, record);
  }

  /**
   * Writes it. It then survives the end of the process, and with `sync` a power cut too. `endedInOrder`: nothing follows. Rejects with the
   * Error of LevelDB; nothing is then written. With `sync` rejects with a StoreError where the store is not there any more.
   */
  async write(lastTopicId: number, sync: boolean, endedInOrder = false): Promise<void> {
    const record = { format: FORMAT, lastTopicId, ...(endedInOrder ? { endedInOrder } : {}) };
    this.#batch.put(GATEWAY_KEY, writeRecord(record));
    try {
      await this.#batch.write({ sync });
    } catch (error) {
      this.#outcome.onFailure();
      throw error;
    }
    if (sync) this.#outcome.onSync();
  }
}
