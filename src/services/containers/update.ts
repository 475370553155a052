import { existsSync } from "node:fs";
import { conflict, EngineError, kindOf, messageOf } from "../../base/errors.ts";
import type { ContainerUpdateRequest, HostConfig, Resources } from "../../spec/engine-api/mod.ts";
import { checkLimits, type HostChoice } from "./create/check-host-config.ts";
import { discardLimits } from "./create/discard-limits.ts";
import { completeDeviceLimits, normalizeRestartPolicy } from "./create/normalize-host-config.ts";
import {
  type ContainerParts,
  changeRecord,
  currentRecord,
  isRunning,
  publishContainerEvent,
} from "./parts.ts";

/** Limits that can change while a container lives; zero and empty leave them as they are. */
const PLAIN_LIMITS = [
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
] as const satisfies ReadonlyArray<keyof Resources>;

const RATES = [
  "BlkioDeviceReadBps",
  "BlkioDeviceWriteBps",
  "BlkioDeviceReadIOps",
  "BlkioDeviceWriteIOps",
] as const satisfies ReadonlyArray<keyof Resources>;

/** Limits of single block devices; an empty list takes them away, `null` leaves them as they are. */
const DEVICE_LIMITS = ["BlkioWeightDevice", ...RATES] as const;

/**
 * More than any device does, in bytes as well as, cut to the kernel's 32 bits, in operations. Zero means no limit with
 * control groups of version 1 and is refused by version 2.
 */
const NO_RATE_LIMIT = Number.MAX_SAFE_INTEGER;

/**
 * New limits and restart policy are stored and, for a running container, in force. Errors: invalidArgument, conflict,
 * internal (the kernel refuses the limit: nothing is stored).
 */
export async function updateContainer(
  parts: ContainerParts,
  id: string,
  request: ContainerUpdateRequest,
): Promise<{ readonly warnings: readonly string[] }> {
  const { limits, warnings } = settleLimits(request, parts.host);
  const policy = request.RestartPolicy?.Name ? normalizeRestartPolicy(request.RestartPolicy) : undefined;
  using _turn = await parts.locks.acquire(id);
  const record = currentRecord(parts, id);
  const refusal =
    record.state.status === "removing" || record.state.status === "dead"
      ? 'container is marked for removal and cannot be "update"'
      : findConflict(record.hostConfig, { ...limits, ...(policy && { RestartPolicy: policy }) });
  if (refusal !== undefined) throw conflict(`Cannot update container ${id}: ${refusal}`);
  const hostConfig = { ...record.hostConfig, ...limits, ...(policy && { RestartPolicy: policy }) };
  const task = parts.live.task(id);
  if (task && isRunning(record) && Object.keys(limits).length > 0) {
    const inForce = { ...hostConfig, ...releaseDevices(record.hostConfig, limits) };
    try {
      await task.update(parts.specs.resources(inForce));
    } catch (error) {
      const message = `Cannot update container ${id}: ${messageOf(error)}`;
      throw new EngineError(kindOf(error), message, { cause: error });
    }
  }
  const updated = changeRecord(parts, id, () => ({ hostConfig }));
  publishContainerEvent(parts, updated, "update");
  return { warnings };
}

/** What of the request changes anything on this host, and docker's words on what does not. */
function settleLimits(
  request: ContainerUpdateRequest,
  host: HostChoice,
): { readonly limits: Resources; readonly warnings: readonly string[] } {
  const { RestartPolicy: _policy, ...resources } = request;
  const { hostConfig: kept, warnings } = discardLimits(
    { ...resources, ...completeDeviceLimits(request) },
    host.limits,
  );
  checkLimits(kept, host);
  const limits: Record<string, unknown> = {};
  for (const field of PLAIN_LIMITS) if (kept[field]) limits[field] = kept[field];
  for (const field of DEVICE_LIMITS) if (request[field]) limits[field] = kept[field];
  if (typeof kept.PidsLimit === "number") limits["PidsLimit"] = kept.PidsLimit;
  return { limits, warnings };
}

/** Why a container with limits `before` cannot have `changes`: docker's words, undefined where it can. */
function findConflict(before: HostConfig, changes: HostConfig): string | undefined {
  const set = (config: HostConfig, field: "NanoCpus" | "CpuPeriod" | "CpuQuota") => (config[field] ?? 0) > 0;
  const exclusive = [
    ["NanoCpus", "CpuPeriod", "Nano CPUs cannot be updated as CPU Period has already been set"],
    ["NanoCpus", "CpuQuota", "Nano CPUs cannot be updated as CPU Quota has already been set"],
    ["CpuPeriod", "NanoCpus", "CPU Period cannot be updated as NanoCPUs has already been set"],
    ["CpuQuota", "NanoCpus", "CPU Quota cannot be updated as NanoCPUs has already been set"],
  ] as const;
  for (const [wanted, present, text] of exclusive) {
    if (set(changes, wanted) && set(before, present)) return `Conflicting options: ${text}`;
  }
  if ((changes.Memory ?? 0) > (before.MemorySwap ?? 0) && changes.Memory && !changes.MemorySwap) {
    return "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time";
  }
  if (before.AutoRemove && changes.RestartPolicy && changes.RestartPolicy.Name !== "no") {
    return "Restart policy cannot be updated because AutoRemove is enabled for the container";
  }
  return undefined;
}

/** The new limits of devices, with none for the devices that had one: the kernel keeps what nobody takes away. */
function releaseDevices(before: HostConfig, changes: Resources): Resources {
  const released: Resources = {};
  const { BlkioWeightDevice: weights } = changes;
  if (weights) {
    const former = formerDevices(before.BlkioWeightDevice, weights);
    released.BlkioWeightDevice = [...weights, ...former.map((Path) => ({ Path, Weight: 0 }))];
  }
  for (const field of RATES) {
    const rates = changes[field];
    if (!rates) continue;
    const former = formerDevices(before[field], rates);
    released[field] = [...rates, ...former.map((Path) => ({ Path, Rate: NO_RATE_LIMIT }))];
  }
  return released;
}

type Device = { readonly Path: string };

/** Paths of devices that have a limit no longer; of one that is not there the kernel has forgotten it. */
function formerDevices(before: readonly Device[] | null | undefined, now: readonly Device[]): string[] {
  const paths = (before ?? []).map((device) => device.Path);
  return paths.filter((path) => !now.some((device) => device.Path === path) && existsSync(path));
}
