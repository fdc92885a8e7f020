/** Something that must hold did not. */
export class InvariantBroken extends Error {}

export function invariant(holds: boolean, what: string): asserts holds {
  if (!holds) throw new InvariantBroken(what);
}
