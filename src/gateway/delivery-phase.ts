/**
 * Where the message at the head of a client's queue stands:
 * idle: nothing sent · registering: REGISTER sent · publishing: PUBLISH of QoS 1 or 2 sent · releasing: the client said PUBREC, the
 * broker's PUBREL is awaited · completing: PUBREL sent.
 */
export type DeliveryPhase = "idle" | "registering" | "publishing" | "releasing" | "completing";
