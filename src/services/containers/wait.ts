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
  if (condition === "removed")
    return { result: removed(parts, id, record.state.exitCode, signal).then(code) };
  const stands = condition === "not-running" && !isRunning(record) && record.state.status !== "restarting";
  if (stands) return { result: Promise.resolve(code(record.state.exitCode)) };
  const exit = parts.live.nextExit(id, signal);
  return { result: exit.then((status) => code(status?.exitCode ?? record.state.exitCode)) };
}

/** Exit code of the last run before the removal. */
async function removed(
  parts: ContainerParts,
  id: string,
  exitCodeBefore: number,
  signal: AbortSignal,
): Promise<number> {
  let exitCode = exitCodeBefore;
  const gone = parts.live.removal(id, signal);
  // Ends with the removal, which every exit waiter is told of, or with the waiter.
  const follow = async () => {
    for (let exit = await parts.live.nextExit(id, signal); exit; exit = await parts.live.nextExit(id, signal))
      exitCode = exit.exitCode;
  };
  await Promise.all([gone, follow()]);
  return exitCode;
}
