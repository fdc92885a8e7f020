import { setImmediate } from "node:timers/promises";
import type { SavedSession } from "../gateway/saved-session.ts";
import type { Log } from "./log/log.ts";

/** Between two writes, at least: what changes meanwhile is written together. */
const INTERVAL_MS = 1000;

/** How long after a pause what belongs to one change is collected. */
const COLLECT_MS = 10;

/** What was written outlives the process at once, and a power cut after this time at the latest: docs/decisions/0005. */
const SYNC_MS = 10_000;

/**
 * So many topic ids may have been handed out since then; with more it is done at once. What is written as the last one is so much
 * higher, so that this holds of the store that a power cut leaves.
 */
const UNSYNCED_IDS = 256;

/**
 * With so many that are not written at all one does not wait: the core hands out no more than 16,384 of them. It goes by the last write
 * but one, for it cannot know what the last one was in time for, so that two follow each other.
 */
const UNWRITTEN_IDS = 4096;
const HURRIED_WRITES = 2;

/** How long at once the event loop is kept from everything else. */
const SLICE_MS = 10;

/** Octets that are collected before they are written. */
const BATCH_OCTETS_MAX = 4 * 1024 * 1024;

/** How long after a write that failed it is tried again. */
const RETRY_MS = 10_000;

/** What the core says of what is to be kept. */
export interface SavedCore {
  savedSession(clientId: string): SavedSession | undefined;
  readonly lastTopicId: number;
}

/** Changes that are written as one. */
interface Changes {
  readonly octets: number;
  set(clientId: string, session: SavedSession | undefined): void;
  write(lastTopicId: number, sync: boolean, endedInOrder?: boolean): Promise<void>;
}

/** Where sessions are kept. */
interface Keeper {
  readonly path: string;
  batch(): Promise<Changes>;
}

/**
 * Writes what has changed of the sessions, at most once a second, one write after the other. What a write was about that failed is part
 * of the next one.
 */
export class SessionSaver {
  readonly #core: SavedCore;
  readonly #keeper: Keeper;
  readonly #onSaved: () => void;
  readonly #log: Log;
  #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #isStarted = false;
  #isEnd = false;
  #isFailing = false;
  #isSynced = true;
  #syncedAtMs = 0;
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  #syncedTopicId: number;
  #writtenTopicId: number;
  /** Writes to come that are not waited for. */
  #hurried = 0;
  #writesDone = 0;
  #writesFailed = 0;

  /** `onSaved` is called after each write. */
  constructor(core: SavedCore, keeper: Keeper, onSaved: () => void, log: Log) {
    this.#core = core;
    this.#keeper = keeper;
    this.#onSaved = onSaved;
    this.#log = log;
    this.#syncedTopicId = core.lastTopicId;
    this.#writtenTopicId = core.lastTopicId;
  }

