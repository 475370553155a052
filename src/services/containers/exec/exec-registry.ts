import type { ExecProcess } from "../../../core/tasks/task-runtime.ts";
import type { ExecCreateRequest } from "../../../spec/engine-api/mod.ts";

/** An exec from its creation until its container is gone. Lives in memory: it ends with the engine, as with dockerd. */
export interface ExecRecord {
  readonly id: string;
  readonly containerId: string;
  readonly request: ExecCreateRequest;
  status: "created" | "starting" | "running" | "exited";
  process: ExecProcess | undefined;
  pid: number;
  exitCode: number | null;
  /** Settles once the exit code of a process that ran is here to be asked for. */
  readonly ended: PromiseWithResolvers<void>;
}

/** Ended execs are kept this many to a container, so that their exit codes can be asked for. */
const KEPT_ENDED = 100;

/** The execs of one engine. */
export class ExecRegistry {
  readonly #byId = new Map<string, ExecRecord>();

  add(record: ExecRecord): void {
    this.#byId.set(record.id, record);
  }

  get(id: string): ExecRecord | undefined {
    return this.#byId.get(id);
  }

  /** Execs of a container that have not ended, as `ExecIDs` of inspect lists them; null where there is none. */
  idsOf(containerId: string): string[] | null {
    const ids = this.#of(containerId)
      .filter(({ status }) => status !== "exited")
      .map(({ id }) => id);
    return ids.length > 0 ? ids : null;
  }

  /** Forgets the oldest ended execs of a container beyond those that are kept. */
  trim(containerId: string): void {
    const ended = this.#of(containerId).filter(({ status }) => status === "exited");
    for (const { id } of ended.slice(0, Math.max(0, ended.length - KEPT_ENDED))) this.#byId.delete(id);
  }

  /** Forgets the execs of a container that were not started: its processes have ended, and its next ones are others. */
  removeUnstartedOf(containerId: string): void {
    for (const { id, status } of this.#of(containerId)) if (status === "created") this.#byId.delete(id);
  }

  /** Forgets all execs of a container. */
  removeOf(containerId: string): void {
    for (const { id } of this.#of(containerId)) this.#byId.delete(id);
  }

  #of(containerId: string): ExecRecord[] {
    return [...this.#byId.values()].filter((record) => record.containerId === containerId);
  }
}
