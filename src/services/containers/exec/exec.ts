import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DEFAULT_DETACH_KEYS, DetachWatcher, parseDetachKeys } from "../../../base/detach-keys.ts";
import { conflict, internal, invalidArgument, messageOf } from "../../../base/errors.ts";
import { newId } from "../../../base/ids.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { AttachSession } from "../../../core/containers/streams.ts";
import type { OutputChunk, Task, TaskAttachment, TerminalSize } from "../../../core/tasks/task-runtime.ts";
import type { ExecCreateRequest, ExecInspectResponse } from "../../../spec/engine-api/mod.ts";
import type { RuntimeProcess, RuntimeSpec } from "../../../spec/oci-runtime/mod.ts";
import type { NamedContainer } from "../archive/stat-path.ts";
import { isPaused, noSuchExec, notRunning } from "../errors.ts";
import { type ContainerParts, currentRecord, publishContainerEvent } from "../parts.ts";
import { exitCodeOfExecFailure } from "../run/exit-code.ts";
import type { ExecRecord } from "./exec-registry.ts";

export interface ExecStartOptions {
  readonly tty: boolean;
  readonly consoleSize: TerminalSize | undefined;
}

/** Prepares a process in a running container. Errors: conflict (not running, paused), invalidArgument (no command). */
export function createExec(
  parts: ContainerParts,
  { id: containerId, name }: NamedContainer,
  request: ExecCreateRequest,
): { readonly id: string } {
  const container = currentRecord(parts, containerId);
  if (container.state.status === "paused") throw isPaused(name);
  if (container.state.status !== "running") throw notRunning(containerId);
  if ((request.Cmd ?? []).length === 0) throw invalidArgument("No exec command specified");
  checkDetachKeys(request);
  const id = newId();
  parts.execs.add({
    id,
    containerId,
    request,
    status: "created",
    process: undefined,
    pid: 0,
    exitCode: null,
    ended: Promise.withResolvers(),
  });
  publishContainerEvent(parts, container, `exec_create: ${commandOf(request)}`, { execID: id });
  return { id };
}

/** As docker's events have it: the program, and after a blank its arguments, which may be none. */
function commandOf({ Cmd }: ExecCreateRequest): string {
  const [program = "", ...args] = Cmd ?? [];
  return `${program} ${args.join(" ")}`;
}

function checkDetachKeys({ DetachKeys: keys }: ExecCreateRequest): void {
  try {
    parseDetachKeys(keys || DEFAULT_DETACH_KEYS);
  } catch (error) {
    throw invalidArgument(`Invalid escape keys (${keys}) provided`, { cause: error });
  }
}

/** Runs an exec without a client; resolves once its process runs. */
export async function startExecDetached(
  parts: ContainerParts,
  id: string,
  options: ExecStartOptions,
): Promise<void> {
  await launch(parts, findExec(parts, id), options, true);
}

/** Runs an exec with a client on its streams; resolves once its process runs. */
export async function startExecAttached(
  parts: ContainerParts,
  id: string,
  options: ExecStartOptions,
): Promise<AttachSession> {
  const exec = findExec(parts, id);
  const { request } = exec;
  const attachment = await launch(parts, exec, options, false);
  const tty = request.Tty ?? false;
  const keys = tty && request.AttachStdin ? parseDetachKeys(request.DetachKeys || DEFAULT_DETACH_KEYS) : [];
  const watcher = new DetachWatcher(keys);
  const left = Promise.withResolvers<void>();
  const close = () => {
    left.resolve();
    attachment.close();
  };
  return {
    tty,
    output: outputUntil(Promise.race([exec.ended.promise, left.promise]), attachment, request),
    async write(bytes) {
      if (!request.AttachStdin) return;
      const { pass, detached } = watcher.push(bytes);
      if (pass.length > 0) await attachment.write(pass);
      if (detached) close();
    },
    async closeStdin() {
      if (!request.AttachStdin) return;
      const held = watcher.end();
      if (held.length > 0) await attachment.write(held);
      await attachment.closeStdin();
    },
    close,
  };
}

/** The streams that were asked for. Ends with `end` at the earliest: clients ask for the exit code as soon as it does. */
async function* outputUntil(
  end: Promise<void>,
  attachment: TaskAttachment,
  request: ExecCreateRequest,
): AsyncIterable<OutputChunk> {
  for await (const chunk of attachment.output) {
    if (chunk.stream === "stdout" ? request.AttachStdout : request.AttachStderr) yield chunk;
  }
  await end;
}

/** Errors: notFound, conflict (started before; container not running, paused). */
export function checkExecStart(parts: ContainerParts, id: string): void {
  requireStartable(parts, findExec(parts, id));
}

