/** Numbers that a list such as `0-3,7` names. */
export type NumberList = ReadonlySet<number>;

/** What Linux counts processors up to; a range beyond it would fill the memory. */
const MAXIMUM = 8192;

/** The numbers of a kernel list. Throws an Error with docker's text. Source: cpuset(7), "List format". */
export function parseNumberList(text: string): NumberList {
  const numbers = new Set<number>();
  if (text === "") return numbers;
  for (const part of text.split(",")) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (!match || last < first) throw new Error(`invalid format: ${text}`);
    if (last > MAXIMUM) throw new Error(`value of out range, maximum is ${MAXIMUM}`);
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return numbers;
}
