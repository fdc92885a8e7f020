/** The normal topic ids a device knows in its connection, from REGACK, from SUBACK and from the gateway's REGISTER. */
export class TopicTable {
  readonly #max: number;
  // Made when the first id comes: most devices of a large simulation know one or none.
  #idByName: Map<string, number> | undefined;
  #nameById: Map<number, string> | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  id(topicName: string): number | undefined {
    return this.#idByName?.get(topicName);
  }

  name(topicId: number): string | undefined {
    return this.#nameById?.get(topicId);
  }

  /** Whether there was room. A known id takes its new name: the gateway decides what an id means. */
  bind(topicName: string, topicId: number): boolean {
    this.#idByName ??= new Map();
    this.#nameById ??= new Map();
    const nameBefore = this.#nameById.get(topicId);
    if (nameBefore === undefined && this.#nameById.size >= this.#max) return false;
    if (nameBefore !== undefined && this.#idByName.get(nameBefore) === topicId) this.#idByName.delete(nameBefore);
    this.#idByName.set(topicName, topicId);
    this.#nameById.set(topicId, topicName);
    return true;
  }

  /** The gateway does not know this id (PUBACK 0x02). */
  forget(topicId: number): void {
    const topicName = this.#nameById?.get(topicId);
    if (topicName === undefined) return;
    this.#nameById?.delete(topicId);
    if (this.#idByName?.get(topicName) === topicId) this.#idByName.delete(topicName);
  }

  clear(): void {
    this.#idByName = undefined;
    this.#nameById = undefined;
  }
}
