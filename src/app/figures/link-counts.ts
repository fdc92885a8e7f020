import type { LinkId } from "../../gateway/contract.ts";

/** Connections of clients to the broker: those that there are, and what became of the others. */
export class LinkCounts {
  /** Those that are being made. */
  readonly #opening = new Set<LinkId>();
  #open = 0;
  /** Attempts that the broker accepted, that it refused, and that came to nothing. */
  accepted = 0;
  refused = 0;
  failed = 0;

  /** Connections that are being made. */
  get opening(): number {
    return this.#opening.size;
  }

  /** Connections that the broker has accepted and that are not gone, closing ones included. */
  get open(): number {
    return this.#open;
  }

  /** A connection is begun. */
  begins(link: LinkId): void {
    this.#opening.add(link);
  }

  /** Something has happened to a connection. */
  count(event: { type: string; link?: LinkId }): void {
    switch (event.type) {
      case "link-opened":
        if (!this.#opening.delete(event.link!)) return;
        this.accepted += 1;
        this.#open += 1;
        return;
      case "link-refused":
        if (this.#opening.delete(event.link!)) this.refused += 1;
        return;
      case "link-closed":
        if (this.#opening.delete(event.link!)) this.failed += 1;
        else if (this.#open > 0) this.#open -= 1;
    }
  }
}
