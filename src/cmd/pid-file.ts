import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { conflict } from "../base/errors.ts";
import { readProcessStat } from "../os/linux/process.ts";

/**
 * The file at `path` holds this process's id until the result is disposed.
 * Errors: conflict where another living process holds it.
 */
export function writePidFile(path: string): Disposable {
  const holder = holderOf(path);
  if (holder !== undefined) {
    throw conflict(
      `failed to start daemon, ensure docker is not running or delete ${path}: process with PID ${holder} is still running`,
    );
  }
  writeFileSync(path, `${process.pid}`, { mode: 0o644 });
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

function holderOf(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const pid = Number(text.trim());
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return undefined;
  return readProcessStat(pid) === undefined ? undefined : pid;
}
