import type { Position } from "./ast.ts";
import { parseError } from "./template-error.ts";

export type TokenKind =
  | "text"
  | "open"
  | "close"
  | "field"
  | "variable"
  | "identifier"
  | "string"
  | "number"
  | "char"
  | "dot"
  | "pipe"
  | "comma"
  | "declare"
  | "assign"
  | "paren-open"
  | "paren-close"
  | "space"
  | "other"
  | "eof";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: Position;
}

const OPEN = "{{";
const CLOSE = "}}";
const ALPHANUMERIC = /[\p{L}\p{Nd}_]/u;
const PUNCTUATION: Readonly<Record<string, TokenKind>> = {
  "|": "pipe",
  ",": "comma",
  "=": "assign",
  "(": "paren-open",
  ")": "paren-close",
};

/** The tokens of a template's text, white space trimmed where `{{-` and `-}}` ask for it. Errors: TemplateError. */
export function lex(source: string): Token[] {
  return new Lexer(source).run();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #parens = 0;
  #trimNext = false;

  constructor(source: string) {
    this.#source = source;
  }

  run(): Token[] {
    for (;;) {
      const open = this.#source.indexOf(OPEN, this.#at);
      if (open < 0) {
        this.#text(this.#source.slice(this.#at), false);
        this.#push("eof", "", this.#source.length);
        return this.#tokens;
      }
      const trim = /^-[ \t\r\n]/.test(this.#source.slice(open + 2, open + 4));
      this.#text(this.#source.slice(this.#at, open), trim);
      this.#at = open + (trim ? 4 : 2);
      if (this.#source.startsWith("/*", this.#at)) this.#comment();
      else {
        this.#push("open", OPEN, open);
        this.#action();
      }
    }
  }

  #text(text: string, trimEnd: boolean): void {
    let kept = this.#trimNext ? text.replace(/^[ \t\r\n]+/, "") : text;
    if (trimEnd) kept = kept.replace(/[ \t\r\n]+$/, "");
    this.#trimNext = false;
    if (kept !== "") this.#push("text", kept, this.#at);
  }

  #comment(): void {
    const end = this.#source.indexOf("*/", this.#at);
    if (end < 0) throw this.#error("unclosed comment");
    this.#at = end + 2;
    if (!this.#close()) throw this.#error("comment ends before closing delimiter");
  }

  /** Takes the end of an action, if that is what comes. */
  #close(): boolean {
    const trimmed = /^[ \t\r\n]-\}\}/.test(this.#source.slice(this.#at, this.#at + 4));
    if (!trimmed && !this.#source.startsWith(CLOSE, this.#at)) return false;
    this.#trimNext = trimmed;
    this.#at += trimmed ? 4 : 2;
    return true;
  }

  #action(): void {
    this.#parens = 0;
    for (;;) {
      const start = this.#at;
      if (this.#close()) {
        if (this.#parens > 0) throw this.#error("unclosed left paren");
        this.#push("close", CLOSE, start);
        return;
      }
      this.#insideAction(start);
    }
  }

  #insideAction(start: number): void {
    const rest = this.#source.slice(start);
    const char = rest[0];
    if (char === undefined) throw this.#error("unclosed action");
    const space = /^[ \t\r\n]+/.exec(rest);
    if (space) {
      // The space in front of a trim marker belongs to the marker.
      const length = space[0].length;
      const marker = rest.startsWith("-}}", length);
      if (marker && length === 1) return;
      this.#take("space", marker ? length - 1 : length);
    } else if (rest.startsWith(":=")) this.#take("declare", 2);
    else if (char === '"') this.#quoted(/^"(?:[^"\\\n]|\\.)*"/, "string", "unterminated quoted string");
    else if (char === "`") this.#quoted(/^`[^`]*`/, "string", "unterminated raw quoted string");
    else if (char === "'")
      this.#quoted(/^'(?:[^'\\\n]|\\.[0-9a-fA-F]*)+'/, "char", "unterminated character constant");
    else if (char === "." && !/^\.\d/.test(rest)) this.#dotted("field", /^\.[\p{L}\p{Nd}_]*/u);
    else if (char === "$") this.#dotted("variable", /^\$[\p{L}\p{Nd}_]*/u);
    else if (/^[+-]?\.?\d/.test(rest)) this.#number(rest);
    else if (ALPHANUMERIC.test(char)) this.#dotted("identifier", /^[\p{L}\p{Nd}_]+/u);
    else this.#punctuation(char);
  }

  #punctuation(char: string): void {
    const kind = PUNCTUATION[char];
    if (!kind && !/[\x21-\x7e]/.test(char))
      throw this.#error(`unrecognized character in action: ${unicodeName(char)}`);
    if (kind === "paren-open") this.#parens++;
    if (kind === "paren-close" && --this.#parens < 0) throw this.#error("unexpected right paren");
    this.#take(kind ?? "other", 1);
  }

  #quoted(pattern: RegExp, kind: TokenKind, problem: string): void {
    const match = pattern.exec(this.#source.slice(this.#at));
    if (!match) throw this.#error(problem);
    this.#take(kind, match[0].length);
  }

  #number(rest: string): void {
    const match =
      /^[+-]?(0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9_]*\.?[0-9_]*(?:[eE][+-]?\d+)?)/.exec(rest)!;
    const after = rest[match[0].length];
    if (after !== undefined && ALPHANUMERIC.test(after)) {
      const bad = /^[+-]?[\p{L}\p{Nd}_.]+/u.exec(rest)![0];
      throw this.#error(`bad number syntax: ${JSON.stringify(bad)}`);
    }
    this.#take("number", match[0].length);
  }

  #dotted(kind: TokenKind, pattern: RegExp): void {
    const text = pattern.exec(this.#source.slice(this.#at))![0];
    const after = this.#source[this.#at + text.length];
    if (
      after !== undefined &&
      !/[ \t\r\n.,|:)(=]/.test(after) &&
      !this.#source.startsWith(CLOSE, this.#at + text.length)
    )
      throw this.#error(`bad character ${unicodeName(after)}`);
    this.#take(kind === "field" && text === "." ? "dot" : kind, text.length);
  }

  #take(kind: TokenKind, length: number): void {
    this.#push(kind, this.#source.slice(this.#at, this.#at + length), this.#at);
    this.#at += length;
  }

  #push(kind: TokenKind, text: string, offset: number): void {
    this.#tokens.push({ kind, text, at: this.#position(offset) });
  }

  #position(offset: number): Position {
    const before = this.#source.slice(0, offset);
    const lineStart = before.lastIndexOf("\n") + 1;
    const line = before.split("\n").length;
    return { line, column: Buffer.byteLength(before.slice(lineStart)) };
  }

  #error(message: string): Error {
    return parseError(this.#position(this.#at), message);
  }
}

function unicodeName(char: string): string {
  return `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")} '${char}'`;
}
