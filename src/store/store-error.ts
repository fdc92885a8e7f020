/** Why a store cannot be used, in a sentence for the user that says where and what to do. */
export class StoreError extends Error {
  /** locked: another process has it; or the code of the system. */
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
