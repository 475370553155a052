import { EngineError, kindOf, messageOf } from "../../../base/errors.ts";
import { formatRfc3339Nano, nowNs } from "../../../base/time.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { Task } from "../../../core/tasks/task-runtime.ts";
import { alreadyStarted, markedForRemoval, startPaused } from "../errors.ts";
import { beginHealthMonitor } from "../health/monitor.ts";
import { followLinks } from "../links/follow-links.ts";
import { checkLinkTargets, linkedPorts, withLinkEnvironment } from "../links/legacy-links.ts";
import { networkedContainer, serveContainerNames } from "../networks/networked.ts";
import { type ContainerParts, changeRecord, currentRecord, publishContainerEvent } from "../parts.ts";
import { removeContainerNow } from "../remove.ts";
import { superviseTask } from "./exit.ts";
import { exitCodeOfStartFailure } from "./exit-code.ts";
import { joinedNetworkOf, joinNamespaces } from "./joined-containers.ts";
import { prepareMounts } from "./prepare-mounts.ts";
import { releaseContainer } from "./release.ts";
import { makeWorkingDirectory } from "./working-directory.ts";
import { writeContainerFiles } from "./write-files.ts";

/**
 * The container's program runs.
 *
 * Order: root file system and volumes → endpoints stored → sandbox → task created → handle stored → links and ports →
 * clients attached → program started → state stored → event. After a crash before the handle is stored, start-up finds
 * the task by its bundle and removes it; after that it finds the task by the record and adopts it.
 * Errors: notModified (runs already), conflict, and what the steps throw with docker's texts.
 */
export async function startContainer(parts: ContainerParts, id: string): Promise<void> {
  using _turn = await parts.locks.acquire(id);
  const record = currentRecord(parts, id);
  switch (record.state.status) {
    case "running":
      throw alreadyStarted();
    case "paused":
      throw startPaused();
    case "removing":
    case "dead":
      throw markedForRemoval();
    default:
  }
  parts.live.cancelRestart(id);
  const fresh = changeRecord(parts, id, () => ({ manuallyStopped: false, restartCount: 0 }));
  await startUnderLock(parts, fresh);
}

/** As `startContainer` for who holds the container's lock; a restart keeps its count. */
export async function startUnderLock(parts: ContainerParts, record: ContainerRecord): Promise<void> {
  let task: Task | undefined;
  try {
    task = await createTask(parts, record);
    await task.start();
  } catch (error) {
    await undoStart(parts, record.id, task, error);
    throw error;
  }
  const started = changeRecord(parts, record.id, ({ state }) => ({
    startedOnce: true,
    state: {
      ...state,
      status: "running",
      pid: task.handle.process.pid,
      exitCode: 0,
      error: "",
      oomKilled: false,
      startedAt: formatRfc3339Nano(nowNs()),
    },
  }));
  parts.background.start("following links", () => followLinks(parts, started));
  beginHealthMonitor(parts, record.id);
  publishContainerEvent(parts, started, "start");
  superviseTask(parts, record.id, task);
}

async function createTask(parts: ContainerParts, stored: ContainerRecord): Promise<Task> {
  const record = takeJoinedHostname(parts, stored);
  checkLinkTargets(parts, record);
  const rootfs = await parts.rootfs.mount(record.id);
  makeWorkingDirectory(rootfs, record.config.WorkingDir);
  parts.logs.begin(record);
  const [mounts, joined, network] = await Promise.all([
    prepareMounts(parts, record),
    joinNamespaces(parts, record),
    prepareNetwork(parts, record).catch(networkFailed),
  ]);
  const files = await writeContainerFiles(parts, record);
  const spec = await parts.specs.build({
    record: withLinkEnvironment(parts, record),
    rootfs,
    networkNamespace: network.namespace,
    mounts,
    ...files,
    joined,
  });
  // The OCI runtime only needs the namespace to exist: links are made while it works.
  const [created, connected] = await Promise.allSettled([
    parts.runtime.create({
      containerId: record.id,
      runtime: record.hostConfig.Runtime ?? "",
      bundle: parts.paths.bundleDir(record.id),
      spec,
      tty: record.config.Tty ?? false,
      openStdin: record.config.OpenStdin ?? false,
      stdinOnce: record.config.StdinOnce ?? false,
      spoolPath: parts.logs.spoolPath(record),
    }),
    network.join().catch(networkFailed),
  ]);
  if (created.status === "rejected") throw created.reason;
  const task = created.value;
  parts.live.setTask(record.id, task);
  changeRecord(parts, record.id, () => ({ task: task.handle }));
  if (connected.status === "rejected") {
    await task.delete();
    throw connected.reason;
  }
  await parts.live.connectAttachers(record.id, task);
  return task;
}

interface PreparedNetwork {
  readonly namespace: string | undefined;
  join(): Promise<void>;
}

async function prepareNetwork(parts: ContainerParts, record: ContainerRecord): Promise<PreparedNetwork> {
  const mode = record.hostConfig.NetworkMode ?? "bridge";
  if (mode.startsWith("container:")) {
    const target = joinedNetworkOf(parts, record.id, mode);
    return { namespace: `/proc/${target.state.pid}/ns/net`, join: async () => {} };
  }
  if (mode === "host") return { namespace: undefined, join: async () => {} };
  await parts.networks.allocate({
    ...networkedContainer(record),
    reaches: linkedPorts(parts, record),
    mode,
    requested: record.requestedEndpoints,
  });
  const sandbox = await parts.networks.createSandbox(record.id);
  return {
    namespace: sandbox.path,
    join: async () => {
      await parts.networks.join(record.id, sandbox);
      await serveContainerNames(parts, record);
    },
  };
}

/** A container in another's network has the other's host name. */
function takeJoinedHostname(parts: ContainerParts, record: ContainerRecord): ContainerRecord {
  const mode = record.hostConfig.NetworkMode ?? "";
  if (!mode.startsWith("container:")) return record;
  const { Hostname } = joinedNetworkOf(parts, record.id, mode).config;
  return changeRecord(parts, record.id, ({ config }) => ({
    config: { ...config, Hostname: Hostname ?? "" },
  }));
}

function networkFailed(error: unknown): never {
  throw new EngineError(kindOf(error), `failed to set up container networking: ${messageOf(error)}`, {
    cause: error,
  });
}

/** Takes a failed start back; the container says why it does not run. */
async function undoStart(
  parts: ContainerParts,
  id: string,
  task: Task | undefined,
  error: unknown,
): Promise<void> {
  const exitCode = exitCodeOfStartFailure(error);
  parts.live.refuseAttachers(id, error);
  parts.logs.processEnded({ id });
  try {
    await (task ?? parts.live.task(id))?.delete();
    parts.live.setTask(id, undefined);
    await releaseContainer(parts, currentRecord(parts, id));
  } catch (failure) {
    parts.logger.error({ err: failure, container: id }, "cleaning up after a failed start");
  }
  const failed = changeRecord(parts, id, ({ state }) => ({
    task: undefined,
    state: {
      ...state,
      status: state.status === "restarting" ? "exited" : state.status,
      pid: 0,
      exitCode,
      error: messageOf(error),
      finishedAt: state.finishedAt,
    },
  }));
  if (failed.hostConfig.AutoRemove) await removeContainerNow(parts, failed, { volumes: true });
}
