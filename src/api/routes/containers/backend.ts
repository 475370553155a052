import type { Filters } from "../../../base/filters.ts";
import type { AttachSession, ContainerLogs } from "../../../core/containers/streams.ts";
import type { TerminalSize } from "../../../core/tasks/task-runtime.ts";
import type {
  ContainerCreateRequest,
  ContainerInspectResponse,
  ContainerStatsResponse,
  ContainerSummary,
  ContainersPruneResponse,
  ContainerTopResponse,
  ContainerUpdateRequest,
  ContainerWaitResponse,
  FilesystemChange,
  OCIPlatform,
  PathStat,
  WaitCondition,
} from "../../../spec/engine-api/mod.ts";

export interface ContainerListOptions {
  /** Ended containers too. */
  readonly all: boolean;
  /** The newest so many, ended ones included; 0 for no limit. */
  readonly limit: number;
  /** Fills `SizeRw` and `SizeRootFs`. */
  readonly size: boolean;
  readonly filters: Filters;
}

export interface ContainerCreateInput {
  /** Without a leading slash; empty for a name of the engine's choice. */
  readonly name: string;
  readonly platform: OCIPlatform | undefined;
  /** In the shape of the newest API version, whatever version the client spoke. */
  readonly request: ContainerCreateRequest;
  /** Read-only `Binds`, which cannot say it themselves, leave what is mounted below them writable. */
  readonly readOnlyBindsAreFlat: boolean;
}

export interface AttachOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Output from now on; without it the session ends after the logs. */
  readonly stream: boolean;
  /** What was written before, first. */
  readonly logs: boolean;
  /** Keys that end the session, as `ctrl-p,ctrl-q`; empty for the engine's default. Errors: invalidArgument. */
  readonly detachKeys: string;
  readonly signal: AbortSignal;
}

export interface ContainerLogsOptions {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly follow: boolean;
  readonly sinceNs: bigint | undefined;
  readonly untilNs: bigint | undefined;
  /** Last lines only; undefined for all. */
  readonly tail: number | undefined;
  /** Fills `attributes` of the entries. */
  readonly details: boolean;
  readonly signal: AbortSignal;
}

export interface StatsOptions {
  /** A sample a second until the container is removed; one sample otherwise. */
  readonly stream: boolean;
  /** Do not wait for the second reading that fills `precpu_stats`. */
  readonly oneShot: boolean;
  readonly signal: AbortSignal;
}

export interface StopOptions {
  /** Name or number; undefined for the container's own stop signal. */
  readonly signal: string | undefined;
  /** Time until the kill; -1 waits for ever; undefined for the container's own. */
  readonly timeoutSeconds: number | undefined;
}

export interface PutArchiveOptions {
  /** Refuse to replace a directory by a file or a file by a directory. */
  readonly noOverwriteDirNonDir: boolean;
  /** Give what is extracted the container user's ids. */
  readonly copyUidGid: boolean;
  readonly signal: AbortSignal;
}

/**
 * What the container routes ask of the engine. Containers are named by id, id prefix or name (with or without a
 * leading slash). Answers have the newest API version's shape; the routes turn them into older ones.
 *
 * Common errors: notFound (`No such container: …`), conflict, invalidArgument. A rejected promise becomes the status of
 * the answer; what an iterable throws later can only end the stream.
 */
export interface ContainersBackend {
  list(options: ContainerListOptions): Promise<ContainerSummary[]>;
  create(input: ContainerCreateInput): Promise<{ readonly id: string; readonly warnings: readonly string[] }>;
  /** `Config.MacAddress` is the address that was asked for on the main network, if any: versions before 1.52 show it. */
  inspect(idOrName: string, options: { readonly size: boolean }): Promise<ContainerInspectResponse>;
  /** `psArgs` is split at white space as a shell would not: no quoting. */
  top(idOrName: string, psArgs: string): Promise<ContainerTopResponse>;
  /** Resolves when the container was found and the options make sense. */
  logs(idOrName: string, options: ContainerLogsOptions): Promise<ContainerLogs>;
  changes(idOrName: string): Promise<FilesystemChange[]>;
  /** The root file system as a tar. */
  export(idOrName: string, options: { readonly signal: AbortSignal }): Promise<AsyncIterable<Uint8Array>>;
  stats(idOrName: string, options: StatsOptions): Promise<AsyncIterable<ContainerStatsResponse>>;
  resize(idOrName: string, size: TerminalSize): Promise<void>;
  /** Errors: notModified where it runs already. */
  start(idOrName: string): Promise<void>;
  /** Errors: notModified where it does not run. */
  stop(idOrName: string, options: StopOptions): Promise<void>;
  restart(idOrName: string, options: StopOptions): Promise<void>;
  /** `signal` is a name (`SIGTERM`, `TERM`) or a number; empty for SIGKILL. */
  kill(idOrName: string, signal: string): Promise<void>;
  update(
    idOrName: string,
    request: ContainerUpdateRequest,
  ): Promise<{ readonly warnings: readonly string[] }>;
  rename(idOrName: string, name: string): Promise<void>;
  pause(idOrName: string): Promise<void>;
  unpause(idOrName: string): Promise<void>;
  /** Only the streams asked for come out of the session; without `stdin` nothing is written to it. */
  attach(idOrName: string, options: AttachOptions): Promise<AttachSession>;
  /**
   * Resolves when the container was found and is being watched: an exit after that moment is not missed. `result`
   * resolves when the condition holds and rejects with `canceled` when the signal is aborted.
   */
  wait(
    idOrName: string,
    condition: WaitCondition,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly result: Promise<ContainerWaitResponse> }>;
  remove(
    idOrName: string,
    options: { readonly force: boolean; readonly volumes: boolean; readonly link: boolean },
  ): Promise<void>;
  statPath(idOrName: string, path: string): Promise<PathStat>;
  /** A file or tree of the container as a tar, its root named by the last element of `path`. */
  getArchive(
    idOrName: string,
    path: string,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly stat: PathStat; readonly tar: AsyncIterable<Uint8Array> }>;
  /** Extracts a tar (plain, or compressed with gzip, bzip2, xz or zstd) into the directory `path`. */
  putArchive(
    idOrName: string,
    path: string,
    tar: AsyncIterable<Uint8Array>,
    options: PutArchiveOptions,
  ): Promise<void>;
  prune(filters: Filters): Promise<ContainersPruneResponse>;
}
