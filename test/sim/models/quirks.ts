import type { DeviceState } from "../../../src/device/device.ts";
import type { Message } from "../../../src/sn/message.ts";

/**
 * What becomes of a message of the gateway that reaches a client: "heard" as a client of 1.2 would, "ignored", answered at once with
 * another message and not heard, or heard as another message than it is.
 */
export type Hearing = "heard" | "ignored" | { answer: Message } | { heardAs: Message };

/** In what another client differs from ours. */
export interface Quirks {
  /** A message of the gateway comes. */
  hears(message: Message, state: DeviceState): Hearing;
  /** The client sends a message. */
  says(message: Message): void;
}
