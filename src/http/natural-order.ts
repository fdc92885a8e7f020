const ZERO = 0x30;
const NINE = 0x39;

/** The order of names that people number: `node-2` before `node-10`. Names that differ are never equal; letters go by their code. */
export function naturalOrder(one: string, other: string): number {
  let at = 0;
  let otherAt = 0;
  while (at < one.length && otherAt < other.length) {
    if (!isDigit(one, at) || !isDigit(other, otherAt)) {
      const difference = one.charCodeAt(at) - other.charCodeAt(otherAt);
      if (difference !== 0) return difference;
      at += 1;
      otherAt += 1;
      continue;
    }
    at = afterZeros(one, at);
    otherAt = afterZeros(other, otherAt);
    // Of two numbers the one with more digits is larger, and else the one with the first larger digit.
    let difference = 0;
    while (isDigit(one, at) && isDigit(other, otherAt)) {
      if (difference === 0) difference = one.charCodeAt(at) - other.charCodeAt(otherAt);
      at += 1;
      otherAt += 1;
    }
    if (isDigit(one, at)) return 1;
    if (isDigit(other, otherAt)) return -1;
    if (difference !== 0) return difference;
  }
  const rest = one.length - at - (other.length - otherAt);
  if (rest !== 0) return rest;
  // They differ in leading zeros at most.
  return one === other ? 0 : one < other ? -1 : 1;
}

function afterZeros(text: string, at: number): number {
  let next = at;
  while (text.charCodeAt(next) === ZERO && isDigit(text, next + 1)) next += 1;
  return next;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= ZERO && code <= NINE;
}
