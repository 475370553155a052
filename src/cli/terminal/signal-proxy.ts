import { constants } from "node:os";

/** Sends the signals this process gets on, until disposed. The window's size and child exits are not for others. */
export function proxySignals(send: (signal: string) => Promise<void>): Disposable {
  const skip = new Set([
    "SIGKILL",
    "SIGSTOP",
    "SIGCHLD",
    "SIGWINCH",
    "SIGPIPE",
    "SIGURG",
    "SIGPROF",
    "SIGTTIN",
    "SIGTTOU",
    "SIGTSTP",
    "SIGCONT",
  ]);
  // These mean a fault of this process itself; a handler would only hide it.
  for (const own of [
    "SIGSEGV",
    "SIGILL",
    "SIGFPE",
    "SIGBUS",
    "SIGABRT",
    "SIGIOT",
    "SIGTRAP",
    "SIGSYS",
    "SIGVTALRM",
    "SIGPOLL",
    "SIGUNUSED",
    "SIGSTKFLT",
  ])
    skip.add(own);
  const handlers = new Map<NodeJS.Signals, () => void>();
  for (const name of Object.keys(constants.signals) as NodeJS.Signals[]) {
    if (skip.has(name)) continue;
    // A container that has just gone has no use for the signal.
    const handler = () => void send(name).catch(() => {});
    handlers.set(name, handler);
    process.on(name, handler);
  }
  return {
    [Symbol.dispose]: () => {
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}
