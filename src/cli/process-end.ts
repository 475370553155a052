import type { Outputs } from "./cli.ts";

/** Ends the process after everything written so far has left it; open sockets and a waiting stdin do not hold it up. */
export function endProcess(process: NodeJS.Process, { out, err }: Outputs, code: number): void {
  out.flush(() => err.flush(() => process.exit(code)));
}
