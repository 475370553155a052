/**
 * How a server wants to be told who asks. Parameter names are lower case.
 * Source: RFC 9110, section 11.6.1, "WWW-Authenticate"; distribution "Token Authentication Specification".
 */
export interface AuthChallenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const MAX_HEADER = 8192;

/** The challenges of `WWW-Authenticate` headers, in order. What is malformed ends the list: it is not guessed at. */
export function parseChallenges(headers: readonly string[]): AuthChallenge[] {
  return headers.flatMap((header) => new ChallengeReader(header.slice(0, MAX_HEADER)).read());
}

class ChallengeReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): AuthChallenge[] {
    const challenges: AuthChallenge[] = [];
    for (;;) {
      this.#skip(/[\s,]*/y);
      const scheme = this.#take(TOKEN);
      if (scheme === undefined) return challenges;
      const parameters = this.#parameters();
      challenges.push({ scheme: scheme.toLowerCase(), parameters });
    }
  }

  #parameters(): Record<string, string> {
    const parameters: Record<string, string> = Object.create(null);
    for (;;) {
      const before = this.#at;
      this.#skip(/[\s,]*/y);
      const name = this.#take(TOKEN);
      this.#skip(/\s*/y);
      if (name === undefined || this.#text[this.#at] !== "=") {
        // What was read is the scheme of the next challenge.
        this.#at = before;
        return parameters;
      }
      this.#at++;
      this.#skip(/\s*/y);
      const value = this.#text[this.#at] === '"' ? this.#quoted() : this.#take(/[^\s,]*/y);
      parameters[name.toLowerCase()] ??= value ?? "";
    }
  }

  #quoted(): string {
    let value = "";
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      let char = this.#text[this.#at]!;
      if (char === '"') break;
      if (char === "\\") char = this.#text[++this.#at] ?? "";
      value += char;
    }
    this.#at++;
    return value;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match || match[0] === "") return undefined;
    this.#at = pattern.lastIndex;
    return match[0];
  }

  #skip(pattern: RegExp): void {
    this.#take(pattern);
  }
}
