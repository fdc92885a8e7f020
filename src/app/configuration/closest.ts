/** From so many letters on a text that another one begins with is taken for a short form of it. */
const SHORT_FORM_MIN = 4;

/** Of `candidates` the one that `text` was most likely meant to be, or undefined where none is near. */
export function closest(text: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  let long: string | undefined;
  for (const candidate of candidates) {
    if (text.length >= SHORT_FORM_MIN && candidate.toLowerCase().startsWith(text.toLowerCase())) long ??= candidate;
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase());
    // A third of the letters may be wrong: "keepalive" finds "keep_alive", "clnt" finds "client", "foo" finds nothing.
    const isNear = distance <= Math.max(text.length, candidate.length) / 3;
    if (isNear && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? long;
}

/** Levenshtein: how many letters must be put in, taken out or exchanged to get from `from` to `to`. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const exchange = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(exchange, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[to.length]!;
}
