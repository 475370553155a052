import { OwnedFd } from "./fd.ts";
import { SYS, syscall } from "./libc.ts";
import { check, isErrno } from "./syscall-error.ts";

/**
 * A descriptor of the process `pid` that never comes to mean another one. Readable when the process has ended.
 * Errors: SyscallError, ESRCH where there is no such process. Source: pidfd_open(2), Linux 5.3.
 */
export function openPidFd(pid: number): OwnedFd {
  return new OwnedFd(check("pidfd_open", syscall(SYS.pidfd_open, pid, 0, 0, 0, 0, 0), String(pid)));
}

/**
 * The process has been sent the signal. True where it was there to get it, false where it had ended and been reaped.
 * Errors: SyscallError of pidfd_send_signal(2).
 */
export function signalPidFd(pidfd: number, signal: number): boolean {
  try {
    check("pidfd_send_signal", syscall(SYS.pidfd_send_signal, pidfd, signal, 0, 0, 0, 0));
    return true;
  } catch (error) {
    if (isErrno(error, "ESRCH")) return false;
    throw error;
  }
}