  /** Writes since the start, by what became of them. */
  get writes(): { done: number; failed: number } {
    return { done: this.#writesDone, failed: this.#writesFailed };
  }

  /** From now on it writes by itself, and at once what has changed before. */
  start(): void {
    this.#isStarted = true;
    void this.flush();
  }

  /** What is to be kept of this client has changed. */
  changed(clientId: string): void {
    const hurries = this.#hurried === 0 && isFar(this.#core.lastTopicId, this.#writtenTopicId, UNWRITTEN_IDS);
    if (hurries) this.#hurried = HURRIED_WRITES;
    else if (this.#changed.has(clientId)) return;
    this.#changed.add(clientId);
    // The timer may be a longer one.
    if ((hurries || this.#changed.size === 1) && this.#writing === undefined && !this.#isFailing) this.#arm();
  }

  /** Writes what has changed now, and makes all that was written outlive a power cut. Resolves when that is done, or has failed. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#changed.size > 0 || !this.#isSynced) await this.#write(true);
  }

  /** The same for the last time: the core does nothing any more, and nothing is written after it. */
  async end(): Promise<void> {
    this.cancel();
    await this.flush();
    this.#isEnd = true;
    await this.#write(true);
  }

  /** Nothing is written any more of itself. */
  cancel(): void {
    this.#isStarted = false;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (!this.#isStarted) return;
    const waitMs = this.#waitMs();
    if (waitMs !== undefined) this.#timer = setTimeout(() => void this.#write(false), waitMs);
  }

  /** How long until the next write; undefined where there is nothing to be written. */
  #waitMs(): number | undefined {
    if (this.#isFailing) return RETRY_MS;
    if (this.#changed.size > 0) {
      const sinceMs = performance.now() - this.#writtenAtMs;
      return this.#hurried > 0 ? 0 : Math.max(COLLECT_MS, INTERVAL_MS - sinceMs);
    }
    return this.#isSynced ? undefined : Math.max(0, this.#syncedAtMs + SYNC_MS - performance.now());
  }

  #write(mustSync: boolean): Promise<void> {
    clearTimeout(this.#timer);
    this.#writing = this.#writeChanges(mustSync).finally(() => {
      this.#writing = undefined;
      this.#arm();
    });
    return this.#writing;
  }

  async #writeChanges(mustSync: boolean): Promise<void> {
    const clientIds = this.#changed;
    this.#changed = new Set();
    try {
      await this.#writeAll(clientIds, mustSync);
    } catch (error) {
      this.#writesFailed += 1;
      for (const clientId of clientIds) this.#changed.add(clientId);
      this.#tellFailure(error as Error);
      return;
    } finally {
      this.#writtenAtMs = performance.now();
    }
    this.#writesDone += 1;
    this.#tellSuccess();
    this.#onSaved();
  }

  /** Rejects with the error of the keeper. */
  async #writeAll(clientIds: ReadonlySet<string>, mustSync: boolean): Promise<void> {
    let changes = await this.#keeper.batch();
    let sliceEndMs = performance.now() + SLICE_MS;
    for (const clientId of clientIds) {
      this.#collect(clientId, changes);
      if (changes.octets > BATCH_OCTETS_MAX) {
        await changes.write(this.#highestTopicId, false);
        this.#isSynced = false;
        changes = await this.#keeper.batch();
      }
      if (performance.now() > sliceEndMs) {
        await setImmediate();
        sliceEndMs = performance.now() + SLICE_MS;
      }
    }
    const { lastTopicId } = this.#core;
    const nowMs = performance.now();
    const isLate = nowMs - this.#syncedAtMs >= SYNC_MS || isFar(lastTopicId, this.#syncedTopicId, UNSYNCED_IDS);
    const sync = mustSync || isLate;
    if (this.#isEnd) await changes.write(lastTopicId, sync, true);
    else await changes.write(this.#highestTopicId, sync);
    this.#isSynced = sync;
    this.#writtenTopicId = lastTopicId;
    this.#hurried = Math.max(0, this.#hurried - 1);
    if (!sync) return;
    this.#syncedAtMs = nowMs;
    this.#syncedTopicId = lastTopicId;
  }

  /** One client's turn. A bug in what is said of it leaves what was written of it before, and does not keep the others from being written. */
  #collect(clientId: string, changes: Changes): void {
    let session: SavedSession | undefined;
    try {
      session = this.#core.savedSession(clientId);
    } catch (error) {
      const reason = String((error as Error).stack ?? error);
      this.#log.error(
        "state.failed",
        { clientId, reason },
        `a session cannot be saved; this is a bug of ours. ${reason}`,
      );
      return;
    }
    changes.set(clientId, session);
  }

  get #highestTopicId(): number {
    return this.#core.lastTopicId + UNSYNCED_IDS;
  }

  #tellFailure({ message: reason, code }: Error & { code?: unknown }): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const { path } = this.#keeper;
    const remedy = code === "gone" ? "Put it back, as it was." : "Is the disk full?";
    const loss = "if it is restarted before that succeeds, clients have to connect again";
    const advice = `${remedy} The gateway goes on and tries again every ${RETRY_MS / 1000} s; ${loss}.`;
    this.#log.error("state.unsaved", { path, reason }, `cannot save sessions in ${path}: ${reason}. ${advice}`);
  }

  #tellSuccess(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    const { path } = this.#keeper;
    this.#log.info("state.saved", { path }, `sessions are saved in ${path} again`);
  }
}

/** Whether so many ids may have been handed out since `before`. The numbering may have begun again. */
function isFar(lastTopicId: number, before: number, count: number): boolean {
  const handedOut = lastTopicId - before;
  return handedOut < 0 || handedOut >= count;
}
