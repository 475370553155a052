import { Waiters } from "../../../base/async.ts";
import type {
  AttachmentOptions,
  ExitStatus,
  Task,
  TaskAttachment,
} from "../../../core/tasks/task-runtime.ts";

/** A client that waits for a task. */
interface Attacher {
  readonly options: AttachmentOptions;
  deliver(attachment: Promise<TaskAttachment>): void;
}

/** The part of a container that is not stored: its task, and who waits for what. */
class LiveContainer {
  task: Task | undefined;
  readonly attachers = new Set<Attacher>();
  readonly exits = new Waiters<ExitStatus | undefined>();
  readonly removal = new Waiters<void>();
  restartTimer: AbortController | undefined;
  /** How many restarts by hand are under way. */
  restarts = 0;
}

/** Tasks by container, clients that attached before there was one, and waiters for exits and removals. */
export class LiveContainers {
  readonly #byId = new Map<string, LiveContainer>();
  #restartsEnded = false;

  task(id: string): Task | undefined {
    return this.#byId.get(id)?.task;
  }

  setTask(id: string, task: Task | undefined): void {
    this.#of(id).task = task;
  }

  /** Delivers an attachment when the container's next task is made, before it runs. */
  attachNext(id: string, attacher: Attacher): Disposable {
    const { attachers } = this.#of(id);
    attachers.add(attacher);
    return { [Symbol.dispose]: () => void attachers.delete(attacher) };
  }

  /** Attaches everyone who waited for this task. Resolves when all of them are connected or have failed. */
  async connectAttachers(id: string, task: Task): Promise<void> {
    const { attachers } = this.#of(id);
    const waiting = [...attachers];
    attachers.clear();
    await Promise.allSettled(
      waiting.map((attacher) => {
        const attachment = task.attach(attacher.options);
        attacher.deliver(attachment);
        return attachment;
      }),
    );
  }

  /** Tells everyone who waits for the next task that there will be none. */
  refuseAttachers(id: string, reason: unknown): void {
    const live = this.#byId.get(id);
    if (!live) return;
    for (const attacher of live.attachers) {
      const refused = Promise.reject(reason);
      // Whoever waits handles it; nobody else may be troubled.
      refused.catch(() => {});
      attacher.deliver(refused);
    }
    live.attachers.clear();
  }

  /**
   * Resolves at the container's next exit, once its state says so; with undefined where it is removed before. Rejects with
   * `canceled` when the signal is aborted.
   */
  nextExit(id: string, signal?: AbortSignal): Promise<ExitStatus | undefined> {
    return this.#of(id).exits.next(signal);
  }

  announceExit(id: string, status: ExitStatus): void {
    this.#of(id).exits.notify(status);
  }

  /** Resolves when the container is removed. Rejects with `canceled` when the signal is aborted. */
  removal(id: string, signal?: AbortSignal): Promise<void> {
    return this.#of(id).removal.next(signal);
  }

  /** The container is gone: waiters are told and nothing of it is kept. */
  announceRemoval(id: string): void {
    const live = this.#byId.get(id);
    this.#byId.delete(id);
    live?.restartTimer?.abort();
    live?.removal.notify();
    live?.exits.notify(undefined);
  }

  /** Until the result is disposed, the container is to stay although it ends. */
  keepOverExit(id: string): Disposable {
    const live = this.#of(id);
    live.restarts++;
    return { [Symbol.dispose]: () => void live.restarts-- };
  }

  isKeptOverExit(id: string): boolean {
    return (this.#byId.get(id)?.restarts ?? 0) > 0;
  }

  get restartsEnded(): boolean {
    return this.#restartsEnded;
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

  /** From now on nothing starts again by itself: the engine ends. */
  endRestarts(): void {
    this.#restartsEnded = true;
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
