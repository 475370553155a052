import type { Flag, FlagSet } from "./flag.ts";

/** How far a last line may stick out to save a line with a single word. */
const SLOP = 5;
const NARROW = 24;

/** The block of options in a command's help, wrapped to `width` columns. As pflag lays it out. */
export function describeFlags(flags: FlagSet, width: number): string {
  const rows = Object.entries(flags)
    .filter(([, flag]) => !flag.hidden)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, flag]) => ({ head: headOf(name, flag), text: textOf(flag) }));
  const headWidth = Math.max(0, ...rows.map(({ head }) => head.length)) + 1;
  return rows
    .map(({ head, text }) => `${head.padEnd(headWidth + 2)}${wrap(text, headWidth + 2, width)}\n`)
    .join("");
}

function headOf(name: string, flag: Flag<unknown>): string {
  const short = flag.short === undefined ? "      " : `  -${flag.short}, `;
  return `${short}--${name}${flag.typeName === "" ? "" : ` ${flag.typeName}`}`;
}

function textOf(flag: Flag<unknown>): string {
  return flag.defaultText === undefined ? flag.usage : `${flag.usage} (default ${flag.defaultText})`;
}

/** `text` in lines of at most `width - indent` characters, all but the first behind `indent` spaces. */
function wrap(text: string, indent: number, width: number): string {
  let column = indent;
  let wrapped = "";
  if (width - column < NARROW) {
    column = 16;
    wrapped = `\n${" ".repeat(column)}`;
  }
  const newline = `\n${" ".repeat(column)}`;
  if (width - column < NARROW) return text.replaceAll("\n", newline);
  const room = width - column - SLOP;
  let [line, rest] = cutLine(text, room);
  wrapped += line.replaceAll("\n", newline);
  while (rest !== "") {
    [line, rest] = cutLine(rest, room);
    wrapped += newline + line.replaceAll("\n", newline);
  }
  return wrapped;
}

function cutLine(text: string, room: number): [line: string, rest: string] {
  if (room + SLOP > text.length) return [text, ""];
  const head = text.slice(0, room);
  const space = Math.max(head.lastIndexOf(" "), head.lastIndexOf("\t"), head.lastIndexOf("\n"));
  if (space <= 0) return [text, ""];
  const newline = head.lastIndexOf("\n");
  const cut = newline > 0 && newline < space ? newline : space;
  return [text.slice(0, cut), text.slice(cut + 1)];
}