function requireStartable(
  parts: ContainerParts,
  exec: ExecRecord,
): { readonly container: ContainerRecord; readonly task: Task } {
  const container = currentRecord(parts, exec.containerId);
  if (exec.status === "running" || exec.status === "starting") {
    throw conflict(`exec ${exec.id} is already running`);
  }
  if (exec.status === "exited") throw conflict(`exec ${exec.id} has already run`);
  const task = parts.live.task(container.id);
  if (container.state.status === "paused") throw isPaused(container.id);
  if (container.state.status !== "running" || !task) throw notRunning(container.id);
  return { container, task };
}

async function launch(
  parts: ContainerParts,
  exec: ExecRecord,
  options: ExecStartOptions,
  detached: true,
): Promise<undefined>;
async function launch(
  parts: ContainerParts,
  exec: ExecRecord,
  options: ExecStartOptions,
  detached: false,
): Promise<TaskAttachment>;
async function launch(
  parts: ContainerParts,
  exec: ExecRecord,
  options: ExecStartOptions,
  detached: boolean,
): Promise<TaskAttachment | undefined> {
  const { container, task } = requireStartable(parts, exec);
  exec.status = "starting";
  const { request } = exec;
  publishContainerEvent(parts, container, `exec_start: ${commandOf(request)}`, { execID: exec.id });
  try {
    const size = options.consoleSize ?? sizeOf(request.ConsoleSize);
    const document = await execProcess(parts, container, task, exec, size);
    const process = await task.exec({
      execId: exec.id,
      process: document,
      tty: request.Tty ?? false,
      openStdin: request.AttachStdin ?? false,
      detached,
    });
    exec.process = process;
    exec.pid = process.pid;
    exec.status = "running";
    const attachment = detached ? undefined : await process.attach({ stdin: request.AttachStdin ?? false });
    supervise(parts, exec);
    return attachment;
  } catch (error) {
    exec.status = "exited";
    exec.exitCode = exitCodeOfExecFailure(error);
    throw error;
  }
}

function sizeOf(rowsAndColumns: ExecCreateRequest["ConsoleSize"]): TerminalSize | undefined {
  return rowsAndColumns ? { rows: rowsAndColumns[0], columns: rowsAndColumns[1] } : undefined;
}

/** The exec's process document: that of the container's own process with what the exec asks for. */
async function execProcess(
  parts: ContainerParts,
  container: ContainerRecord,
  task: Task,
  exec: ExecRecord,
  size: TerminalSize | undefined,
): Promise<RuntimeProcess> {
  const bundled = JSON.parse(await readFile(join(task.handle.bundle, "config.json"), "utf8")) as RuntimeSpec;
  if (!bundled.process) throw internal(`the bundle of container ${container.id} has no process`);
  // The container's own view, so that a user from a mounted passwd file is found.
  const root = `/proc/${task.handle.process.pid}/root`;
  const process = await parts.specs.buildExec(container, root, bundled.process, exec.request);
  if (!size || !exec.request.Tty) return process;
  return { ...process, consoleSize: { height: size.rows, width: size.columns } };
}

function supervise(parts: ContainerParts, exec: ExecRecord): void {
  const { process } = exec;
  if (!process) throw internal(`exec ${exec.id} has no process`);
  process
    .wait()
    .then(async ({ exitCode }) => {
      exec.status = "exited";
      exec.exitCode = exitCode;
      exec.process = undefined;
      exec.ended.resolve();
      const container = parts.store.get(exec.containerId);
      if (container) {
        publishContainerEvent(parts, container, "exec_die", { execID: exec.id, exitCode: String(exitCode) });
      }
      parts.execs.trim(exec.containerId);
      await process.delete();
    })
    .catch((error) => parts.logger.error({ reason: messageOf(error), exec: exec.id }, "ending an exec"))
    .finally(() => exec.ended.resolve());
}

/** Gives the exec's terminal a size. Errors: notFound, conflict (not running). */
export async function resizeExec(parts: ContainerParts, id: string, size: TerminalSize): Promise<void> {
  const { process } = findExec(parts, id);
  if (!process) throw conflict(`exec ${id} is not running`);
  await process.resize(size);
}

export function inspectExec(parts: ContainerParts, id: string): ExecInspectResponse {
  const exec = findExec(parts, id);
  const { request } = exec;
  const [entrypoint = "", ...args] = request.Cmd ?? [];
  return {
    ID: exec.id,
    Running: exec.status === "running",
    ExitCode: exec.exitCode,
    ProcessConfig: {
      tty: request.Tty ?? false,
      entrypoint,
      arguments: args,
      privileged: request.Privileged ?? false,
      ...(request.User ? { user: request.User } : {}),
    },
    OpenStdin: request.AttachStdin ?? false,
    OpenStderr: request.AttachStderr ?? false,
    OpenStdout: request.AttachStdout ?? false,
    CanRemove: false,
    ContainerID: exec.containerId,
    DetachKeys: request.DetachKeys ? Buffer.from(parseDetachKeys(request.DetachKeys)).toString("base64") : "",
    Pid: exec.pid,
  };
}

function findExec(parts: ContainerParts, id: string): ExecRecord {
  const exec = parts.execs.get(id);
  if (!exec) throw noSuchExec(id);
  return exec;
}
