import { invalidArgument } from "../../base/errors.ts";

/** The context that is not stored: what the command line and the environment say. */
export const DEFAULT_CONTEXT = "default";

const PATTERN = "^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$";

/** Errors: invalidArgument for a name that no stored context can have, in docker's words. */
export function checkContextName(name: string): void {
  if (name === "") throw invalidArgument("context name cannot be empty");
  if (name === DEFAULT_CONTEXT) throw invalidArgument('"default" is a reserved context name');
  if (new RegExp(PATTERN).test(name)) return;
  throw invalidArgument(
    `context name ${JSON.stringify(name)} is invalid, names are validated against regexp "${PATTERN}"`,
  );
}
