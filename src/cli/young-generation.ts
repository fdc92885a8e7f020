import { setFlagsFromString } from "node:v8";

/**
 * How far V8 lets the part of the heap grow in which objects begin. What is loaded at the start outlives it: it doubles four times for
 * programs and schemas that it only copies, and never shrinks in a gateway that has little to do. The flag is one that V8 reads each time;
 * the limit itself (--max-semi-space-size) is read once, before any code of ours. See docs/decisions/0008-small-at-the-start.md.
 */
export const youngGeneration = {
  /** It stays as it is, at 1 MiB, for as long as the gateway starts. */
  hold(): void {
    setFlagsFromString("--semi-space-growth-factor=1");
  },

  /** From now on it grows with the load, as V8 does by default. */
  release(): void {
    setFlagsFromString("--semi-space-growth-factor=2");
  },
} as const;
