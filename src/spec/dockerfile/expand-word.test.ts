import { expect, test } from "bun:test";
import { expandWord } from "./expand-word.ts";

const env: Readonly<Record<string, string>> = {
  PATH: "/bin",
  EMPTY: "",
  FILE: "archive.tar.gz",
  TEXT: "a/b/a/b",
  "1": "one",
};
const expand = (word: string) => expandWord(word, (name) => env[name]);

test.each([
  ["plain", "plain"],
  ["/usr/bin:$PATH", "/usr/bin:/bin"],
  [`/usr/bin:\${PATH}x`, "/usr/bin:/binx"],
  ["'$PATH'", "$PATH"],
  ['"$PATH and \\$PATH and \\"\\n"', '/bin and $PATH and "\\n'],
  ["\\$PATH", "$PATH"],
  ["a\\ b", "a b"],
  ["end\\", "end"],
  ["$", "$"],
  ["a$ b", "a$ b"],
  ["$UNSET|", "|"],
  ["$1$1x", "oneonex"],
  [`\${UNSET:-x$PATH}`, "x/bin"],
  [`\${EMPTY:-x}`, "x"],
  [`\${EMPTY-x}`, ""],
  [`\${UNSET-x}`, "x"],
  [`\${PATH:+set}\${UNSET:+set}\${EMPTY:+set}`, "set"],
  [`\${EMPTY+set}`, "set"],
  [`\${PATH:?}`, "/bin"],
  [`\${FILE#*.}`, "tar.gz"],
  [`\${FILE##*.}`, "gz"],
  [`\${FILE%.*}`, "archive.tar"],
  [`\${FILE%%.*}`, "archive"],
  [`\${FILE%.?z}`, "archive.tar"],
  [`\${FILE#nothing}`, "archive.tar.gz"],
  [`\${TEXT/a/$PATH}`, "/bin/b/a/b"],
  [`\${TEXT//a/c}`, "c/b/c/b"],
  [`\${TEXT//\\//-}`, "a-b-a-b"],
  [`\${TEXT#a[/]}`, "a/b/a/b"],
])("%s becomes %s", (word, expanded) => {
  expect(expand(word)).toBe(expanded);
});

test.each([
  [`\${PATH`, "syntax error: missing '}'"],
  [`\${`, "syntax error: missing '}'"],
  [`\${PATH:-x`, "syntax error: missing '}'"],
  [`\${}`, "syntax error: bad substitution"],
  [`\${PATH:#x}`, "unsupported modifier (:#) in substitution"],
  [`\${PATH=x}`, "unsupported modifier (=) in substitution"],
  [`\${UNSET?}`, "UNSET: is not allowed to be unset"],
  [`\${EMPTY:?}`, "EMPTY: is not allowed to be empty"],
  [`\${UNSET:?say why}`, "UNSET: say why"],
  [`\${TEXT/a}`, `syntax error: missing '/' in \${}`],
  ["'open", "unexpected end of statement while looking for matching single-quote"],
  ['"open', "unexpected end of statement while looking for matching double-quote"],
])("%s is refused", (word, reason) => {
  expect(() => expand(word)).toThrow(`failed to process ${JSON.stringify(word)}: ${reason}`);
});
