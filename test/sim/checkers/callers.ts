import type { Place } from "../place.ts";

/** Which client a gateway has to take the sender at a place for: the one whose CONNECT came from there last. */
export class Callers {
  readonly #clientAt = new Map<Place, string>();
  readonly #placeOf = new Map<string, Place>();

  at(place: Place): string | undefined {
    return this.#clientAt.get(place);
  }

  placeOf(clientId: string): Place | undefined {
    return this.#placeOf.get(clientId);
  }

  /** This client speaks from here now. The client that it takes the place of, if any. */
  came(clientId: string, place: Place): string | undefined {
    const before = this.#clientAt.get(place);
    const displaced = before === clientId ? undefined : before;
    if (displaced !== undefined) this.#placeOf.delete(displaced);
    this.left(clientId);
    this.#clientAt.set(place, clientId);
    this.#placeOf.set(clientId, place);
    return displaced;
  }

  /** Its session has ended: whoever speaks from its place is a stranger. */
  left(clientId: string): void {
    const place = this.#placeOf.get(clientId);
    if (place === undefined) return;
    this.#placeOf.delete(clientId);
    if (this.#clientAt.get(place) === clientId) this.#clientAt.delete(place);
  }
}
