import { Random } from "../../src/device/random.ts";

/** Decisions of a run, all from its seed. */
export class Chance {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** A whole number, both limits included. */
  integer(least: number, most: number): number {
    return this.#random.integer(least, most);
  }

  /** True with this probability. */
  happens(probability: number): boolean {
    return this.#random.next() < probability;
  }

  pick<T>(choices: readonly [T, ...T[]]): T;
  pick<T>(choices: readonly T[]): T | undefined;
  pick<T>(choices: readonly T[]): T | undefined {
    return choices[this.integer(0, choices.length - 1)];
  }

  /** One of the keys, in proportion to its weight; at least one weight is above 0. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let at = this.#random.next() * entries.reduce((total, [, weight]) => total + weight, 0);
    for (const [key, weight] of entries) {
      at -= weight;
      if (at < 0) return key;
    }
    return entries.findLast(([, weight]) => weight > 0)![0];
  }

  octets(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.integer(0, 255));
  }
}
