const SIGPIPE_EXIT = 141;

/**
 * Ends the process as SIGPIPE would once nobody reads its output any more (`gantry logs x | head -1`).
 * Errors of stderr end it in the same way; that stream is opened when it is first used, since opening takes time.
 */
export function exitQuietlyOnClosedPipe(process: NodeJS.Process): void {
  const onError = (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(SIGPIPE_EXIT);
    throw error;
  };
  process.stdout.on("error", onError);
  process.on("uncaughtException", onError);
}

/** Ends the process after everything written so far has left it; open sockets and a waiting stdin do not hold it up. */
export function endProcess(process: NodeJS.Process, code: number): void {
  const end = () => process.exit(code);
  // A failing command has told why on stderr, which must not be cut short.
  const flushErrors = () => (code === 0 && process.stderr.writableLength === 0 ? end() : process.stderr.write("", end));
  process.stdout.write("", flushErrors);
}
