/** Attributes and colours of text on a terminal, as docker uses them. Source: ECMA-48, "Select graphic rendition". */
const CODES = {
  bold: "1",
  faint: "2",
  italic: "3",
  black: "30",
  red: "31",
  green: "32",
  blue: "34",
  default: "39",
  lightYellow: "93",
  lightCyan: "96",
  onLightCyan: "106",
} as const;

/** A set of attributes. */
export type Tint = readonly (keyof typeof CODES)[];

/** The text in those attributes, and after it none. */
export function tint(text: string, attributes: Tint): string {
  const start = attributes.map((attribute) => `\u001b[${CODES[attribute]}m`).join("");
  return `${start}${text}\u001b[0m`;
}

/** Columns that a text takes on a terminal, attributes left out. */
export function widthOf(text: string): number {
  return [...text.replace(/\u001b\[[0-9;]*m/g, "")].length;
}
