/** setTimeout takes no more (2^31 − 1 ms); a later deadline is looked at again then. */
export const TIMEOUT_MS_MAX = 2_147_483_647;
