import { readFileSync } from "node:fs";
import { run } from "./spawn.ts";
import { isErrno } from "./syscall-error.ts";

const LOADED = "/sys/kernel/security/apparmor/profiles";
const OWN = "/proc/self/attr/current";
const PARSER = "apparmor_parser";

function readIfAllowed(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not there, or not for this process: either way AppArmor is not to be used.
    return undefined;
  }
}

/** Whether the kernel has AppArmor and lets this process use it. */
export function hasAppArmor(): boolean {
  return readIfAllowed(LOADED) !== undefined;
}

/** Names of profiles as the kernel lists them: `name (mode)` a line. */
export function parseLoadedProfiles(text: string): Set<string> {
  return new Set(text.split("\n").flatMap((line) => /^(.*) \(\w+\)$/.exec(line)?.[1] ?? []));
}

/** Whether the kernel has a profile of that name. */
export function isProfileLoaded(name: string): boolean {
  return parseLoadedProfiles(readIfAllowed(LOADED) ?? "").has(name);
}

/** The profile that this process runs under; `unconfined` for none. */
export function readOwnProfile(): string {
  return (readIfAllowed(OWN) ?? "").replace(/\0/g, "").trim().split(" (")[0] || "unconfined";
}

/**
 * The kernel has the profile of that text, in place of one of that name. Source: apparmor_parser(8).
 * Throws an Error with what the parser says.
 */
export async function loadProfile(text: string): Promise<void> {
  try {
    // Nothing is cached: /etc may be read-only.
    const { code, stderr } = await run({
      command: PARSER,
      args: ["--skip-cache", "--replace"],
      stdin: Buffer.from(text),
    });
    if (code !== 0) throw new Error(`running '${PARSER}' failed with output: ${stderr.toString().trim()}`);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
    throw new Error(`exec: "${PARSER}": executable file not found in $PATH`, { cause: error });
  }
}
