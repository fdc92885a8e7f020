/** Numbers that may stand for a topic: 0x0000 and 0xFFFF are reserved (I4). */
const TOPIC_ID_MAX = 0xfffe;

/**
 * Where normal topic ids come from. One counter for the whole gateway, so that an id a client remembers from an earlier connection
 * is unknown in the new one instead of meaning another topic (T12), until 65,534 more have been handed out.
 */
export class TopicIds {
  #last: number;
  readonly #isReserved: (id: number) => boolean;

  /** Numbering starts after `last`. `isReserved` names the ids that are never handed out. */
  constructor(last: number, isReserved: (id: number) => boolean) {
    this.#last = last;
    this.#isReserved = isReserved;
  }

  /** The next id that is neither reserved nor taken; undefined when every one is. */
  next(isTaken: (id: number) => boolean): number | undefined {
    for (let tried = 0; tried < TOPIC_ID_MAX; tried += 1) {
      this.#last = this.#last >= TOPIC_ID_MAX ? 1 : this.#last + 1;
      if (!this.#isReserved(this.#last) && !isTaken(this.#last)) return this.#last;
    }
    return undefined;
  }
}

/** A normal topic id of one client. */
export interface TopicEntry {
  readonly id: number;
  readonly name: string;
  /** Whether the client was told of this id in its present connection (T11): only then is it used towards the client. */
  announced: boolean;
  /** The client asked for it in its present connection, by REGISTER or SUBSCRIBE, and was told of the id in the answer. */
  asked: boolean;
  /** The client refused the name: nothing under it is sent to it (G3). */
  suppressed: boolean;
}

/** The normal topic ids of one client (I2). An id is never bound to another name while the table lives. */
export class TopicTable {
  readonly #ids: TopicIds;
  readonly #max: number;
  #byName: Map<string, TopicEntry> | undefined;
  #byId: Map<number, TopicEntry> | undefined;
  /** The one that was looked up last: a sensor publishes to the same topic again and again. */
  #recent: TopicEntry | undefined;

  constructor(ids: TopicIds, max: number) {
    this.#ids = ids;
    this.#max = max;
  }

  get size(): number {
    return this.#byName?.size ?? 0;
  }

  byId(id: number): TopicEntry | undefined {
    if (this.#recent?.id !== id) this.#recent = this.#byId?.get(id);
    return this.#recent;
  }

  byName(name: string): TopicEntry | undefined {
    return this.#byName?.get(name);
  }

  /** The entry of a name, made now if there is none (T4); undefined when the table is full. */
  obtain(name: string): TopicEntry | undefined {
    const known = this.#byName?.get(name);
    if (known !== undefined) return known;
    if (this.size >= this.#max) return undefined;
    const id = this.#ids.next((candidate) => this.#byId?.has(candidate) === true);
    if (id === undefined) return undefined;
    const entry: TopicEntry = { id, name, announced: false, asked: false, suppressed: false };
    this.#byName ??= new Map();
    this.#byId ??= new Map();
    this.#byName.set(name, entry);
    this.#byId.set(id, entry);
    return entry;
  }

  /** The client is told of the id in the answer to its REGISTER or SUBSCRIBE. */
  answer(entry: TopicEntry): void {
    entry.announced = true;
    entry.asked = true;
    entry.suppressed = false;
  }

  /** A new connection with the session kept: the client may use its ids, but has to be told of each before we do (T11). */
  startConnection(): void {
    if (this.#byName === undefined) return;
    for (const entry of this.#byName.values()) {
      entry.announced = false;
      entry.asked = false;
      entry.suppressed = false;
    }
  }

  /** T10 */
  clear(): void {
    this.#byName = undefined;
    this.#byId = undefined;
    this.#recent = undefined;
  }
}
