/** The measures of docker's tables. */
const TABLE = { minWidth: 10, padding: 3 };
/** The measures of `top`. */
const LOOSE = { minWidth: 20, padding: 3 };

type Measures = typeof TABLE;

/** How many columns a text takes, one for each code point, as docker counts. */
function widthOf(text: string): number {
  let width = text.length;
  for (let index = 0; index < text.length; index++) {
    // The second half of a pair of surrogates.
    if ((text.charCodeAt(index) & 0xfc00) === 0xdc00) width--;
  }
  return width;
}

/**
 * Lays cells that tabs end out in columns: at least ten wide, three spaces between. A column reaches over the lines
 * next to each other that have it; what stands behind a line's last tab is not part of any.
 * Source: Go's `text/tabwriter`, "The text of adjacent cells with the same column index constitute a column".
 */
export function layOut(text: string): string {
  return layOutBy(text, TABLE);
}

/** The same with columns of at least twenty. */
export function layOutLoose(text: string): string {
  return layOutBy(text, LOOSE);
}

function layOutBy(text: string, measures: Measures): string {
  const lines = text.split("\n").map((line) => line.split("\t"));
  const padded = lines.map((cells) => cells.slice());
  padColumn(lines, padded, { from: 0, to: lines.length, column: 0, measures });
  return padded.map((cells) => cells.join("")).join("\n");
}

interface Block {
  readonly from: number;
  readonly to: number;
  readonly column: number;
  readonly measures: Measures;
}

function padColumn(lines: string[][], padded: string[][], { from, to, column, measures }: Block): void {
  for (let start = from; start < to; start++) {
    if (lines[start]!.length - 1 <= column) continue;
    let end = start;
    while (end < to && lines[end]!.length - 1 > column) end++;
    const widths = lines.slice(start, end).map((cells) => widthOf(cells[column]!));
    const widest = widths.reduce((most, width) => Math.max(most, width), 0);
    const width = Math.max(measures.minWidth, widest + measures.padding);
    for (let row = start; row < end; row++) {
      padded[row]![column] = lines[row]![column]! + " ".repeat(width - widths[row - start]!);
    }
    padColumn(lines, padded, { from: start, to: end, column: column + 1, measures });
    start = end;
  }
}
