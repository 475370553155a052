import { isKind } from "../../base/errors.ts";
import { findInitProgram, nameOfInit } from "../../drivers/runtime-oci/mod.ts";
import { run } from "../../os/linux/spawn.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import type { InitProgram, RuntimeProgram } from "../../services/system/parts.ts";

async function askVersion(command: string): Promise<string> {
  const { stdout } = await run({ command, args: ["--version"], stdout: "collect", timeoutMs: 5_000 });
  return stdout.toString();
}

/** What each OCI runtime says of its own version; empty where it does not say. */
export async function describeRuntimes(
  runtimes: ReadonlyArray<Omit<RuntimeProgram, "version">>,
): Promise<RuntimeProgram[]> {
  return await Promise.all(
    runtimes.map(async ({ name, path, args }) => {
      const text = await askVersion(path);
      return { name, path, args, version: /version:? (\S+)/.exec(text)?.[1] ?? "" };
    }),
  );
}

/** The init program and what it says of itself: `tini version 0.19.0 - git.de40ad0`. */
export async function describeInit(configured: string): Promise<InitProgram> {
  const name = nameOfInit(configured);
  try {
    const text = await askVersion(findInitProgram(configured));
    const [, version = "", commit = ""] = /version (\S+)(?: - git\.(\w+))?/.exec(text) ?? [];
    return { name, version, commit };
  } catch (error) {
    // Who never asks for an init needs none; who does is told at the container's start.
    if (!isKind(error, "internal") && !isErrno(error, "ENOENT", "EACCES")) throw error;
    return { name, version: "", commit: "" };
  }
}
