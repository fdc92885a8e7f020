/** Ends the run with what must not happen, and did. */
export type Fail = (violation: string) => never;
