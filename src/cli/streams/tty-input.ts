import type { Readable } from "node:stream";
import { ExitError } from "../exit.ts";

/** Errors: a container with a terminal and input from here needs a terminal here. */
export function checkTtyInput(
  stdin: Readable & { isTTY?: boolean },
  attachStdin: boolean,
  tty: boolean,
): void {
  if (attachStdin && tty && !stdin.isTTY) throw new ExitError(1, "the input device is not a TTY");
}
