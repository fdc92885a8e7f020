/** The predefined topics of the cases, by id. */
export const PREDEFINED: ReadonlyMap<number, string> = new Map([
  [7, "predefined/seven"],
  ...Array.from({ length: 20 }, (_, index): [number, string] => [10 + index, `predefined/${10 + index}`]),
]);
