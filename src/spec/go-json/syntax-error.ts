/** Go's limit; JSON nested deeper is refused. */
const MAX_DEPTH = 10_000;

/**
 * What Go's decoder says of `text`: where the JSON value ends that it begins with, or what is wrong with it.
 * Source: Go, encoding/json/scanner.go.
 */
export function findSyntaxError(text: string): { readonly problem: string } | { readonly end: number } {
  const scanner = new Scanner(text);
  try {
    scanner.value(0);
    return { end: scanner.at };
  } catch (error) {
    if (error instanceof Problem) return { problem: error.message };
    throw error;
  }
}

/**
 * What Go says of a whole document, which ends with the value that it begins with; undefined where it is one. Of one that
 * ends too soon it has other words than of a stream. Source: Go, `json.Unmarshal`.
 */
export function findDocumentError(text: string): string | undefined {
  const found = findSyntaxError(text);
  if ("problem" in found) return found.problem.replace(/^unexpected EOF$/, "unexpected end of JSON input");
  const rest = text.slice(found.end).trimStart();
  return rest === "" ? undefined : `invalid character '${rest[0]}' after top-level value`;
}

class Problem extends Error {}

class Scanner {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): void {
    if (depth > MAX_DEPTH) throw new Problem("exceeded max depth");
    this.#skipSpace();
    const char = this.#peek();
    if (char === "{") this.#object(depth);
    else if (char === "[") this.#array(depth);
    else if (char === '"') this.#string();
    else if (char === "t") this.#literal("true");
    else if (char === "f") this.#literal("false");
    else if (char === "n") this.#literal("null");
    else if (char === "-" || isDigit(char)) this.#number();
    else this.#refuse("looking for beginning of value");
  }

  #object(depth: number): void {
    this.at++;
    this.#skipSpace();
    if (this.#take("}")) return;
    for (;;) {
      this.#skipSpace();
      if (this.#peek() !== '"') this.#refuse("looking for beginning of object key string");
      this.#string();
      this.#skipSpace();
      if (!this.#take(":")) this.#refuse("after object key");
      this.value(depth + 1);
      this.#skipSpace();
      if (this.#take("}")) return;
      if (!this.#take(",")) this.#refuse("after object key:value pair");
    }
  }

  #array(depth: number): void {
    this.at++;
    this.#skipSpace();
    if (this.#take("]")) return;
    for (;;) {
      this.value(depth + 1);
      this.#skipSpace();
      if (this.#take("]")) return;
      if (!this.#take(",")) this.#refuse("after array element");
    }
  }

  #string(): void {
    this.at++;
    for (;;) {
      const char = this.#peek();
      if (char < " ") this.#refuse("in string literal");
      this.at++;
      if (char === '"') return;
      if (char === "\\") this.#escape();
    }
  }

  #escape(): void {
    const char = this.#peek();
    if (!'"\\/bfnrtu'.includes(char)) this.#refuse("in string escape code");
    this.at++;
    for (let digits = char === "u" ? 4 : 0; digits > 0; digits--, this.at++) {
      if (!/[\da-fA-F]/.test(this.#peek())) this.#refuse("in \\u hexadecimal character escape");
    }
  }

  #number(): void {
    this.#take("-");
    if (!this.#take("0")) this.#digits("in numeric literal");
    if (this.#take(".")) this.#digits("after decimal point in numeric literal");
    if (!this.#take("e") && !this.#take("E")) return;
    if (!this.#take("+")) this.#take("-");
    this.#digits("in exponent of numeric literal");
  }

  #digits(where: string): void {
    if (!isDigit(this.#peek())) this.#refuse(where);
    while (isDigit(this.#text[this.at])) this.at++;
  }

  #literal(word: string): void {
    for (const expected of word) {
      if (!this.#take(expected)) this.#refuse(`in literal ${word} (expecting '${expected}')`);
    }
  }

  #skipSpace(): void {
    while (" \t\r\n".includes(this.#text[this.at] ?? "x")) this.at++;
  }

  #take(char: string): boolean {
    if (this.#text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  #peek(): string {
    const char = this.#text[this.at];
    if (char === undefined) throw new Problem("unexpected EOF");
    return char;
  }

  #refuse(where: string): never {
    throw new Problem(`invalid character ${quoteCharacter(this.#peek())} ${where}`);
  }
}

const isDigit = (char: string | undefined) => char !== undefined && char >= "0" && char <= "9";

function quoteCharacter(char: string): string {
  if (char === "'") return "'\\''";
  if (char === '"') return `'"'`;
  return `'${JSON.stringify(char).slice(1, -1)}'`;
}
