import type { SavedGateway } from "../gateway/saved-session.ts";
import type { OpenedStore, SessionStore } from "../store/session-store.ts";
import { NOTHING_KEPT } from "./configuration/nothing-kept.ts";
import type { Log } from "./log/log.ts";
import { type SavedCore, SessionSaver } from "./session-saver.ts";
import { within } from "./within.ts";

/** Clients that are told of by name: their record was unreadable. */
const TOLD_MAX = 10;

/** What survives a restart: the store, what was in it, and who writes to it. */
export class KeptState {
  readonly #store: SessionStore;
  readonly #log: Log;
  /** What was kept; undefined where there was nothing yet. */
  readonly saved: SavedGateway | undefined;
  #saver: SessionSaver | undefined;

  private constructor({ store, saved }: OpenedStore, log: Log) {
    this.#store = store;
    this.#log = log;
    this.saved = saved;
  }

  /**
   * Opens the store in this folder and tells what came of it; undefined where nothing is to be kept. Rejects with an Error for the user
   * where the store cannot be had.
   */
  static async open(statePath: string, log: Log): Promise<KeptState | undefined> {
    if (statePath === NOTHING_KEPT) return undefined;
    // Only here: LevelDB is code of the machine.
    const { SessionStore } = await import("../store/session-store.ts");
    const opened = await SessionStore.open(statePath);
    tell(opened, log);
    return new KeptState(opened, log);
  }

  /** What changes in this core is to be written as soon as it is started. `onSaved` is called after each write. */
  keep(core: SavedCore, onSaved: () => void): void {
    this.#saver = new SessionSaver(core, this.#store, onSaved, this.#log);
  }

  /** The gateway has come to be: writes at once what has changed by that, and from now on what changes. */
  start(): void {
    this.#saver?.start();
  }

  /** Writes since the start, by what became of them. */
  get writes(): { done: number; failed: number } {
    return this.#saver?.writes ?? { done: 0, failed: 0 };
  }

  /** What is to be kept of this client has changed. */
  changed(clientId: string): void {
    this.#saver?.changed(clientId);
  }

  /** Writes at once what has changed. Resolves when that is done, or has failed. */
  async flush(): Promise<void> {
    await this.#saver?.flush();
  }

  /** Writes what has changed, and closes the store. Takes no longer than this. */
  async close(boundMs: number): Promise<void> {
    if (await within(this.#close(), boundMs)) return;
    const { path } = this.#store;
    this.#log.warn("state.unsaved", { path }, `there was no time to save all sessions in ${path}: the disk is slow`);
  }

  async #close(): Promise<void> {
    await this.#saver?.end();
    await this.#store.close();
  }

  /** Closes the store as it is: nothing that has changed since the start is written. */
  async abandon(): Promise<void> {
    this.#saver?.cancel();
    await this.#store.close();
  }
}

function tell({ store: { path }, saved, setAside, damaged, unreadable }: OpenedStore, log: Log): void {
  if (setAside !== undefined) {
    const { path: aside, reason } = setAside;
    const loss =
      "Clients that sleep, and those with a session that is to last, have to connect again when they are heard";
    const message = `the sessions in ${path} cannot be used: ${reason}. They are in ${aside} now, as they were; the gateway starts without them. ${loss}.`;
    log.warn("state.set-aside", { path, aside, reason }, message);
  }
  if (damaged !== undefined) {
    const { path: aside, octets } = damaged;
    const what = `${octets} octets of the last changes in ${path} cannot be read, as after a power cut or on a disk that fails`;
    const loss = "Clients that were concerned may have to connect again when they are heard";
    const message = `${what}. The file is in ${aside} now, as it was; the gateway starts with the rest. ${loss}.`;
    log.warn("state.damaged", { path, aside, octets }, message);
  }
  for (const { clientId, reason } of unreadable.slice(0, TOLD_MAX)) {
    const message = `what was kept of the client ${clientId} cannot be read: ${reason}. The client has to connect again.`;
    log.warn("state.unreadable", { path, clientId, reason }, message);
  }
  if (unreadable.length > TOLD_MAX) {
    const count = unreadable.length - TOLD_MAX;
    log.warn("state.unreadable", { path, count }, `what was kept of ${count} more clients cannot be read`);
  }
  const sessions = saved?.sessions.length ?? 0;
  log.info("state.opened", { path, sessions }, `sessions are kept in ${path}: ${sessions} are there`);
}
