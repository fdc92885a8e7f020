import type { Message } from "../sn/message.ts";
import type { Instant } from "./contract.ts";

/** A message that waits for its answer. */
export interface Retry {
  readonly message: Message;
  /** How often it was sent again. */
  tries: number;
  due: Instant;
}
