import { invalidArgument } from "../../base/errors.ts";

/** The value of a variable; undefined where it is not set. */
export type Lookup = (name: string) => string | undefined;

/** A variable's name, a positional parameter or a special one. */
const NAME = /[\p{L}_][\p{L}\p{Nd}_]*|[0-9]+|[@*#?$!-]/uy;

/** Reads a word from the left. Quotes, backslashes and dollars mean what they mean to a POSIX shell, less command substitution. */
class WordReader {
  readonly #text: string;
  readonly #lookup: Lookup;
  #at = 0;

  constructor(text: string, lookup: Lookup) {
    this.#text = text;
    this.#lookup = lookup;
  }

  /** Everything up to `stop`, which is taken too, or up to the end. Patterns keep their backslashes. */
  read(stop?: string, keepsBackslashes = false): string {
    let result = "";
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at++]!;
      if (character === stop) return result;
      if (character === "'") result += this.#singleQuoted();
      else if (character === '"') result += this.#doubleQuoted();
      else if (character === "$") result += this.#variable();
      else if (character === "\\") result += (keepsBackslashes ? "\\" : "") + (this.#text[this.#at++] ?? "");
      else result += character;
    }
    if (stop === "/") throw invalidArgument(`syntax error: missing '/' in \${}`);
    if (stop !== undefined) throw invalidArgument(`syntax error: missing '${stop}'`);
    return result;
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#at);
    if (end < 0) throw invalidArgument("unexpected end of statement while looking for matching single-quote");
    const inside = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return inside;
  }

  #doubleQuoted(): string {
    let result = "";
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at++]!;
      if (character === '"') return result;
      if (character === "$") result += this.#variable();
      else if (character === "\\" && /["$\\]/.test(this.#text[this.#at] ?? ""))
        result += this.#text[this.#at++];
      else result += character;
    }
    throw invalidArgument("unexpected end of statement while looking for matching double-quote");
  }

  /** What stands after a dollar. */
  #variable(): string {
    if (this.#text[this.#at] === "{") {
      this.#at++;
      return this.#braced();
    }
    const name = this.#name();
    return name === "" ? "$" : (this.#lookup(name) ?? "");
  }

  #name(): string {
    NAME.lastIndex = this.#at;
    const name = NAME.exec(this.#text)?.[0] ?? "";
    this.#at += name.length;
    return name;
  }

  #braced(): string {
    if ("{}:".includes(this.#text[this.#at] ?? " ")) throw invalidArgument("syntax error: bad substitution");
    const name = this.#name();
    const value = this.#lookup(name);
    const modifier = this.#text[this.#at++] ?? "";
    switch (modifier) {
      case "":
        throw invalidArgument("syntax error: missing '}'");
      case "}":
        return value ?? "";
      case ":":
        return this.#replaced(name, value === "" ? undefined : value, `:${this.#text[this.#at++] ?? ""}`);
      case "#":
      case "%":
        return trim(value ?? "", this.read("}", true), modifier);
      case "/":
        return this.#substituted(value ?? "");
      default:
        return this.#replaced(name, value, modifier);
    }
  }

  /** `${name-word}`, `${name+word}` and `${name?word}`, where with a colon an empty value counts as none. */
  #replaced(name: string, value: string | undefined, modifier: string): string {
    const kind = modifier.at(-1)!;
    if (!"-+?".includes(kind)) throw invalidArgument(`unsupported modifier (${modifier}) in substitution`);
    const word = this.read("}");
    if (kind === "+") return value === undefined ? "" : word;
    if (value !== undefined) return value;
    if (kind === "-") return word;
    const state = this.#lookup(name) === undefined ? "unset" : "empty";
    throw invalidArgument(`${name}: ${word || `is not allowed to be ${state}`}`);
  }

  /** `${name/pattern/replacement}`; with a second slash at the start every match. */
  #substituted(value: string): string {
    const all = this.#text[this.#at] === "/";
    if (all) this.#at++;
    const pattern = shellPattern(this.read("/", true), ".*");
    const replacement = this.read("}", true);
    return value.replace(new RegExp(pattern, all ? "gsu" : "su"), () => replacement);
  }
}

/** A value without the part at its start (`#`) or end (`%`) that the pattern matches: the shortest, or with the sign twice the longest. */
function trim(value: string, word: string, sign: "#" | "%"): string {
  const greedy = word.startsWith(sign);
  const pattern = greedy ? word.slice(1) : word;
  if (sign === "#")
    return value.replace(new RegExp(`^${shellPattern(pattern, greedy ? ".*" : ".*?")}`, "su"), "");
  const whole = new RegExp(`^${shellPattern(pattern, ".*")}$`, "su");
  const starts = [...value, ""].map((_, index) => index);
  const ends = greedy ? starts : starts.reverse();
  const cut = ends.find((start) => whole.test(value.slice(start)));
  return cut === undefined ? value : value.slice(0, cut);
}

/** A shell pattern as the source of a regular expression. */
function shellPattern(pattern: string, anything: string): string {
  return pattern.replace(/\\?./gsu, (token) => {
    if (token === "*") return anything;
    if (token === "?") return ".";
    return token.at(-1)!.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
  });
}

/**
 * The word with its quotes removed and its variables put in, as ENV, LABEL, USER, WORKDIR, EXPOSE, VOLUME and STOPSIGNAL take it.
 * Errors: invalidArgument with docker's texts.
 * Source: Dockerfile reference, "Environment replacement".
 */
export function expandWord(word: string, lookup: Lookup): string {
  try {
    return new WordReader(word, lookup).read();
  } catch (error) {
    throw invalidArgument(`failed to process ${JSON.stringify(word)}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
