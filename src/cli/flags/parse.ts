import type { Flag, FlagSet, FlagValues } from "./flag.ts";

/** A command line that its flags do not allow. The message is pflag's, word for word. */
export class FlagError extends Error {}

export interface ParsedFlags<F extends FlagSet> {
  readonly values: FlagValues<F>;
  /** Long names of the flags that were given. */
  readonly given: ReadonlySet<string>;
  readonly args: readonly string[];
  /** Whether help was asked for. */
  readonly help: boolean;
  /** Whether help was asked for by its old short form. */
  readonly shortHelp: boolean;
}

export interface ParseOptions {
  /** Whether flags may stand behind the first argument; true unless said otherwise. */
  readonly interspersed?: boolean;
}

/** Parses what stands behind a command. Errors: FlagError. */
export function parseFlags<F extends FlagSet>(
  flags: F,
  argv: readonly string[],
  options: ParseOptions = {},
): ParsedFlags<F> {
  return new Parser(flags, argv, options.interspersed ?? true).parse() as ParsedFlags<F>;
}

class Parser {
  readonly #flags: FlagSet;
  readonly #argv: readonly string[];
  readonly #interspersed: boolean;
  readonly #values: Record<string, unknown> = {};
  readonly #given = new Set<string>();
  readonly #args: string[] = [];
  readonly #byShort = new Map<string, string>();
  #at = 0;
  #help = false;
  #shortHelp = false;

  constructor(flags: FlagSet, argv: readonly string[], interspersed: boolean) {
    this.#flags = flags;
    this.#argv = argv;
    this.#interspersed = interspersed;
    for (const [name, flag] of Object.entries(flags)) {
      this.#values[name] = flag.initial;
      if (flag.short !== undefined) this.#byShort.set(flag.short, name);
    }
  }

  parse(): ParsedFlags<FlagSet> {
    while (this.#at < this.#argv.length) {
      const word = this.#argv[this.#at++]!;
      if (word === "--") {
        this.#args.push(...this.#argv.slice(this.#at));
        break;
      }
      if (word.startsWith("--")) this.#long(word);
      else if (word.startsWith("-") && word.length > 1) this.#cluster(word);
      else if (this.#interspersed) this.#args.push(word);
      else {
        this.#args.push(word, ...this.#argv.slice(this.#at));
        break;
      }
    }
    return {
      values: this.#values as ParsedFlags<FlagSet>["values"],
      given: this.#given,
      args: this.#args,
      help: this.#help,
      shortHelp: this.#shortHelp,
    };
  }

  #long(word: string): void {
    const equals = word.indexOf("=");
    const name = word.slice(2, equals < 0 ? undefined : equals);
    if (name === "" || name.startsWith("-")) throw new FlagError(`bad flag syntax: ${word}`);
    const flag = this.#flag(name);
    if (!flag) {
      if (name !== "help") throw new FlagError(`unknown flag: --${name}`);
      this.#help = true;
    } else if (equals >= 0) this.#set(name, flag, word.slice(equals + 1));
    else if (flag.bare !== undefined) this.#set(name, flag, flag.bare);
    else if (this.#at < this.#argv.length) this.#set(name, flag, this.#argv[this.#at++]!);
    else throw new FlagError(`flag needs an argument: --${name}`);
  }

  /** `-itd`, `-p80:80`, `-p=80:80`, `-p 80:80`. */
  #cluster(word: string): void {
    let letters = word.slice(1);
    while (letters !== "") letters = this.#letter(letters, word);
  }

  /** Takes the first letter of a cluster, with its value where it has one; the result is what is left of the cluster. */
  #letter(letters: string, word: string): string {
    const letter = letters[0]!;
    const behind = letters.slice(1);
    const name = this.#byShort.get(letter);
    if (name === undefined) {
      if (letter !== "h") throw new FlagError(`unknown shorthand flag: '${letter}' in -${letters}`);
      this.#help = this.#shortHelp = true;
      return behind;
    }
    const flag = this.#flags[name]!;
    if (behind.startsWith("=")) this.#set(name, flag, behind.slice(1));
    else if (flag.bare !== undefined) {
      this.#set(name, flag, flag.bare);
      return behind;
    } else if (behind !== "") this.#set(name, flag, behind);
    else if (this.#at < this.#argv.length) this.#set(name, flag, this.#argv[this.#at++]!);
    else throw new FlagError(`flag needs an argument: '${letter}' in ${word}`);
    return "";
  }

  #flag(name: string): Flag<unknown> | undefined {
    return Object.hasOwn(this.#flags, name) ? this.#flags[name] : undefined;
  }

  #set(name: string, flag: Flag<unknown>, text: string): void {
    try {
      this.#values[name] = flag.parse(text, this.#values[name]);
    } catch (error) {
      const shown = flag.short === undefined ? `--${name}` : `-${flag.short}, --${name}`;
      throw new FlagError(
        `invalid argument ${JSON.stringify(text)} for "${shown}" flag: ${(error as Error).message}`,
      );
    }
    this.#given.add(name);
    // A command may list the flag in its help; it asks for the same.
    if (name === "help") this.#help = this.#values[name] === true;
  }
}
