import type { AttachSession } from "../../../core/containers/streams.ts";
import type { TerminalSize } from "../../../core/tasks/task-runtime.ts";
import type { ExecCreateRequest, ExecInspectResponse } from "../../../spec/engine-api/mod.ts";

export interface ExecStartOptions {
  /** Whether the process gets a terminal; has to agree with what it was created with. */
  readonly tty: boolean;
  readonly consoleSize: TerminalSize | undefined;
}

/**
 * What the exec routes ask of the engine.
 * Common errors: notFound (`No such exec instance: …`), conflict (not running, paused, started already).
 */
export interface ExecBackend {
  /** Errors: notFound (container), conflict (container not running), invalidArgument (no command). */
  create(containerIdOrName: string, request: ExecCreateRequest): Promise<{ readonly id: string }>;
  /** It can be started, as far as can be told without starting it. */
  checkStart(id: string): Promise<void>;
  /** Runs it; resolves once the process runs. Output is dropped. */
  startDetached(id: string, options: ExecStartOptions): Promise<void>;
  /** Runs it with the client on its streams; resolves once the process runs. */
  startAttached(
    id: string,
    options: ExecStartOptions & { readonly signal: AbortSignal },
  ): Promise<AttachSession>;
  resize(id: string, size: TerminalSize): Promise<void>;
  inspect(id: string): Promise<ExecInspectResponse>;
}
