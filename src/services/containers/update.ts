import { conflict } from "../../base/errors.ts";
import type { ContainerUpdateRequest, HostConfig } from "../../spec/engine-api/mod.ts";
import { settleHostConfig } from "./create/settle-host-config.ts";
import {
  type ContainerParts,
  changeRecord,
  currentRecord,
  isRunning,
  publishContainerEvent,
} from "./parts.ts";

/** Fields of a container's host configuration that can change while it lives. */
const UPDATABLE = [
  "BlkioWeight",
  "CpuShares",
  "CpuPeriod",
  "CpuQuota",
  "CpuRealtimePeriod",
  "CpuRealtimeRuntime",
  "CpusetCpus",
  "CpusetMems",
  "Memory",
  "MemoryReservation",
  "MemorySwap",
  "NanoCpus",
  "PidsLimit",
] as const satisfies ReadonlyArray<keyof HostConfig>;

/** New limits and restart policy are stored and, for a running container, in force. Errors: invalidArgument, conflict. */
export async function updateContainer(
  parts: ContainerParts,
  id: string,
  request: ContainerUpdateRequest,
): Promise<{ readonly warnings: readonly string[] }> {
  using _turn = await parts.locks.acquire(id);
  const record = currentRecord(parts, id);
  if (record.state.status === "removing" || record.state.status === "dead") {
    throw conflict(`Cannot update container ${id}: container is marked for removal and cannot be "update"`);
  }
  const changes: Record<string, unknown> = {};
  for (const field of UPDATABLE) {
    const value = request[field];
    if (value !== undefined && value !== null && value !== 0 && value !== "") changes[field] = value;
  }
  if (request.RestartPolicy?.Name) changes["RestartPolicy"] = request.RestartPolicy;
  const wanted = { ...record.hostConfig, ...changes };
  const { hostConfig, warnings } = settleHostConfig(wanted, parts.defaults, parts.host);
  const task = parts.live.task(id);
  if (task && isRunning(record)) await task.update(parts.specs.resources(hostConfig));
  const updated = changeRecord(parts, id, () => ({ hostConfig }));
  publishContainerEvent(parts, updated, "update");
  return { warnings };
}
