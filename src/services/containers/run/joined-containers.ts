import { conflict, EngineError, internal, invalidArgument, kindOf, messageOf } from "../../../base/errors.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import { findContainer } from "../find.ts";
import type { ContainerParts } from "../parts.ts";

const PREFIX = "container:";
const SHARED_MEMORY = "/dev/shm";

/** The container that a mode such as `container:web` names; undefined for any other mode. */
function namedIn(mode: string | undefined): string | undefined {
  return mode?.startsWith(PREFIX) ? mode.slice(PREFIX.length) : undefined;
}

/** The container whose network `record` is in, through however many that join one another. Errors: notFound. */
export function networkOwnerOf(parts: ContainerParts, record: ContainerRecord): ContainerRecord {
  // A name may have come to mean a container that joins this one.
  const seen = new Set<string>();
  let owner = record;
  let joined = namedIn(owner.hostConfig.NetworkMode);
  while (joined !== undefined && !seen.has(owner.id)) {
    seen.add(owner.id);
    owner = findContainer(parts.store, joined);
    joined = namedIn(owner.hostConfig.NetworkMode);
  }
  return owner;
}

/** The container whose network `id` joins. Errors: internal (none, itself, restarting), conflict (not running). */
export function joinedNetworkOf(parts: ContainerParts, id: string, mode: string): ContainerRecord {
  let target: ContainerRecord;
  try {
    target = findContainer(parts.store, namedIn(mode) ?? "");
  } catch (error) {
    // What is missing is not the container that was to be started.
    throw internal(`joining network namespace of container: ${messageOf(error)}`, { cause: error });
  }
  if (target.id === id) throw internal("cannot join own network namespace");
  const { status, pid } = target.state;
  if (status === "restarting") {
    throw internal(`cannot join network namespace of container: ${isRestarting(namedIn(mode) ?? "")}`);
  }
  if (pid === 0) {
    throw conflict(
      `cannot join network namespace of a non running container: container ${target.name} is ${status}`,
    );
  }
  return target;
}

const isRestarting = (name: string) => `Container ${name} is restarting, wait until the container is running`;

/** What a container shares with others beside the network. */
export interface JoinedNamespaces {
  /** Host process ids whose namespaces are joined. */
  readonly pids: { readonly ipc?: number; readonly pid?: number };
  /** Directory on the host to be seen as /dev/shm; undefined for one of the container's own. */
  readonly sharedMemory: string | undefined;
}

/**
 * The namespaces that `record` joins, and the memory that it shares or lends to others; that memory is mounted
 * afterwards until the container's side mounts are released. Errors: invalidArgument, conflict, internal with docker's texts.
 */
export async function joinNamespaces(
  parts: ContainerParts,
  record: ContainerRecord,
): Promise<JoinedNamespaces> {
  const { IpcMode: ipcMode, PidMode: pidMode } = record.hostConfig;
  const ipcTarget = namedIn(ipcMode);
  const pidTarget = namedIn(pidMode);
  const ipc = ipcTarget === undefined ? undefined : joining("IPC", () => ipcDonor(parts, ipcTarget));
  const pid = pidTarget === undefined ? undefined : joining("PID", () => runningTarget(parts, pidTarget));
  return {
    pids: { ...(ipc ? { ipc: ipc.record.state.pid } : {}), ...(pid ? { pid: pid.state.pid } : {}) },
    sharedMemory: ipc?.memory ?? (lendsMemory(record) ? await mountMemory(parts, record) : undefined),
  };
}

function joining<T>(what: "IPC" | "PID", find: () => T): T {
  try {
    return find();
  } catch (error) {
    // The container to be started is there: what is wrong is its configuration, or for docker, with PIDs, the system.
    const kind = kindOf(error) === "notFound" ? "invalidArgument" : kindOf(error);
    throw new EngineError(
      what === "PID" ? "internal" : kind,
      `failed to join ${what} namespace: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function runningTarget(parts: ContainerParts, name: string): ContainerRecord {
  const target = findContainer(parts.store, name);
  if (target.state.status === "restarting") throw conflict(isRestarting(name));
  if (target.state.pid === 0) throw conflict(`container ${name} is not running`);
  return target;
}

function ipcDonor(
  parts: ContainerParts,
  name: string,
): { readonly record: ContainerRecord; readonly memory: string } {
  const record = runningTarget(parts, name);
  const memory = memoryOf(parts, record);
  if (memory === undefined) {
    throw invalidArgument(
      `container ${name}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
    );
  }
  return { record, memory };
}

/** Whether others may join: unless the user put a mount of its own in the place. */
function lendsMemory({ hostConfig, mounts }: ContainerRecord): boolean {
  return (
    hostConfig.IpcMode === "shareable" && !mounts.some(({ destination }) => destination === SHARED_MEMORY)
  );
}

function memoryOf(parts: ContainerParts, record: ContainerRecord): string | undefined {
  const { IpcMode: mode } = record.hostConfig;
  if (mode === "host") return SHARED_MEMORY;
  const lender = namedIn(mode);
  if (lender !== undefined) return memoryOf(parts, findContainer(parts.store, lender));
  return lendsMemory(record) ? parts.sideMounts.memoryPath(record.id) : undefined;
}

async function mountMemory(parts: ContainerParts, record: ContainerRecord): Promise<string> {
  return await parts.sideMounts.mountMemory(
    record.id,
    record.hostConfig.ShmSize ?? parts.defaults.shmSizeBytes,
  );
}
