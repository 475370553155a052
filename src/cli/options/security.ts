import { readFileSync } from "node:fs";
import { invalidArgument, messageOf } from "../../base/errors.ts";

export interface SecurityFlags {
  readonly options: string[];
  /** Empty where the system's paths are to stay open. */
  readonly maskedPaths?: string[];
  readonly readonlyPaths?: string[];
}

/** What `--security-opt` values ask for; a seccomp profile's file is read and put in its place. */
export function parseSecurityOptions(values: readonly string[]): SecurityFlags {
  const options = values.map(inlineProfile);
  const open = options.includes("systempaths=unconfined");
  return {
    options: options.filter((option) => option !== "systempaths=unconfined"),
    ...(open ? { maskedPaths: [], readonlyPaths: [] } : {}),
  };
}

function inlineProfile(option: string): string {
  const match = /^([^=:]*)[=:](.*)$/s.exec(option);
  if (!match) {
    if (option === "no-new-privileges") return option;
    throw invalidArgument(`Invalid --security-opt: ${JSON.stringify(option)}`);
  }
  const [, key, value = ""] = match;
  if (key !== "seccomp" || value === "unconfined" || value === "builtin") return option;
  return `seccomp=${compactProfile(value)}`;
}

function compactProfile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const reason = missing ? `open ${path}: no such file or directory` : messageOf(error);
    throw invalidArgument(`opening seccomp profile (${path}) failed: ${reason}`, { cause: error });
  }
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    throw invalidArgument(`compacting json for seccomp profile (${path}) failed: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

const SYSCTLS = [
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
  "kernel.sem",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "kernel.shm_rmid_forced",
];

/** A value of `--sysctl`: only what a namespace holds may be set. */
export function sysctl(text: string): string {
  const key = text.split("=", 1)[0]!;
  const known = SYSCTLS.includes(key) || key.startsWith("net.") || key.startsWith("fs.mqueue.");
  if (!text.includes("=") || !known) throw new Error(`sysctl '${text}' is not allowed`);
  return text;
}
