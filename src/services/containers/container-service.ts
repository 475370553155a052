import type { Filters } from "../../base/filters.ts";
import type { AttachSession, ContainerLogs } from "../../core/containers/streams.ts";
import type { TerminalSize } from "../../core/tasks/task-runtime.ts";
import type {
  ContainerInspectResponse,
  ContainerStatsResponse,
  ContainerSummary,
  ContainersPruneResponse,
  ContainerTopResponse,
  ContainerUpdateRequest,
  ContainerWaitResponse,
  EndpointSettings,
  ExecCreateRequest,
  ExecInspectResponse,
  FilesystemChange,
  PathStat,
  WaitCondition,
} from "../../spec/engine-api/mod.ts";
import { getContainerArchive } from "./archive/get-archive.ts";
import { type PutArchiveOptions, putContainerArchive } from "./archive/put-archive.ts";
import { type NamedContainer, statContainerPath } from "./archive/stat-path.ts";
import { type AttachOptions, attachContainer } from "./attach.ts";
import { type CommitOptions, commitContainer } from "./commit.ts";
import { type CreateInput, createContainer } from "./create/create.ts";
import { notRunning } from "./errors.ts";
import {
  checkExecStart,
  createExec,
  type ExecStartOptions,
  inspectExec,
  resizeExec,
  startExecAttached,
  startExecDetached,
} from "./exec/exec.ts";
import { exportContainer } from "./export.ts";
import { findContainer } from "./find.ts";
import { removeLink } from "./links/remove-link.ts";
import { type LogsOptions, readLogs } from "./logs.ts";
import { inspectContainer } from "./look/inspect.ts";
import { type ListOptions, listContainers } from "./look/list.ts";
import { withoutMountPoints } from "./mount-points.ts";
import { connectContainer, disconnectContainer } from "./networks/connect.ts";
import { type ContainerParts, currentRecord, publishContainerEvent } from "./parts.ts";
import { pruneContainers } from "./prune.ts";
import { removeContainer } from "./remove.ts";
import { renameContainer } from "./rename.ts";
import { restoreContainers } from "./restore.ts";
import { startContainer } from "./run/start.ts";
import {
  killContainer,
  pauseContainer,
  restartContainer,
  type StopOptions,
  stopAllContainers,
  stopContainer,
  unpauseContainer,
} from "./run/stop.ts";
import { readStats, type StatsOptions } from "./stats/stats.ts";
import { listProcesses } from "./top.ts";
import { updateContainer } from "./update.ts";
import { waitForContainer } from "./wait.ts";

/** Containers by id, name or id prefix: one method a verb, each in a file of its own. */
export class ContainerService {
  readonly #parts: ContainerParts;

  constructor(parts: ContainerParts) {
    this.#parts = parts;
  }

