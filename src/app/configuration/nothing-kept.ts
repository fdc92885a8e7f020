/** What `state.path` is where nothing survives a restart. */
export const NOTHING_KEPT = "memory:";
