const SIGPIPE_EXIT = 141;

/** Ends the process as SIGPIPE would once nobody reads its output any more (`gantry logs x | head -1`). */
export function exitQuietlyOnClosedPipe(process: NodeJS.Process): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(SIGPIPE_EXIT);
    throw error;
  });
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(SIGPIPE_EXIT);
    throw error;
  });
}

/** Ends the process after everything written so far has left it; open sockets and a waiting stdin do not hold it up. */
export function endProcess(process: NodeJS.Process, code: number): void {
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}
