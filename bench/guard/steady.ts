/** Options of V8 with which a program does the same each time: nothing goes on beside it, and nothing is left to chance. */
export const STEADY = ["--single-threaded", "--hash-seed=1", "--random-seed=1"] as const;
