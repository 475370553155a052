import { messageOf } from "../base/errors.ts";
import type { Cli } from "./cli.ts";
import { ExitError } from "./exit.ts";

/** Errors are told at the end, one a line; the work on the others goes on. */
function failWith(failures: readonly string[]): number {
  if (failures.length === 0) return 0;
  throw new ExitError(1, failures.join("\n"));
}

/** Works on one name after the other and prints what each comes to: its name unless `work` says otherwise. */
export async function forEachName(
  cli: Cli,
  names: readonly string[],
  work: (name: string) => Promise<string | undefined>,
): Promise<number> {
  const failures: string[] = [];
  for (const name of names) {
    try {
      cli.print((await work(name)) ?? name);
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  return failWith(failures);
}

/** Works on all names at once and prints their outcome in the order they were given. */
export async function forEachAtOnce(
  cli: Cli,
  names: readonly string[],
  work: (name: string) => Promise<void>,
): Promise<number> {
  const failures: string[] = [];
  const running = names.map((name) => work(name).then(() => undefined, messageOf));
  for (const [index, name] of names.entries()) {
    const failure = await running[index];
    if (failure === undefined) cli.print(name);
    else failures.push(failure);
  }
  return failWith(failures);
}
