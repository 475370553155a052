import type { Cli } from "../cli.ts";
import { ExitError } from "../exit.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * What `ask` answers, unless the user ends the program before: the line of the question is ended then, and the program, in
 * peace, as docker ends where nothing has been done yet. Errors: ExitError 0.
 */
export async function untilTerminated<T>(cli: Cli, ask: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onSignal = () => {
    cli.write("\n");
    reject(new ExitError(0));
  };
  for (const signal of SIGNALS) process.once(signal, onSignal);
  try {
    return await Promise.race([ask(), promise]);
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
