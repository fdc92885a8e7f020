/** Numbers that may stand for a topic: 0x0000 and 0xFFFF are reserved (I4). */
const TOPIC_ID_MAX = 0xfffe;

/** How far the numbering may run ahead of what a restart would find. A quarter of all, so that old ids stay unknown ones for long. */
export const UNSAVED_IDS_MAX = 16_384;

/**
 * Where normal topic ids come from. One counter for the whole gateway, so that an id a client remembers from an earlier connection
 * is unknown in the new one instead of meaning another topic (T12), until 65,534 more have been handed out. So that this holds across
 * restarts, the numbering goes on behind all that can have been handed out: it never gets further ahead of what is saved than
 * the number of ids that a restart leaves out.
 */
export class TopicIds {
  #last: number;
  /** Whether an id is never handed out. */
  readonly isReserved: (id: number) => boolean;
  readonly #unsavedMax: number;
  /** A restart has to find that the numbering went on. */
  #mustSave = false;
  /** A restart finds this one, or a later one. */
  #safe: number;
  /** The last one when something was saved for the last time: what is being saved now is this one, or a later one. */
  #saving: number;

  /**
   * Numbering starts after `last`. `isReserved` names the ids that are never handed out; `unsavedMax` is how many are handed out that
   * are not saved.
   */
  constructor(last: number, isReserved: (id: number) => boolean, unsavedMax = Number.POSITIVE_INFINITY) {
    this.#last = last;
    this.isReserved = isReserved;
    this.#unsavedMax = unsavedMax;
    this.#safe = last;
    this.#saving = last;
  }

  /** The one that was handed out last. */
  get last(): number {
    return this.#last;
  }

  /** None is handed out before something has been saved. */
  get awaitsSaving(): boolean {
    return this.#mustSave || this.#unsaved >= this.#unsavedMax;
  }

  /** It is time to save. */
  get wantSaving(): boolean {
    return this.#mustSave || 2 * this.#unsaved >= this.#unsavedMax;
  }

  /**
   * Numbering goes on after a restart that found `last`; `isExact`: none was handed out after that one. None is handed out until it is
   * saved that it went on: the next restart would hand it out again.
   */
  continueAfter(last: number, isExact: boolean): void {
    this.#last = isExact ? wrap(last) : wrap(last + UNSAVED_IDS_MAX);
    this.#safe = this.#last;
    this.#saving = this.#last;
    this.#mustSave = true;
  }

  /** What there was to be saved is safe; of what has come since the time before, that is not certain. */
  saved(): void {
    this.#mustSave = false;
    this.#safe = this.#saving;
    this.#saving = this.#last;
  }

  get #unsaved(): number {
    return (this.#last - this.#safe + TOPIC_ID_MAX) % TOPIC_ID_MAX;
  }

  /** The next id that is neither reserved nor taken; undefined when every one is, and while none may be handed out. */
  next(isTaken: (id: number) => boolean): number | undefined {
    for (let tried = 0; tried < TOPIC_ID_MAX && !this.awaitsSaving; tried += 1) {
      this.#last = wrap(this.#last + 1);
      if (!this.isReserved(this.#last) && !isTaken(this.#last)) return this.#last;
    }
    return undefined;
  }
}

/** The number in the circle of all ids. */
function wrap(id: number): number {
  return isTopicId(id) ? id : (((Math.trunc(id) || 0) + TOPIC_ID_MAX - 1) % TOPIC_ID_MAX) + 1;
}

/** Whether a number may stand for a topic. */
export function isTopicId(id: number): boolean {
  return Number.isInteger(id) && id >= 1 && id <= TOPIC_ID_MAX;
}
