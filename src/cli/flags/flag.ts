/**
 * A flag as data. Flags behave as those of Go's pflag library do, since scripts rely on every corner of it.
 * Source: the documentation of github.com/spf13/pflag.
 */
export interface Flag<T> {
  /** What stands for the value in help; empty for a switch. */
  readonly typeName: string;
  readonly usage: string;
  /** The value when the flag is not given. */
  readonly initial: T;
  /** Shown in help behind `default`, quotes included. */
  readonly defaultText?: string | undefined;
  readonly short?: string | undefined;
  /** Kept out of help. */
  readonly hidden?: boolean | undefined;
  /** The value of the flag given without one; a flag that lacks it always takes one. */
  readonly bare?: string | undefined;
  /** The value after `text` was given once more. Throws an Error whose message says what is wrong with `text`. */
  readonly parse: (text: string, previous: T) => T;
}

// Values differ from flag to flag; `never` in the parse position lets any flag stand here.
// biome-ignore lint/suspicious/noExplicitAny: a record of flags of any value type needs the one bivariant type
export type FlagSet = Readonly<Record<string, Flag<any>>>;

/** The values of a set of flags, by their long names. */
export type FlagValues<F extends FlagSet> = {
  readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never;
};

export interface FlagOptions {
  readonly short?: string;
  readonly hidden?: boolean;
  readonly defaultText?: string;
  readonly typeName?: string;
}
