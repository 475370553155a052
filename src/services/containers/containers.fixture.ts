import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeyedMutex } from "../../base/async.ts";
import { BackgroundWork } from "../../base/background-work.ts";
import { canceled } from "../../base/errors.ts";
import { silentLogger } from "../../base/logger.ts";
import { formatRfc3339Nano } from "../../base/time.ts";
import { sampleContainer } from "../../core/containers/container-record.fixture.ts";
import type { ContainerRecord } from "../../core/containers/container-record.ts";
import type { EngineEvent } from "../../core/events/event-log.ts";
import type { SnapshotChange } from "../../core/snapshots/snapshotter.ts";
import type { Task, TaskHandle } from "../../core/tasks/task-runtime.ts";
import { LayerWorkers, mountSnapshot, unmountSnapshot } from "../../drivers/layers/mod.ts";
import { SqliteContainerStore } from "../../state/mod.ts";
import { TemporaryState } from "../../state/state.fixture.ts";
import { ExecRegistry } from "./exec/exec-registry.ts";
import { HealthMonitors } from "./health/health-monitors.ts";
import type { ContainerParts } from "./parts.ts";
import { RootFilesystems } from "./rootfs.ts";
import { LiveContainers } from "./run/live-containers.ts";
import { SideMounts } from "./run/side-mounts.ts";
import type { Timers } from "./timers.ts";

interface Wait {
  readonly atNs: bigint;
  readonly resolve: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualTimers implements Timers {
  #nowNs = 1_700_000_000_000_000_000n;
  readonly #waits = new Set<Wait>();
  #arrival = Promise.withResolvers<void>();

  nowNs(): bigint {
    return this.#nowNs;
  }

  /** Waits that have not ended. */
  get pending(): number {
    return this.#waits.size;
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw canceled("context canceled");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const wait = { atNs: this.#nowNs + BigInt(Math.round(ms * 1e6)), resolve };
    const onAbort = () => reject(canceled("context canceled"));
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waits.add(wait);
    this.#arrival.resolve();
    try {
      await promise;
    } finally {
      this.#waits.delete(wait);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Moves the clock, once that ends somebody's wait. */
  async advance(ms: number): Promise<void> {
    const untilNs = this.#nowNs + BigInt(Math.round(ms * 1e6));
    const ending = () => [...this.#waits].filter(({ atNs }) => atNs <= untilNs);
    while (ending().length === 0) {
      await this.#arrival.promise;
      this.#arrival = Promise.withResolvers();
    }
    this.#nowNs = untilNs;
    for (const wait of ending()) wait.resolve();
  }
}

/** Container parts over a real store in a folder of its own; a container's snapshot is the folder `snapshots/ID`. */
export class ContainersFixture implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "gantry-containers-"));
  readonly timers: ManualTimers = new ManualTimers();
  readonly events: EngineEvent[] = [];
  /** What every container has changed. */
  changes: SnapshotChange[] = [];
  readonly parts: ContainerParts;
  readonly #state = new TemporaryState();
  readonly #workers = new LayerWorkers({ maxWorkers: 2 });

  constructor(overrides: Partial<ContainerParts> = {}) {
    const snapshotter = {
      name: "folders",
      mounts: async (key: string) => [
        { type: "bind" as const, source: this.snapshotOf(key), readOnly: false },
      ],
      directories: async () => undefined,
      changes: async () => this.changes,
    };
    mkdirSync(join(this.folder, "rootfs"));
    // Whatever a test's verb needs beyond these it supplies itself.
    this.parts = {
      store: new SqliteContainerStore(this.#state.database),
      rootfs: new RootFilesystems(
        snapshotter as never,
        { mount: mountSnapshot, unmount: unmountSnapshot },
        join(this.folder, "rootfs"),
      ),
      sideMounts: new SideMounts(join(this.folder, "mounts"), snapshotter as never, {
        mount: mountSnapshot,
        unmount: unmountSnapshot,
      }),
      volumes: { mount: async (name: string) => this.volumeOf(name), unmount: async () => {} },
      events: { publish: (event: EngineEvent) => void this.events.push(event) },
      live: new LiveContainers(),
      execs: new ExecRegistry(),
      health: new HealthMonitors(),
      timers: this.timers,
      workers: this.#workers,
      background: new BackgroundWork(silentLogger),
      locks: new KeyedMutex(),
      logger: silentLogger,
      ...overrides,
    } as unknown as ContainerParts;
  }

  get actions(): string[] {
    return this.events.map(({ action }) => action);
  }

  snapshotOf(id: string): string {
    return join(this.folder, "snapshots", id);
  }

  volumeOf(name: string): string {
    return join(this.folder, "volumes", name);
  }

  /** A stored container that does not run. */
  add(changes: Partial<ContainerRecord> = {}): ContainerRecord {
    const record = sampleContainer({
      createdAt: formatRfc3339Nano(this.timers.nowNs()),
      storageDriver: "folders",
      ...changes,
    });
    mkdirSync(this.snapshotOf(record.id), { recursive: true });
    this.parts.store.add(record);
    return record;
  }

  /** The container runs as `task`. */
  run(id: string, task: Partial<Task> & { readonly handle: TaskHandle }): void {
    const record = this.parts.store.get(id)!;
    const startedAt = formatRfc3339Nano(this.timers.nowNs());
    const state = { ...record.state, status: "running" as const, pid: task.handle.process.pid, startedAt };
    this.parts.store.update({ ...record, state });
    const bundle = join(this.folder, "bundles", id);
    mkdirSync(bundle, { recursive: true });
    writeFileSync(join(bundle, "config.json"), JSON.stringify({ process: { args: [], cwd: "/" } }));
    this.parts.live.setTask(id, { ...task, handle: { ...task.handle, bundle } } as Task);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.parts.health.endAll();
    await this.#workers.close();
    this.#state[Symbol.dispose]();
    rmSync(this.folder, { recursive: true });
  }
}

/** A handle of the process `pid`. */
export function handleOf(containerId: string, pid: number, startTicks = 0): TaskHandle {
  return {
    containerId,
    runtime: "crun",
    bundle: "/nowhere",
    monitor: { pid: 0, startTicks: 0 },
    process: { pid, startTicks },
    cgroupPath: "/nowhere",
    tty: false,
    stdinOpen: false,
    stdinOnce: false,
  };
}
