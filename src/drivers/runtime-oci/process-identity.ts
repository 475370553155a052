import type { ProcessIdentity } from "../../core/tasks/task-runtime.ts";
import type { OwnedFd } from "../../os/linux/fd.ts";
import { openPidFd } from "../../os/linux/pidfd.ts";
import { isProcessAlive, readProcessStat } from "../../os/linux/process.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";

/** The process `pid` as it can be recognised later. One that has ended already gets a start time that never matches. */
export function identifyProcess(pid: number): ProcessIdentity {
  const stat = readProcessStat(pid);
  return { pid, startTicks: stat === undefined ? 0 : Number(stat.startTicks) };
}

/** Whether that very process is still there and has not ended. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identity.pid > 0 && isProcessAlive(identity.pid, BigInt(identity.startTicks));
}

/** A descriptor of that very process; undefined where it has ended. */
export function openIdentity(identity: ProcessIdentity): OwnedFd | undefined {
  if (identity.pid <= 0) return undefined;
  let pidfd: OwnedFd;
  try {
    pidfd = openPidFd(identity.pid);
  } catch (error) {
    if (isErrno(error, "ESRCH")) return undefined;
    throw error;
  }
  // Looked at after the descriptor was opened: the number cannot have changed hands in between unnoticed.
  if (isAlive(identity)) return pidfd;
  pidfd.close();
  return undefined;
}
