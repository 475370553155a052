import { readFileSync } from "node:fs";
import type { RunningPeer } from "../peers/peer.ts";
import { runOrThrow } from "../peers/process.ts";

const CONTAINERS = 5;

/** Resident memory in bytes: as the kernel counts it per process, and with shared pages divided among their users. */
export interface Memory {
  readonly rssBytes: number;
  readonly pssBytes: number;
}

/** What a peer keeps in memory while nothing happens. */
export interface MemoryAtRest {
  /** The daemon and its helpers; undefined for a peer without one. */
  readonly engine: Memory | undefined;
  /** What each sleeping container adds beside its own process. */
  readonly perContainer: Memory | undefined;
}

function fieldBytes(text: string, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text);
  if (!match) throw new Error(`no ${field} in smaps_rollup`);
  return Number(match[1]) * 1024;
}

/** The memory of several processes together. Source: proc_pid_smaps_rollup, kernel Documentation/filesystems/proc.rst. */
function memoryOf(pids: readonly number[]): Memory {
  let rssBytes = 0;
  let pssBytes = 0;
  for (const pid of pids) {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    rssBytes += fieldBytes(text, "Rss");
    pssBytes += fieldBytes(text, "Pss");
  }
  return { rssBytes, pssBytes };
}

function perContainer(peer: RunningPeer): Memory | undefined {
  const { monitorProcesses, remove, runDetached } = peer;
  if (!monitorProcesses || !remove || !runDetached) return undefined;
  const names = Array.from({ length: CONTAINERS }, (_, index) => `bench-sleep-${index}`);
  for (const name of names) runOrThrow(runDetached(name, ["sleep", "100000"]));
  const { rssBytes, pssBytes } = memoryOf(monitorProcesses());
  for (const name of names) runOrThrow(remove(name));
  return { rssBytes: rssBytes / CONTAINERS, pssBytes: pssBytes / CONTAINERS };
}

/** Measures a peer that has run containers before. */
export function measureMemory(peer: RunningPeer): MemoryAtRest {
  const engine = peer.restingProcesses && memoryOf(peer.restingProcesses());
  return { engine, perContainer: perContainer(peer) };
}
