import { isKind } from "../../../base/errors.ts";
import type { Task } from "../../../core/tasks/task-runtime.ts";
import { type ContainerParts, changeRecord, publishContainerEvent } from "../parts.ts";

/**
 * Tells of a running container's lack of memory as it happens, by state and event, until disposed. Only one that was started
 * with a limit is watched: any other tells at its end.
 */
export function watchMemory(parts: ContainerParts, id: string, task: Task): AsyncDisposable | undefined {
  if ((parts.store.get(id)?.hostConfig.Memory ?? 0) === 0) return undefined;
  const tell = () => {
    if (parts.live.task(id) !== task) return;
    const record = changeRecord(parts, id, ({ state }) => ({ state: { ...state, oomKilled: true } }));
    publishContainerEvent(parts, record, "oom");
  };
  try {
    return task.watchOom(tell);
  } catch (error) {
    // Its end, which is about to be heard of, says the same.
    if (isKind(error, "notFound")) return undefined;
    throw error;
  }
}
