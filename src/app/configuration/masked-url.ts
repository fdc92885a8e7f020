import { maskedPath } from "../../mqtt/masked-path.ts";
import { MASK } from "./option.ts";

/** A URL without what in it may be secret: the user name, the password, and what may be a token: a query, and a path below its first level. */
export function maskedUrl(url: string): string {
  // An @ after the host can only stand in a path; then too much is masked. And what is not quite a URL may have a password all the same.
  return url
    .replace(/^([a-z+]+:\/\/)?.*@/is, `$1${MASK}@`)
    .replace(/\?[^#]*/s, `?${MASK}`)
    .replace(/^([a-z+]+:\/\/[^/?#]*)([^?#]*)/is, (_url, host: string, path: string) => host + maskedPath(path));
}
