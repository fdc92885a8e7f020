/** What is known of a gateway that runs, while its configuration is read again. */
export interface RunningGateway {
  /** Its configuration file had nothing at all in it; otherwise it may not have either now: somebody may be about to write it. */
  hasEmptyFile: boolean;
  /** What the file said by which it has its certificate. That this one has expired meanwhile is no reason to refuse all else that is new. */
  certificate: string | undefined;
}
