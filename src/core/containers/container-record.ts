import type { Digest } from "../../base/digest.ts";
import { ZERO_TIME } from "../../base/time.ts";
import type {
  ContainerConfig,
  ContainerStatus,
  EndpointSettings,
  HealthState,
  HostConfig,
} from "../../spec/engine-api/mod.ts";
import type { TaskHandle } from "../tasks/task-runtime.ts";
import type { ContainerMount } from "./container-mount.ts";

/** Where a container stands in its life. Times are RFC 3339 with nanoseconds; the zero time where it has not come. */
export interface ContainerState {
  readonly status: ContainerStatus;
  /** Process id of PID 1 as the host sees it; 0 where there is none. */
  readonly pid: number;
  readonly exitCode: number;
  readonly error: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly oomKilled: boolean;
  readonly health?: HealthState;
}

/**
 * A container as it is stored. What the user asked for is kept in the API's own shape (`config`, `hostConfig`), so that
 * nothing of it is lost on the way back; what the engine made of it is beside it.
 *
 * Records are immutable values: a change is a new record put into the store.
 */
export interface ContainerRecord {
  readonly id: string;
  /** Name without the leading slash. */
  readonly name: string;
  /** RFC 3339 with nanoseconds. */
  readonly createdAt: string;
  readonly imageId: Digest;
  /** Manifest the image was run from, for `ImageManifestDescriptor`. */
  readonly imageManifest: Digest | undefined;
  /** Program and arguments after entrypoint and command were joined. */
  readonly path: string;
  readonly args: readonly string[];
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  /** Endpoint settings as asked for, by network name as given. */
  readonly requestedEndpoints: Readonly<Record<string, EndpointSettings>>;
  readonly platform: string;
  /** Snapshotter that holds the root file system; the snapshot's key is the container's id. */
  readonly storageDriver: string;
  /** Mounts with their resolved sources, sorted so that a parent comes before what is mounted inside it. */
  readonly mounts: readonly ContainerMount[];
  readonly state: ContainerState;
  readonly restartCount: number;
  /** The user stopped it: restart policies other than `always` leave it alone. */
  readonly manuallyStopped: boolean;
  readonly startedOnce: boolean;
  /** The running form while there is one: what a restarted daemon re-adopts it by. */
  readonly task: TaskHandle | undefined;
}

/** What starting a container changes of its record, as it is before the first start. */
export const NEVER_STARTED = {
  state: {
    status: "created",
    pid: 0,
    exitCode: 0,
    error: "",
    startedAt: ZERO_TIME,
    finishedAt: ZERO_TIME,
    oomKilled: false,
  },
  restartCount: 0,
  manuallyStopped: false,
  startedOnce: false,
  task: undefined,
} as const satisfies Partial<ContainerRecord>;

/**
 * Records of containers. Transactional and synchronous: when a method returns, the change survives a crash.
 * Names are unique; look-ups return shared, frozen records.
 */
export interface ContainerStore {
  /** Adds a record. Errors: alreadyExists where the id or the name is taken. */
  add(record: ContainerRecord): void;
  /** Replaces the record with the same id. Errors: notFound; alreadyExists where the new name is taken. */
  update(record: ContainerRecord): void;
  get(id: string): ContainerRecord | undefined;
  getByName(name: string): ContainerRecord | undefined;
  /** Records whose id begins with `prefix`; two at the most (enough to see that it is ambiguous). */
  findByIdPrefix(prefix: string): ContainerRecord[];
  /** All records, newest first. */
  list(): ContainerRecord[];
  /** Idempotent. */
  remove(id: string): void;
}
