import { LOOPBACK, networkOf } from "./network-of.ts";

/** Of the places a fifth is for this machine alone: strangers cannot keep out who sits at it. */
const KEPT_PART = 5;

/** Places, of which one network alone cannot have all. */
export class Places {
  readonly max: number;
  readonly ofNetworkMax: number;
  readonly #keptForLoopback: number;
  readonly #counts = new Map<string, number>();
  #taken = 0;

  constructor(max: number, ofNetworkMax: number) {
    this.max = max;
    this.ofNetworkMax = ofNetworkMax;
    this.#keptForLoopback = Math.floor(max / KEPT_PART);
  }

  /** Which limit keeps this address from one more place; undefined where there is one for it. */
  whyNot(address: string): "all are taken" | "its network has enough" | undefined {
    const network = networkOf(address);
    if (this.#taken >= this.max) return "all are taken";
    const ofStrangers = this.#taken - (this.#counts.get(LOOPBACK) ?? 0);
    if (network !== LOOPBACK && ofStrangers >= this.max - this.#keptForLoopback) return "all are taken";
    return (this.#counts.get(network) ?? 0) < this.ofNetworkMax ? undefined : "its network has enough";
  }

  /** Takes one. What is returned is to be called once, to give it back. */
  take(address: string): () => void {
    const network = networkOf(address);
    this.#taken += 1;
    this.#counts.set(network, (this.#counts.get(network) ?? 0) + 1);
    return () => {
      this.#taken -= 1;
      const left = this.#counts.get(network)! - 1;
      if (left > 0) this.#counts.set(network, left);
      else this.#counts.delete(network);
    };
  }
}
