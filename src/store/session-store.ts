import { ClassicLevel } from "classic-level";
import { z } from "zod";
import type { SavedGateway, SavedSession } from "../gateway/saved-session.ts";
import { DamagedLogs } from "./damaged-logs.ts";
import { readRecord, writeRecord } from "./record.ts";
import { readSession } from "./session-record.ts";
import { StoreBatch } from "./store-batch.ts";
import { StoreError } from "./store-error.ts";
import { StoreFolder } from "./store-folder.ts";
import { FORMAT, GATEWAY_KEY, SESSION_KEYS, UNREADABLE_KEYS } from "./store-layout.ts";

/** Records that are fetched at once. */
const READ_AT_ONCE = 1000;

/** Nothing is looked up: the store is read once, from the first record to the last. */
const CACHE_OCTETS = 256 * 1024;

/**
 * Topic ids that are left out where changes cannot be read, beside those that are whenever the gateway has not ended in order. How many
 * were handed out in them nobody knows; together it is half of all, so that none of the others means anything to a device for as long.
 */
const LOST_IDS = 16_384;

/** All that one may know of a record of a version that is not known. */
const ANY_GATEWAY_RECORD = z.object({ format: z.int() });

/** The topic id may be beyond the highest one: it is then so many behind the first one. */
const GATEWAY_RECORD = z.object({ lastTopicId: z.int().min(0), endedInOrder: z.boolean().default(false) });

/** A client whose record could not be read. It is kept, out of the way. */
interface UnreadableSession {
  readonly clientId: string;
  readonly reason: string;
}

/** What was in a store when it was opened. */
interface StoreContents {
  /** What was kept; undefined where nothing was ever. */
  readonly saved: SavedGateway | undefined;
  readonly unreadable: readonly UnreadableSession[];
}

/** A store that can be written to. */
export interface OpenedStore extends StoreContents {
  readonly store: SessionStore;
  /** A store that could not be used: where it was put, and what is wrong with it. */
  readonly setAside: { readonly path: string; readonly reason: string } | undefined;
  /** The last changes, where not all of them could be read: how much of them, and where they were put. */
  readonly damaged: { readonly path: string; readonly octets: number } | undefined;
}

/** What is in the folder is damaged, or no store of ours. */
class NotUsable extends Error {}

/**
 * The sessions that outlive the gateway, in a LevelDB of their own: a record a client, and one for the gateway. One process at a time
 * has it.
 */
export class SessionStore {
  readonly #folder: StoreFolder;
  readonly #lockIdentity: number | undefined;
  #db: ClassicLevel;
  /** LevelDB takes nothing more after a write that failed, until it is opened again. */
  #mustReopen = false;

  private constructor(folder: StoreFolder, db: ClassicLevel) {
    this.#folder = folder;
    this.#lockIdentity = folder.lockIdentity;
    this.#db = db;
  }

  /**
   * Opens the store in the folder of what the gateway keeps, or makes one, and reads it. One that is damaged, or that a newer version
   * has written, is put out of the way and never deleted; so are the last changes where not all of them can be read. Rejects with a StoreError where another process has it, and where it cannot be
   * read or written.
   */
  static async open(statePath: string): Promise<OpenedStore> {
    const folder = new StoreFolder(statePath);
    const { identity } = folder;
    const damaged = DamagedLogs.copied(folder);
    try {
      return await SessionStore.#openAndRead(folder, undefined, damaged);
    } catch (error) {
      // Another process that has the store has looked after it itself.
      const isLocked = error instanceof StoreError && error.code === "locked";
      const needed = damaged?.areNeeded && !isLocked ? damaged : undefined;
      if (needed === undefined) damaged?.discard();
      if (!(error instanceof NotUsable)) throw error;
      const setAside = { path: folder.setAside(identity), reason: error.message };
      return SessionStore.#openAndRead(folder, setAside, needed);
    }
  }

