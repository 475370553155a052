import type { StandardOutput } from "./streams/standard-output.ts";

/** Ends the process after everything written so far has left it; open sockets and a waiting stdin do not hold it up. */
export function endProcess(process: NodeJS.Process, output: StandardOutput, code: number): void {
  const end = () => process.exit(code);
  // A failing command has told why on stderr, which must not be cut short. A stream costs time to open: not for a success.
  output.flush(() => (code === 0 ? end() : process.stderr.write("", end)));
}
