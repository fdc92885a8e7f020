/** What a connection shows to the broker, and for how long that holds. */
export interface LinkCredentials {
  username?: string | undefined;
  password?: string | undefined;
  /** How long the broker takes them for, from now on; for ever where it is left out. */
  expiresInMs?: number | undefined;
}
