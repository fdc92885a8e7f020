import type { Socket } from "node:net";

/** How many connections there are from each address: one alone cannot have them all, so that others are still served. */
export class ConnectionPlaces {
  readonly #ofAddressMax: number;
  readonly #counts = new Map<string, number>();

  constructor(ofAddressMax: number) {
    this.#ofAddressMax = ofAddressMax;
  }

  /** A connection has come. It is ended where its address has enough. */
  take(socket: Socket): void {
    const address = socket.remoteAddress;
    // It has gone already.
    if (address === undefined) return;
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.#ofAddressMax) {
      socket.destroy();
      return;
    }
    this.#counts.set(address, count + 1);
    socket.on("close", () => {
      const left = this.#counts.get(address)! - 1;
      if (left > 0) this.#counts.set(address, left);
      else this.#counts.delete(address);
    });
  }
}
