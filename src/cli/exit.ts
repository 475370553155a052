/** Exit code of docker where the command line, or the engine's refusal to run, is at fault. */
export const EXIT_USAGE = 125;
/** Exit code where a container's command cannot be invoked. */
export const EXIT_NOT_EXECUTABLE = 126;
/** Exit code where a container's command does not exist. */
export const EXIT_COMMAND_NOT_FOUND = 127;

/** Ends the program with `code` after `message`, if there is one, was printed on stderr as it is. */
export class ExitError extends Error {
  readonly code: number;

  constructor(code: number, message = "") {
    super(message);
    this.name = "ExitError";
    this.code = code;
  }
}
