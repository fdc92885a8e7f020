/**
 * Whether a pattern, with `*` for any characters, fits the whole of a client id. Not a regular expression, for strangers choose the id: with
 * several `*` one can be made that takes years to compare.
 */
export function fitsPattern(pattern: string, clientId: string): boolean {
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
