import { run } from "../os/linux/spawn.ts";
import type { RuntimeProgram } from "../services/system/system-service.ts";

/** What each OCI runtime says of its own version; empty where it does not say. */
export async function describeRuntimes(
  runtimes: ReadonlyArray<{ readonly name: string; readonly path: string }>,
): Promise<RuntimeProgram[]> {
  return await Promise.all(
    runtimes.map(async ({ name, path }) => {
      const { stdout } = await run({
        command: path,
        args: ["--version"],
        stdout: "collect",
        timeoutMs: 5_000,
      });
      return { name, path, version: /version:? (\S+)/.exec(stdout.toString())?.[1] ?? "" };
    }),
  );
}
