import type { Cli } from "./cli.ts";
import type { FlagSet, FlagValues } from "./flags/flag.ts";

/** How many arguments a command takes. */
export interface ArgCount {
  readonly min: number;
  /** No upper limit where it is missing. */
  readonly max?: number;
  /** Whether too few or too many are told in cobra's own words, as those commands of docker do that leave it to cobra. */
  readonly plain?: true;
}

export interface Invocation<F extends FlagSet> {
  readonly flags: FlagValues<F>;
  /** Long names of the flags that were given. */
  readonly given: ReadonlySet<string>;
  readonly args: readonly string[];
  /** The words the command was called by: `container ls`. */
  readonly path: string;
}

/** A command as data. Its name, aliases and summary stand in the tree, so that this is loaded only when it runs. */
export interface Command<F extends FlagSet> {
  /** What stands behind the name in usage lines. */
  readonly usage: string;
  /** Further forms, one usage line each. */
  readonly moreUsage?: readonly string[];
  /** Replaces the summary at the top of help. */
  readonly description?: string;
  readonly args: ArgCount;
  readonly flags: F;
  /** Whether options may stand behind the first argument; true unless said otherwise. */
  readonly interspersed?: boolean;
  /** Does the work; the result is the exit code, 0 where there is none. */
  readonly run: (cli: Cli, invocation: Invocation<F>) => Promise<number | undefined>;
}

/** Names a command's flags and work so that the types of one follow from the other. */
export function defineCommand<const F extends FlagSet>(command: Command<F>): Command<F> {
  return command;
}

/** What the tree loads; the command's own types do not matter any more. */
// biome-ignore lint/suspicious/noExplicitAny: commands with different flags stand in one tree
export type AnyCommand = Command<any>;
