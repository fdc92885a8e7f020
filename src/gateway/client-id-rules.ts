import { fitsPattern } from "./client-id-pattern.ts";

/** Which client ids may connect: patterns with `*` for any characters, compared with the whole id. What is denied is denied. */
export class ClientIdRules {
  readonly #allowed: readonly string[];
  readonly #denied: readonly string[];

  /** Without anything in `allowed` all are. */
  constructor(allowed: readonly string[], denied: readonly string[]) {
    this.#allowed = allowed;
    this.#denied = denied;
  }

  admits(clientId: string): boolean {
    if (this.#denied.some((pattern) => fitsPattern(pattern, clientId))) return false;
    return this.#allowed.length === 0 || this.#allowed.some((pattern) => fitsPattern(pattern, clientId));
  }
}
