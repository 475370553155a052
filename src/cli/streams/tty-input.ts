import type { Cli } from "../cli.ts";
import { ExitError } from "../exit.ts";

/** Errors: a container with a terminal and input from here needs a terminal here. */
export function checkTtyInput(cli: Cli, attachStdin: boolean, tty: boolean): void {
  if (attachStdin && tty && !cli.stdin.isTTY) throw new ExitError(1, "the input device is not a TTY");
}
