const ZERO = 48;
const NINE = 57;

/** Order in which runs of digits count as numbers: `net2` before `net10`. Negative, zero or positive. */
export function naturalCompare(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  // Where numbers differ, they do so from their first digit on.
  let start = at;
  while (start > 0 && isDigit(a, start - 1)) start--;
  const inNumber = isDigit(a, at) || isDigit(b, at);
  if (inNumber && isDigit(a, start) && isDigit(b, start)) {
    return compareNumbers(digitsAt(a, start), digitsAt(b, start));
  }
  if (at === a.length || at === b.length) return a.length - b.length;
  // A run of other characters ends where the other one goes on: the shorter one comes first.
  if (inNumber && at > 0) return isDigit(a, at) ? -1 : 1;
  return a.charCodeAt(at) - b.charCodeAt(at);
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= ZERO && code <= NINE;
}

function digitsAt(text: string, start: number): string {
  let end = start;
  while (isDigit(text, end)) end++;
  return text.slice(start, end);
}

/** Equal numbers are in the order of their digits: `01` before `1`. */
function compareNumbers(a: string, b: string): number {
  if (Number(a) !== Number(b)) return Number(a) - Number(b);
  return a < b ? -1 : a === b ? 0 : 1;
}
