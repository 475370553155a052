import { EngineError, type ErrorKind } from "../../base/errors.ts";
import { SyscallError } from "../../os/linux/syscall-error.ts";
import type { SentError } from "./layer-job.ts";

/** An error in a form that can be sent to another thread. */
export function packError(error: unknown): SentError {
  return {
    message: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error ? error.stack : undefined,
    kind: error instanceof EngineError ? error.kind : undefined,
    system:
      error instanceof SyscallError
        ? { syscall: error.syscall, errno: error.errno, path: error.path }
        : undefined,
  };
}

/** The error that was sent, of the same class, kind and message. */
export function unpackError(sent: SentError): Error {
  const { kind, system, message, stack } = sent;
  if (system) return new SyscallError(system.syscall, system.errno, system.path);
  const cause = Object.assign(new Error(message), { stack });
  return kind === undefined ? cause : new EngineError(kind as ErrorKind, message, { cause });
}
