import { readdirSync, readFileSync } from "node:fs";
import { prlimit as prlimitCall } from "./libc.ts";
import { check, isErrno } from "./syscall-error.ts";

/** What /proc/PID/stat says about a process. Source: proc_pid_stat(5). */
export interface ProcessStat {
  readonly pid: number;
  readonly command: string;
  /** One letter: R, S, D, Z, T and so on. */
  readonly state: string;
  readonly parentPid: number;
  /** Clock ticks since boot; with the pid, names this process and no later one. */
  readonly startTicks: bigint;
}

/** The fields of a stat line. */
export function parseProcessStat(text: string): ProcessStat {
  const open = text.indexOf("(");
  // The name may contain blanks and parentheses; what follows the last one cannot.
  const close = text.lastIndexOf(")");
  const fields = text.slice(close + 2).split(" ");
  return {
    pid: Number(text.slice(0, open)),
    command: text.slice(open + 1, close),
    state: fields[0]!,
    parentPid: Number(fields[1]),
    startTicks: BigInt(fields[19]!),
  };
}

/** The process's state; undefined where there is none with that pid. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch (error) {
    if (isErrno(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}

/**
 * Whether the process with that pid is the one that started at `startTicks` and has not ended; a zombie has ended.
 */
export function isProcessAlive(pid: number, startTicks: bigint): boolean {
  const stat = readProcessStat(pid);
  return stat !== undefined && stat.startTicks === startTicks && stat.state !== "Z" && stat.state !== "X";
}

/** Pids of the processes that there are. */
export function listProcesses(): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0);
}

/** The words that a process was started with; undefined where there is none with that pid. */
export function readProcessArguments(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}

/** Resource limits by name. Source: getrlimit(2). */
export const RLIMIT = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
} as const;
export type ResourceLimitName = keyof typeof RLIMIT;

export const UNLIMITED = 0xffff_ffff_ffff_ffffn;

export interface ResourceLimit {
  /** UNLIMITED for none. */
  readonly soft: bigint;
  readonly hard: bigint;
}

/** A limit of a process, by default this one. Errors: SyscallError of prlimit(2). */
export function getResourceLimit(name: ResourceLimitName, pid = 0): ResourceLimit {
  const result = new BigUint64Array(2);
  check("prlimit", prlimitCall(pid, RLIMIT[name], null, result), name);
  return { soft: result[0]!, hard: result[1]! };
}
