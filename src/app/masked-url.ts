import { MASK } from "./option.ts";

/** A URL without the user name and the password in it. */
export function maskedUrl(url: string): string {
  // An @ after the host can only stand in a path; then too much is masked.
  return url.replace(/^([^/]*\/\/).*@/s, `$1${MASK}@`);
}
