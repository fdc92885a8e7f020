/** Whether a client is there, as the bus is told it. */
export type Availability = "online" | "offline";

/** Tells the bus of a client, or with undefined takes back what it was told. False where it cannot be told now. */
type TellAvailability = (clientId: string, availability: Availability | undefined) => boolean;

interface Entry {
  availability: Availability;
  /** What the bus was told last; `unknown` where it was told something and may have lost it, undefined where it was told nothing. */
  told: Availability | "unknown" | undefined;
}

/**
 * What the bus is to be told of clients: the last that became of each, in the order in which it became due. Of so many clients as there may
 * be: of more, those that are offline for longest are taken back, and what nobody was told is forgotten at once. So what the broker
 * keeps for us is bounded too, whoever connects.
 */
export class BridgeAvailability {
  #clientsMax: number;
  readonly #entries = new Map<string, Entry>();
  /** Those that are offline, the one that is so for longest first. */
  readonly #offline = new Set<string>();
  readonly #due = new Set<string>();
  /** Those that are to be taken back. */
  readonly #surplus = new Set<string>();

  constructor(clientsMax: number) {
    this.#clientsMax = clientsMax;
  }

  /** Whether there is something to tell. */
  get isDue(): boolean {
    return this.#due.size > 0 || this.#surplus.size > 0;
  }

  /** From now on so many clients are told of. */
  limit(clientsMax: number): void {
    this.#clientsMax = clientsMax;
    while (this.#entries.size > clientsMax) this.#forgetFirst();
  }

  /** Whether the last that is known of a client is that it is there. */
  isOnline(clientId: string): boolean {
    return this.#entries.get(clientId)?.availability === "online";
  }

  /** A client is there, or is not any more. */
  set(clientId: string, availability: Availability): void {
    let entry = this.#entries.get(clientId);
    if (entry === undefined) {
      entry = { availability, told: this.#surplus.delete(clientId) ? "unknown" : undefined };
      this.#entries.set(clientId, entry);
    } else if (entry.availability === availability) {
      return;
    }
    entry.availability = availability;
    if (availability === "offline") this.#offline.add(clientId);
    else this.#offline.delete(clientId);
    if (entry.told === availability) this.#due.delete(clientId);
    else this.#due.add(clientId);
    if (this.#entries.size > this.#clientsMax) this.#forgetFirst();
  }

  /** What was told of a client is to be taken back. */
  forget(clientId: string): void {
    const entry = this.#entries.get(clientId);
    if (entry === undefined) return;
    if (entry.told !== undefined) this.#surplus.add(clientId);
    this.#entries.delete(clientId);
    this.#offline.delete(clientId);
    this.#due.delete(clientId);
  }

  /** The bus may have lost what it was told: it is told again of everybody. */
  tellAgain(): void {
    for (const [clientId, entry] of this.#entries) {
      if (entry.told !== undefined) entry.told = "unknown";
      this.#due.add(clientId);
    }
  }

  /** Tells of so many clients at most; ends early where one cannot be told, whose turn comes again after the others. */
  tell(count: number, tell: TellAvailability): void {
    let left = count;
    for (const clientId of this.#surplus) {
      if (left === 0) return;
      if (!tell(clientId, undefined)) {
        postpone(this.#surplus, clientId);
        return;
      }
      this.#surplus.delete(clientId);
      left -= 1;
    }
    for (const clientId of this.#due) {
      if (left === 0) return;
      const entry = this.#entries.get(clientId)!;
      if (!tell(clientId, entry.availability)) {
        postpone(this.#due, clientId);
        return;
      }
      entry.told = entry.availability;
      this.#due.delete(clientId);
      left -= 1;
    }
  }

  /** There is one too many. */
  #forgetFirst(): void {
    const [clientId] = this.#offline.size > 0 ? this.#offline : this.#entries.keys();
    this.forget(clientId!);
  }
}

/** Puts it behind the others. */
function postpone(set: Set<string>, clientId: string): void {
  set.delete(clientId);
  set.add(clientId);
}
