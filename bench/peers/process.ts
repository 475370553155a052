import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { openSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const READY_TIMEOUT_MS = 30_000;

/** The first line of what a program prints, or undefined where it cannot be run. */
export function firstLine(program: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
  return status === 0 ? stdout.split("\n")[0] : undefined;
}

/** Runs a command to its end. Throws with its output when it fails. */
export function runOrThrow(command: readonly string[]): string {
  return execFileSync(command[0]!, command.slice(1), { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** A daemon in the background, its output in a file. */
export interface Daemon extends AsyncDisposable {
  readonly pid: number;
}

/** Starts a daemon and resolves once `probe` succeeds. Throws with its log when it ends or stays silent. */
export async function startDaemon(
  command: readonly string[],
  logPath: string,
  probe: readonly string[],
): Promise<Daemon> {
  const log = openSync(logPath, "w");
  const child = spawn(command[0]!, command.slice(1), { stdio: ["ignore", log, log] });
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (spawnSync(probe[0]!, probe.slice(1)).status !== 0) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`${command[0]} did not get ready:\n${readFileSync(logPath, "utf8").slice(-2000)}`);
    }
    await sleep(50);
  }
  return { pid: child.pid!, [Symbol.asyncDispose]: () => stopDaemon(child) };
}

async function stopDaemon(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** All processes that have `ancestor` above them. */
export function descendantsOf(ancestor: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const parent = parentOf(pid);
      children.set(parent, [...(children.get(parent) ?? []), pid]);
    } catch {
      // It ended between the listing and the look.
    }
  }
  const found: number[] = [];
  const queue = [...(children.get(ancestor) ?? [])];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    found.push(pid);
    queue.push(...(children.get(pid) ?? []));
  }
  return found;
}

/** Processes whose command line begins with a program of that name and holds `text`. */
export function processesRunning(program: string, text: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid)) return false;
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return command[0]!.split("/").at(-1) === program && command.join(" ").includes(text);
      } catch {
        // It ended between the listing and the look.
        return false;
      }
    });
}
