import { fitsPattern } from "./client-id-pattern.ts";
import type { Settings } from "./settings.ts";

/** Which client ids may connect: patterns with `*` for any characters, compared with the whole id. What is denied is denied. */
export class ClientIdRules {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  admits(clientId: string): boolean {
    const { clientIdsAllowed: allowed, clientIdsDenied: denied } = this.#settings;
    if (denied.some((pattern) => fitsPattern(pattern, clientId))) return false;
    // Without anything in it all are allowed.
    return allowed.length === 0 || allowed.some((pattern) => fitsPattern(pattern, clientId));
  }
}