  static async #openAndRead(
    folder: StoreFolder,
    setAside: OpenedStore["setAside"],
    damaged: OpenedStore["damaged"],
  ): Promise<OpenedStore> {
    const db = await opened(folder);
    try {
      const contents = await contentsOf(db);
      const { unreadable } = contents;
      const saved = damaged && contents.saved ? await withLostIds(db, contents.saved) : contents.saved;
      return { saved, unreadable, store: new SessionStore(folder, db), setAside, damaged };
    } catch (error) {
      await db.close();
      throw error instanceof NotUsable ? error : whyNot(folder, error);
    }
  }

  /** Where it is. */
  get path(): string {
    return this.#folder.path;
  }

  /**
   * Begins a set of changes. Rejects with an Error where an earlier write has failed, and the store cannot be had again yet; with a
   * StoreError `gone` where it is not there any more.
   */
  async batch(): Promise<StoreBatch> {
    if (this.#mustReopen) {
      // LevelDB would make a new one, without the sessions that do not change.
      this.#assertThere();
      await this.#db.close();
      this.#db = await opened(this.#folder);
      this.#mustReopen = false;
    }
    return new StoreBatch(this.#db.batch(), {
      onFailure: () => {
        this.#mustReopen = true;
      },
      // What LevelDB has open it writes to without an error, also where nobody will find it.
      onSync: () => this.#assertThere(),
    });
  }

  #assertThere(): void {
    if (this.#folder.lockIdentity !== this.#lockIdentity) throw this.#folder.isGone();
  }

  async close(): Promise<void> {
    await this.#db.close();
  }
}

/** The open database. Rejects with NotUsable or a StoreError. */
async function opened(folder: StoreFolder): Promise<ClassicLevel> {
  // LevelDB would take it for an empty one, and delete what it has.
  const { isIncomplete } = folder;
  const db = new ClassicLevel(folder.path, { createIfMissing: !isIncomplete, cacheSize: CACHE_OCTETS });
  try {
    await db.open();
    return db;
  } catch (error) {
    const cause = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    if (cause.code === "LEVEL_LOCKED") throw folder.isLocked(cause);
    if (isIncomplete) throw new NotUsable("its file CURRENT is missing");
    throw whyNot(folder, cause);
  }
}

/** LevelDB says little of why it cannot read or write: where the folder takes data, what is in it is to blame. */
function whyNot(folder: StoreFolder, error: unknown): Error {
  folder.assertWritable();
  return new NotUsable((error as Error).message);
}

async function contentsOf(db: ClassicLevel): Promise<StoreContents> {
  const gateway = await db.get(GATEWAY_KEY);
  if (gateway === undefined) {
    // It was made by a gateway that had nothing to keep yet.
    if ((await db.keys({ limit: 1 }).next()) === undefined) return { saved: undefined, unreadable: [] };
    throw new NotUsable("it is not the store of a gateway");
  }
  const { lastTopicId, endedInOrder } = gatewayRecord(gateway);
  const sessions: SavedSession[] = [];
  const unreadable: UnreadableSession[] = [];
  const records = db.iterator({ gte: SESSION_KEYS, lt: after(SESSION_KEYS) });
  try {
    for (;;) {
      const entries = await records.nextv(READ_AT_ONCE);
      if (entries.length === 0) break;
      for (const [key, text] of entries) {
        const clientId = key.slice(SESSION_KEYS.length);
        try {
          sessions.push(sessionRecord(clientId, text));
        } catch (error) {
          unreadable.push({ clientId, reason: (error as Error).message });
        }
      }
    }
  } finally {
    await records.close();
  }
  for (const { clientId } of unreadable) await moveUnreadable(db, clientId);
  return { saved: { sessions, lastTopicId, endedInOrder }, unreadable };
}

/** Writes it at once: the next time that the store is opened nobody sees any more that something was lost. */
async function withLostIds(db: ClassicLevel, saved: SavedGateway): Promise<SavedGateway> {
  const lastTopicId = saved.lastTopicId + LOST_IDS;
  await db.put(GATEWAY_KEY, writeRecord({ format: FORMAT, lastTopicId }), { sync: true });
  return { ...saved, lastTopicId, endedInOrder: false };
}

function gatewayRecord(text: string): z.output<typeof GATEWAY_RECORD> {
  try {
    const record = readRecord(text);
    const { format } = ANY_GATEWAY_RECORD.parse(record);
    if (format !== FORMAT) throw new NotUsable(`its format is ${format}, and this version knows only ${FORMAT}`);
    return GATEWAY_RECORD.parse(record);
  } catch (error) {
    throw error instanceof NotUsable ? error : new NotUsable("the gateway's own record in it cannot be read");
  }
}

function sessionRecord(clientId: string, text: string): SavedSession {
  const session = readSession(text);
  if (session.clientId !== clientId) throw new Error("it is the record of another client");
  return session;
}

async function moveUnreadable(db: ClassicLevel, clientId: string): Promise<void> {
  // Octet by octet: it may be no text.
  const record = await db.get<string, Uint8Array>(SESSION_KEYS + clientId, { valueEncoding: "view" });
  if (record === undefined) return;
  await db
    .batch()
    .put<string, Uint8Array>(UNREADABLE_KEYS + clientId, record, { valueEncoding: "view" })
    .del(SESSION_KEYS + clientId)
    .write();
}

/** The first key after all that begin like this. */
function after(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
