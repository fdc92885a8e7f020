/**
 * A client as the gateway sees it (§6.14): the five states of the standard, and the three steps of a CONNECT that is under way.
 */
export type State =
  | "disconnected"
  | "lost"
  | "awaiting will topic"
  | "awaiting will message"
  | "awaiting broker"
  | "active"
  | "asleep"
  | "awake";
