import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { Task } from "../../../core/tasks/task-runtime.ts";
import type { ContainerParts } from "../parts.ts";
import { releaseMounts } from "./prepare-mounts.ts";

/**
 * Nothing of a container's running form is left: the ended task, links, ports, namespace, volumes, root file system.
 * Every step runs, whatever the others do; the first failure is thrown. Idempotent.
 */
export async function releaseContainer(
  parts: ContainerParts,
  record: ContainerRecord,
  task?: Task,
): Promise<void> {
  const results = await Promise.allSettled([
    task?.delete(),
    parts.networks.release(record.id),
    parts.rootfs.unmount(record.id).then(() => releaseMounts(parts, record)),
  ]);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
