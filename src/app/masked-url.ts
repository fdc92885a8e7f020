import { MASK } from "./option.ts";

/** A URL without what in it may be secret: the user name, the password, and a query, which may be a token. */
export function maskedUrl(url: string): string {
  // An @ after the host can only stand in a path; then too much is masked.
  return url.replace(/^([^/]*\/\/).*@/s, `$1${MASK}@`).replace(/\?[^#]*/s, `?${MASK}`);
}
