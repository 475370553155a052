import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { invalidArgument } from "../../base/errors.ts";
import { type ChildExit, run } from "../../os/linux/spawn.ts";

/** An OCI runtime: its name, its program and options that come before the command. */
export interface RuntimeProgram {
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
}

/** A runtime as a configuration file names it. */
export interface RuntimeSetting {
  readonly path: string;
  readonly args?: readonly string[];
}

/** The runtimes the engine knows without being told, the preferred one first. */
const KNOWN_RUNTIMES = ["crun", "runc"] as const;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there or not to be run: either way not the program that was looked for.
    return false;
  }
}

/** The path of a program: itself where it is a path, the first match in `PATH` otherwise; undefined where there is none. */
export function findProgram(name: string): string | undefined {
  if (name.includes("/")) return isExecutable(name) ? name : undefined;
  for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(directory, name);
    if (directory !== "" && isExecutable(path)) return path;
  }
  return undefined;
}

/**
 * The runtimes of an engine: those of the settings and crun and runc where they are installed, the default one first.
 * Errors: invalidArgument where the default one is not among them.
 */
export function findRuntimes(
  settings: Readonly<Record<string, RuntimeSetting>>,
  defaultName?: string,
): RuntimeProgram[] {
  const found: RuntimeProgram[] = [];
  for (const [name, setting] of Object.entries(settings)) {
    const path = findProgram(setting.path);
    if (path !== undefined) found.push({ name, path, args: setting.args ?? [] });
  }
  for (const name of KNOWN_RUNTIMES) {
    const path = Object.hasOwn(settings, name) ? undefined : findProgram(name);
    if (path !== undefined) found.push({ name, path, args: [] });
  }
  const preferred =
    defaultName ?? KNOWN_RUNTIMES.find((name) => found.some((runtime) => runtime.name === name));
  const first = found.findIndex((runtime) => runtime.name === preferred);
  if (first < 0 && defaultName !== undefined) {
    throw invalidArgument(`specified default runtime '${defaultName}' does not exist`);
  }
  if (first > 0) found.unshift(...found.splice(first, 1));
  return found;
}

/** Runs one command of a runtime to its end. `stateRoot`: where the runtime keeps what it knows of containers. */
export async function runRuntime(
  runtime: RuntimeProgram,
  stateRoot: string,
  args: readonly string[],
): Promise<ChildExit> {
  return await run({
    command: runtime.path,
    args: [...runtime.args, "--root", stateRoot, ...args],
    stdout: "collect",
  });
}
