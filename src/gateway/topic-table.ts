import { RETURN_CODE } from "../sn/return-code.ts";
import type { ChangeListener } from "./change-listener.ts";
import type { KeptNames } from "./kept-names.ts";
import type { SavedTopic } from "./saved-session.ts";
import type { Settings } from "./settings.ts";
import { isTopicId, type TopicIds } from "./topic-ids.ts";

/** A normal topic id of one client. */
export interface TopicEntry {
  readonly id: number;
  readonly name: string;
  /**
   * Whether the client was told of this id in its present connection (T11): only then is it used towards the client. Set by `announce`
   * and `retract`.
   */
  announced: boolean;
  /** The client asked for it in its present connection, by REGISTER or SUBSCRIBE, and was told of the id in the answer. */
  asked: boolean;
  /** The client refused the name: nothing under it is sent to it (G3). */
  suppressed: boolean;
}

/** Why a name is given no topic id, and what its client is told (T6). */
export type TopicObstacle = {
  readonly reason: string;
  readonly returnCode: number;
  readonly limit?: string;
};

const UNSAVED: TopicObstacle = {
  reason: "too many topic ids have not been saved yet",
  returnCode: RETURN_CODE.congestion,
};

const FULL: TopicObstacle = {
  reason: "no topic id is left: clients.max_topics",
  returnCode: RETURN_CODE.notSupported,
  limit: "clients.max_topics",
};

const FULL_FOR_ALL: TopicObstacle = {
  reason: "no room is left for topic names: clients.max_topic_bytes",
  returnCode: RETURN_CODE.congestion,
  limit: "clients.max_topic_bytes",
};

/** The normal topic ids of one client (I2). An id is never bound to another name while the table lives. */
export class TopicTable {
  readonly #ids: TopicIds;
  readonly #settings: Pick<Settings, "topicsMax">;
  readonly #names: KeptNames;
  readonly #listener: ChangeListener;
  #byName: Map<string, TopicEntry> | undefined;
  #byId: Map<number, TopicEntry> | undefined;
  /** The one that was looked up last: a sensor publishes to the same topic again and again. */
  #recent: TopicEntry | undefined;
  /** The same by name: what comes for a client comes under few names, and each time in a new string, whose hash is to be made. */
  #recentByName: TopicEntry | undefined;

  constructor(ids: TopicIds, settings: Pick<Settings, "topicsMax">, names: KeptNames, listener: ChangeListener) {
    this.#ids = ids;
    this.#settings = settings;
    this.#names = names;
    this.#listener = listener;
  }

  get size(): number {
    return this.#byName?.size ?? 0;
  }

  /** Whether there is room, but no name can be given an id before something has been saved. */
  get awaitsSaving(): boolean {
    return this.#ids.awaitsSaving && !this.#isFull;
  }

  /** Why a name is given no id, for a note, and what its client is told (T6). */
  get obstacle(): TopicObstacle {
    if (this.awaitsSaving) return UNSAVED;
    return this.#names.isFull && this.size < this.#settings.topicsMax ? FULL_FOR_ALL : FULL;
  }

  get #isFull(): boolean {
    return this.size >= this.#settings.topicsMax || this.#names.isFull;
  }

  values(): Iterable<TopicEntry> {
    return this.#byName?.values() ?? [];
  }

  byId(id: number): TopicEntry | undefined {
    if (this.#recent?.id !== id) this.#recent = this.#byId?.get(id);
    return this.#recent;
  }

  byName(name: string): TopicEntry | undefined {
    if (this.#recentByName?.name !== name) this.#recentByName = this.#byName?.get(name);
    return this.#recentByName;
  }

  /** The entry of a name, made now if there is none (T4); undefined when the table is full, or no id can be had. */
  obtain(name: string): TopicEntry | undefined {
    const known = this.byName(name);
    if (known !== undefined) return known;
    if (this.#isFull) return undefined;
    const id = this.#ids.next((candidate) => this.#byId?.has(candidate) === true);
    if (id === undefined) return undefined;
    this.#listener.changed();
    return this.#add(id, name);
  }

  /**
   * An entry of before a restart. Not where the id is predefined by now (I3): the client is told that it is unknown, and asks for
   * another one.
   */
  restore({ id, name, announced }: SavedTopic): void {
    const isFree = this.#byId?.has(id) !== true && this.#byName?.has(name) !== true;
    if (!isFree || !isTopicId(id) || this.#ids.isReserved(id)) {
      this.#listener.changed();
      return;
    }
    this.#add(id, name).announced = announced;
  }

  /** More ids are predefined than before: those of them that were handed out are not known any more (I3). Whether there were such. */
  dropReserved(): boolean {
    let dropped = false;
    for (const { id, name } of this.values()) {
      if (!this.#ids.isReserved(id)) continue;
      dropped = true;
      this.#byName!.delete(name);
      this.#byId!.delete(id);
      this.#names.removeTopic(name);
    }
    if (!dropped) return false;
    this.#recent = undefined;
    this.#recentByName = undefined;
    this.#listener.changed();
    return true;
  }

  /** The client is told of the id in the answer to its REGISTER or SUBSCRIBE. */
  answer(entry: TopicEntry): void {
    this.announce(entry);
    entry.asked = true;
    entry.suppressed = false;
  }

  /** The client knows the id. */
  announce(entry: TopicEntry): void {
    if (!entry.announced) this.#listener.changed();
    entry.announced = true;
  }

  /** The client does not know the id, whatever it was told (G4). */
  retract(entry: TopicEntry): void {
    if (entry.announced) this.#listener.changed();
    entry.announced = false;
  }

  /** A new connection with the session kept: the client may use its ids, but has to be told of each before we do (T11). */
  startConnection(): void {
    if (this.#byName === undefined) return;
    for (const entry of this.#byName.values()) {
      this.retract(entry);
      entry.asked = false;
      entry.suppressed = false;
    }
  }

  /** T10 */
  clear(): void {
    if (this.size > 0) this.#listener.changed();
    for (const { name } of this.values()) this.#names.removeTopic(name);
    this.#byName = undefined;
    this.#byId = undefined;
    this.#recent = undefined;
    this.#recentByName = undefined;
  }

  #add(id: number, name: string): TopicEntry {
    const entry: TopicEntry = { id, name, announced: false, asked: false, suppressed: false };
    this.#byName ??= new Map();
    this.#byId ??= new Map();
    this.#byName.set(name, entry);
    this.#byId.set(id, entry);
    this.#names.addTopic(name);
    return entry;
  }
}
