import { messageOf } from "../../../base/errors.ts";

/**
 * Exit code of a container whose program could not be started, as the shell would have it: 127 where the program was not
 * found, 126 where it may not be run, 128 for everything else.
 */
export function exitCodeOfStartFailure(error: unknown): number {
  const message = messageOf(error);
  if (/executable file not found|no such file or directory|system cannot find the file/.test(message))
    return 127;
  // Docker's answer for a file mounted onto a directory, or a directory onto a file.
  if (/are you trying to mount a directory/i.test(message)) return 127;
  if (/permission denied|not a directory|is a directory|exec format error/.test(message)) return 126;
  return 128;
}

/** The same for an exec: docker has 126 for whatever kept it from running, unless its program was not found. */
export function exitCodeOfExecFailure(error: unknown): number {
  return exitCodeOfStartFailure(error) === 127 ? 127 : 126;
}
