import { tint, widthOf } from "./tint.ts";

/** The head of a note, as docker draws it. */
export function noteHeader(isTerminal: boolean): string {
  if (!isTerminal) return " Info -> ";
  const mark = tint(tint("i", ["black"]), ["onLightCyan"]);
  return tint(`${mark} ${tint("Info → ", ["lightCyan"])}`, ["bold"]);
}

/** A note of some lines for people; `flag` stands out in it. */
export function drawNote(text: string, isTerminal: boolean, flag?: string): string {
  const header = noteHeader(isTerminal);
  const marked = isTerminal && flag ? text.replaceAll(flag, tint(flag, ["bold"])) : text;
  const lines = marked.split("\n").map((line, index) => {
    const indent = index === 0 ? "" : " ".repeat(widthOf(header));
    return `${indent}${isTerminal ? tint(line, ["italic"]) : line}\n`;
  });
  return `\n${header}${lines.join("")}`;
}
