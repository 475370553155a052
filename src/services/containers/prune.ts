import { invalidArgument } from "../../base/errors.ts";
import { type Filters, matchesLabels } from "../../base/filters.ts";
import { parseMoment } from "../../base/moment.ts";
import { parseRfc3339Nano } from "../../base/time.ts";
import type { ContainersPruneResponse } from "../../spec/engine-api/mod.ts";
import { type ContainerParts, isRunning } from "./parts.ts";
import { removeContainerNow } from "./remove.ts";

/** Ended containers are gone, those that the filters (`until`, `label`, `label!`) keep aside. Errors: invalidArgument. */
export async function pruneContainers(
  parts: ContainerParts,
  filters: Filters,
): Promise<ContainersPruneResponse> {
  const until = untilNs(filters);
  const deleted: string[] = [];
  let reclaimed = 0;
  for (const { id } of parts.store.list()) {
    using _turn = await parts.locks.acquire(id);
    const record = parts.store.get(id);
    if (!record || isRunning(record) || ["restarting", "removing"].includes(record.state.status)) continue;
    if (until !== undefined && (parseRfc3339Nano(record.createdAt) ?? 0n) > until) continue;
    if (!matchesLabels(filters, "label", record.config.Labels)) continue;
    if (filters.has("label!") && matchesLabels(filters, "label!", record.config.Labels)) continue;
    reclaimed += (await parts.rootfs.usage(id)).sizeBytes;
    await removeContainerNow(parts, record, { volumes: false });
    deleted.push(id);
  }
  parts.events.publish({
    type: "container",
    action: "prune",
    actor: { id: "", attributes: { reclaimed: String(reclaimed) } },
  });
  return { ContainersDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimed };
}

function untilNs(filters: Filters): bigint | undefined {
  const [text, ...more] = filters.get("until") ?? [];
  if (text === undefined) return undefined;
  if (more.length > 0) throw invalidArgument("more than one until filter specified");
  return parseMoment(text, Date.now());
}
