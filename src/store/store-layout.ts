/** What the records look like; one that is newer was written by a version of which this one knows nothing. */
export const FORMAT = 1;

/** The record of the gateway. */
export const GATEWAY_KEY = "gateway";

/** Before the client id of each session. */
export const SESSION_KEYS = "session/";

/** Before the client id of a session whose record could not be read. */
export const UNREADABLE_KEYS = "unreadable/";
