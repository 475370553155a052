import { messageOf } from "../base/errors.ts";
import { EXIT_COMMAND_NOT_FOUND, EXIT_NOT_EXECUTABLE, EXIT_USAGE, ExitError } from "./exit.ts";
import { PROGRAM } from "./program.ts";

/** An error of run, create or start in docker's dress, with the exit code that its text asks for. */
export function runError(error: unknown, path: string, code = EXIT_USAGE): ExitError {
  if (error instanceof ExitError) return error;
  return new ExitError(
    code,
    `${PROGRAM}: ${messageOf(error).trimEnd()}\n\nRun '${PROGRAM} ${path} --help' for more information`,
  );
}

/**
 * The exit code of a container that could not start: 127 where its command does not exist, 126 where it cannot be
 * executed, 125 otherwise. docker reads it from the runtime's message, and so must everyone.
 */
export function startFailureCode(error: unknown): number {
  const message = messageOf(error);
  const notFound = [
    "executable file not found",
    "no such file or directory",
    "system cannot find the file specified",
  ];
  if (notFound.some((text) => message.includes(text))) return EXIT_COMMAND_NOT_FOUND;
  const notAllowed = ["permission denied", "is a directory"];
  return notAllowed.some((text) => message.includes(text)) ? EXIT_NOT_EXECUTABLE : EXIT_USAGE;
}
