import type { AcknowledgementChecker } from "./acknowledgement-checker.ts";

/** A topic id that a client was told of. */
export interface BoundName {
  readonly name: string;
  /** In which life of the gateway it was last seen. */
  run: number;
}

/** What is known of a client at one gateway beyond the life of that gateway's process. */
export interface ClientMemory {
  readonly acknowledgements: AcknowledgementChecker;
  /** Forgotten where the gateway starts with nothing saved. */
  readonly names: Map<number, BoundName>;
}
