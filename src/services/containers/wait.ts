import { canceled } from "../../base/errors.ts";
import type { ExitStatus } from "../../core/tasks/task-runtime.ts";
import type { ContainerWaitResponse, WaitCondition } from "../../spec/engine-api/mod.ts";
import { type ContainerParts, currentRecord, isRunning } from "./parts.ts";

/**
 * Watches a container: an exit or removal after this call is not missed. `result` rejects with `canceled` when the
 * signal is aborted.
 */
export function waitForContainer(
  parts: ContainerParts,
  id: string,
  condition: WaitCondition,
  signal: AbortSignal,
): { readonly result: Promise<ContainerWaitResponse> } {
  const record = currentRecord(parts, id);
  const code = (exitCode: number): ContainerWaitResponse => ({ StatusCode: exitCode });
  if (condition === "removed") {
    return { result: abortable(removed(parts, id, record.state.exitCode), signal).then(code) };
  }
  const stands = condition === "not-running" && !isRunning(record) && record.state.status !== "restarting";
  if (stands) return { result: Promise.resolve(code(record.state.exitCode)) };
  return { result: abortable(parts.live.nextExit(id), signal).then(({ exitCode }) => code(exitCode)) };
}

/** Exit code of the last run before the removal. */
async function removed(parts: ContainerParts, id: string, exitCodeBefore: number): Promise<number> {
  let last: ExitStatus | undefined;
  const follow = (): void => {
    parts.live.nextExit(id).then((status) => {
      last = status;
      if (parts.store.get(id)) follow();
    });
  };
  follow();
  await parts.live.removal(id);
  return last?.exitCode ?? exitCodeBefore;
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(canceled("context canceled"));
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
