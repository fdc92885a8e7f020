/** A request that has not been sent, or has to be sent once more. */
export interface Waiting<R> {
  readonly request: R;
  /** How often the gateway refused it for congestion. */
  congestions: number;
}
