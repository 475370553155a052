import type { ExitStatus, Task, TaskAttachment } from "../../../core/tasks/task-runtime.ts";

type Connect = (attachment: Promise<TaskAttachment>) => void;

/** The part of a container that is not stored: its task, and who waits for what. */
class LiveContainer {
  task: Task | undefined;
  readonly attachers = new Set<Connect>();
  exits: PromiseWithResolvers<ExitStatus> | undefined;
  removal: PromiseWithResolvers<void> | undefined;
  restartTimer: AbortController | undefined;
}

/** Tasks by container, clients that attached before there was one, and waiters for exits and removals. */
export class LiveContainers {
  readonly #byId = new Map<string, LiveContainer>();

  task(id: string): Task | undefined {
    return this.#byId.get(id)?.task;
  }

  setTask(id: string, task: Task | undefined): void {
    this.#of(id).task = task;
  }

  /** Calls `connect` with an attachment when the container's next task is made, before it runs. */
  attachNext(id: string, connect: Connect): Disposable {
    const { attachers } = this.#of(id);
    attachers.add(connect);
    return { [Symbol.dispose]: () => void attachers.delete(connect) };
  }

  /** Attaches everyone who waited for this task. Resolves when all of them are connected or have failed. */
  async connectAttachers(id: string, task: Task): Promise<void> {
    const { attachers } = this.#of(id);
    const waiting = [...attachers];
    attachers.clear();
    await Promise.allSettled(
      waiting.map((connect) => {
        const attachment = task.attach();
        connect(attachment);
        return attachment;
      }),
    );
  }

  /** Tells everyone who waits for the next task that there will be none. */
  refuseAttachers(id: string, reason: unknown): void {
    const live = this.#byId.get(id);
    if (!live) return;
    for (const connect of live.attachers) {
      const refused = Promise.reject(reason);
      // Whoever waits handles it; nobody else may be troubled.
      refused.catch(() => {});
      connect(refused);
    }
    live.attachers.clear();
  }

  /** Resolves at the container's next exit, once its state says so. */
  nextExit(id: string): Promise<ExitStatus> {
    const live = this.#of(id);
    live.exits ??= Promise.withResolvers<ExitStatus>();
    return live.exits.promise;
  }

  announceExit(id: string, status: ExitStatus): void {
    const live = this.#of(id);
    live.exits?.resolve(status);
    live.exits = undefined;
  }

  /** Resolves when the container is removed. */
  removal(id: string): Promise<void> {
    const live = this.#of(id);
    live.removal ??= Promise.withResolvers<void>();
    return live.removal.promise;
  }

  /** The container is gone: waiters are told and nothing of it is kept. */
  announceRemoval(id: string): void {
    const live = this.#byId.get(id);
    this.#byId.delete(id);
    live?.restartTimer?.abort();
    live?.removal?.resolve();
  }

  /** A wait before a restart, which `cancelRestart` cuts short. */
  beginRestartWait(id: string): AbortSignal {
    const live = this.#of(id);
    live.restartTimer?.abort();
    live.restartTimer = new AbortController();
    return live.restartTimer.signal;
  }

  /** Whether there was a wait to cancel. */
  cancelRestart(id: string): boolean {
    const live = this.#byId.get(id);
    if (!live?.restartTimer) return false;
    live.restartTimer.abort();
    live.restartTimer = undefined;
    return true;
  }

  cancelAllRestarts(): void {
    for (const id of this.#byId.keys()) this.cancelRestart(id);
  }

  #of(id: string): LiveContainer {
    let live = this.#byId.get(id);
    if (!live) {
      live = new LiveContainer();
      this.#byId.set(id, live);
    }
    return live;
  }
}
