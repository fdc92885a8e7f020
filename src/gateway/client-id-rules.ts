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
    if (this.#denied.some((pattern) => matches(pattern, clientId))) return false;
    return this.#allowed.length === 0 || this.#allowed.some((pattern) => matches(pattern, clientId));
  }
}

/** Not a regular expression, for strangers choose the id: with several `*` one can be made that takes years to compare. */
function matches(pattern: string, clientId: string): boolean {
  const [head, ...parts] = pattern.split("*") as [string, ...string[]];
  const tail = parts.pop();
  if (tail === undefined) return pattern === clientId;
  if (clientId.length < head.length + tail.length || !clientId.startsWith(head) || !clientId.endsWith(tail))
    return false;
  // What stands between two `*` is looked for as far to the left as possible: that leaves the most for the rest.
  const end = clientId.length - tail.length;
  let from = head.length;
  for (const part of parts) {
    const found = clientId.indexOf(part, from);
    if (found === -1 || found + part.length > end) return false;
    from = found + part.length;
  }
  return true;
}