  /** Brings records and reality to agreement. Called once, before anything else. */
  restore(): Promise<void> {
    return restoreContainers(this.#parts);
  }

  /** Nothing starts by itself any more; running containers go on. */
  close(): void {
    this.#parts.live.endRestarts();
    this.#parts.health.endAll();
  }

  /** No container runs any more, and none is started again by this engine. */
  async stopAll(options: { readonly timeoutSeconds: number }): Promise<void> {
    await stopAllContainers(this.#parts, options);
  }

  async list(options: ListOptions): Promise<ContainerSummary[]> {
    return await listContainers(this.#parts, options);
  }

  async create(input: CreateInput): Promise<{ readonly id: string; readonly warnings: readonly string[] }> {
    return await createContainer(this.#parts, input);
  }

  async inspect(idOrName: string, options: { readonly size: boolean }): Promise<ContainerInspectResponse> {
    return await inspectContainer(this.#parts, this.#id(idOrName), options);
  }

  async logs(idOrName: string, options: LogsOptions): Promise<ContainerLogs> {
    return await readLogs(this.#parts, this.#id(idOrName), options);
  }

  async changes(idOrName: string): Promise<FilesystemChange[]> {
    const kinds = { modified: 0, added: 1, deleted: 2 } as const;
    const changes = withoutMountPoints(await this.#parts.rootfs.changes(this.#id(idOrName)));
    return changes.map(({ path, kind }) => ({ Path: path, Kind: kinds[kind] }));
  }

  async resize(idOrName: string, size: TerminalSize): Promise<void> {
    const id = this.#id(idOrName);
    const task = this.#parts.live.task(id);
    if (!task) throw notRunning(id);
    await task.resize(size);
    const attributes = { height: String(size.rows), width: String(size.columns) };
    publishContainerEvent(this.#parts, currentRecord(this.#parts, id), "resize", attributes);
  }

  async start(idOrName: string): Promise<void> {
    await startContainer(this.#parts, this.#id(idOrName));
  }

  async stop(idOrName: string, options: StopOptions): Promise<void> {
    await stopContainer(this.#parts, this.#id(idOrName), options);
  }

  async restart(idOrName: string, options: StopOptions): Promise<void> {
    await restartContainer(this.#parts, this.#id(idOrName), options);
  }

  async kill(idOrName: string, signal: string): Promise<void> {
    await killContainer(this.#parts, this.#id(idOrName), signal);
  }

  async update(
    idOrName: string,
    request: ContainerUpdateRequest,
  ): Promise<{ readonly warnings: readonly string[] }> {
    return await updateContainer(this.#parts, this.#id(idOrName), request);
  }

  async rename(idOrName: string, name: string): Promise<void> {
    await renameContainer(this.#parts, this.#id(idOrName), name);
  }

  async pause(idOrName: string): Promise<void> {
    await pauseContainer(this.#parts, this.#id(idOrName));
  }

  async unpause(idOrName: string): Promise<void> {
    await unpauseContainer(this.#parts, this.#id(idOrName));
  }

  async attach(idOrName: string, options: AttachOptions): Promise<AttachSession> {
    return await attachContainer(this.#parts, this.#named(idOrName), options);
  }

  async wait(
    idOrName: string,
    condition: WaitCondition,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly result: Promise<ContainerWaitResponse> }> {
    return waitForContainer(this.#parts, this.#id(idOrName), condition, options.signal);
  }

  async remove(
    idOrName: string,
    options: { readonly force: boolean; readonly volumes: boolean; readonly link: boolean },
  ): Promise<void> {
    if (options.link) await removeLink(this.#parts, idOrName);
    else await removeContainer(this.#parts, this.#id(idOrName), options);
  }

  async prune(filters: Filters): Promise<ContainersPruneResponse> {
    return await pruneContainers(this.#parts, filters);
  }

  async createExec(idOrName: string, request: ExecCreateRequest): Promise<{ readonly id: string }> {
    return createExec(this.#parts, this.#named(idOrName), request);
  }

  async checkExecStart(id: string): Promise<void> {
    checkExecStart(this.#parts, id);
  }

  async startExecDetached(id: string, options: ExecStartOptions): Promise<void> {
    await startExecDetached(this.#parts, id, options);
  }

  async startExecAttached(id: string, options: ExecStartOptions): Promise<AttachSession> {
    return await startExecAttached(this.#parts, id, options);
  }

  async resizeExec(id: string, size: TerminalSize): Promise<void> {
    await resizeExec(this.#parts, id, size);
  }

  async inspectExec(id: string): Promise<ExecInspectResponse> {
    return inspectExec(this.#parts, id);
  }

  async top(idOrName: string, psArgs: string): Promise<ContainerTopResponse> {
    return await listProcesses(this.#parts, this.#id(idOrName), psArgs);
  }

  async stats(idOrName: string, options: StatsOptions): Promise<AsyncIterable<ContainerStatsResponse>> {
    return await readStats(this.#parts, this.#id(idOrName), options);
  }

  async export(
    idOrName: string,
    options: { readonly signal: AbortSignal },
  ): Promise<AsyncIterable<Uint8Array>> {
    return await exportContainer(this.#parts, this.#id(idOrName), options);
  }

  /** An image of what the container is now. */
  async commit(
    options: CommitOptions & { readonly containerIdOrName: string },
  ): Promise<{ readonly id: string }> {
    return await commitContainer(this.#parts, this.#id(options.containerIdOrName), options);
  }

  async statPath(idOrName: string, path: string): Promise<PathStat> {
    return await statContainerPath(this.#parts, this.#named(idOrName), path);
  }

  async getArchive(
    idOrName: string,
    path: string,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly stat: PathStat; readonly tar: AsyncIterable<Uint8Array> }> {
    return await getContainerArchive(this.#parts, this.#named(idOrName), path, options);
  }

  async putArchive(
    idOrName: string,
    path: string,
    tar: AsyncIterable<Uint8Array>,
    options: PutArchiveOptions,
  ): Promise<void> {
    await putContainerArchive(this.#parts, this.#named(idOrName), path, tar, options);
  }

  async connect(idOrName: string, network: string, settings: EndpointSettings): Promise<void> {
    await connectContainer(this.#parts, this.#id(idOrName), network, settings);
  }

  async disconnect(idOrName: string, network: string): Promise<void> {
    await disconnectContainer(this.#parts, this.#id(idOrName), network);
  }

  #named(idOrName: string): NamedContainer {
    return { id: this.#id(idOrName), name: idOrName };
  }

  #id(idOrName: string): string {
    return findContainer(this.#parts.store, idOrName).id;
  }
}
