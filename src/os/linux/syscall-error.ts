import { lastErrno, type NativeFunction } from "../ffi/native.ts";
import { ERRNO, errnoName } from "./errno.ts";
import { describeErrno } from "./errno-text.ts";

/** A system call that the kernel refused. `code` is the error's name, as Node's own system errors have it. */
export class SyscallError extends Error {
  readonly syscall: string;
  readonly errno: number;
  readonly code: string;
  readonly path: string | undefined;

  constructor(syscall: string, errno: number, path?: string) {
    const where = path === undefined ? "" : ` ${path}`;
    super(`${syscall}${where}: ${describeErrno(errno)}`);
    this.name = "SyscallError";
    this.syscall = syscall;
    this.errno = errno;
    this.code = errnoName(errno);
    this.path = path;
  }
}

/** `result`, or the error that errno names where it is -1. To be wrapped directly around the call. */
export function check(syscall: string, result: number, path?: string): number {
  if (result === -1) throw new SyscallError(syscall, lastErrno(), path);
  return result;
}

/** Makes a call on another thread and returns its result, or throws the error that errno of that thread names. */
export async function checkAsync<A extends readonly unknown[]>(
  syscall: string,
  call: NativeFunction<A, number>,
  args: A,
  path?: string,
): Promise<number> {
  const { result, errno } = await call.async(...args);
  if (result === -1) throw new SyscallError(syscall, errno, path);
  return result;
}

/** Whether `error` is a system error (this module's or the runtime's own) with one of these names. */
export function isErrno(error: unknown, ...codes: string[]): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && codes.includes(error.code as string);
}

/** Repeats a call that a signal interrupted. */
export function retryInterrupted(call: () => number): number {
  for (;;) {
    const result = call();
    if (result !== -1 || lastErrno() !== ERRNO.EINTR) return result;
  }
}
