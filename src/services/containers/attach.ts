import { DEFAULT_DETACH_KEYS, DetachWatcher, parseDetachKeys } from "../../base/detach-keys.ts";
import { conflict } from "../../base/errors.ts";
import type { ContainerRecord } from "../../core/containers/container-record.ts";
import type { AttachSession } from "../../core/containers/streams.ts";
import type { AttachmentOptions, OutputChunk, TaskAttachment } from "../../core/tasks/task-runtime.ts";
import type { NamedContainer } from "./archive/stat-path.ts";
import { readLogs } from "./logs.ts";
import { type ContainerParts, currentRecord, isRunning, publishContainerEvent } from "./parts.ts";

export interface AttachOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Output from now on; without it the session ends after the logs. */
  readonly stream: boolean;
  /** What was written before, first. */
  readonly logs: boolean;
  /** Keys that end the session, as `ctrl-p,ctrl-q`; empty for the engine's default. */
  readonly detachKeys: string;
  readonly signal: AbortSignal;
}

/**
 * Joins a client to a container's streams. A container that does not run yet is joined when it starts: nothing it
 * writes is missed. Errors: invalidArgument (detach keys), conflict (paused).
 */
export async function attachContainer(
  parts: ContainerParts,
  { id, name }: NamedContainer,
  options: AttachOptions,
): Promise<AttachSession> {
  const record = currentRecord(parts, id);
  const keys = parseDetachKeys(options.detachKeys || DEFAULT_DETACH_KEYS);
  if (record.state.status === "paused") {
    throw conflict(`container ${name} is paused, unpause the container before attach`);
  }
  const tty = record.config.Tty ?? false;
  publishContainerEvent(parts, record, "attach");
  const connection = options.stream ? connect(parts, record, options) : undefined;
  const watcher = new DetachWatcher(tty && options.stdin ? keys : []);
  return {
    tty,
    output: sessionOutput(parts, record, options, connection),
    async write(bytes) {
      if (!options.stdin || !connection) return;
      const { pass, detached } = watcher.push(bytes);
      const attachment = await connection.attachment;
      if (pass.length > 0) await attachment.write(pass);
      if (detached) {
        publishContainerEvent(parts, record, "detach");
        connection.close();
      }
    },
    async closeStdin() {
      if (!options.stdin || !connection) return;
      const attachment = await connection.attachment;
      const held = watcher.end();
      if (held.length > 0) await attachment.write(held);
      await attachment.closeStdin();
    },
    close: () => connection?.close(),
  };
}

interface Connection {
  readonly attachment: Promise<TaskAttachment>;
  /** Aborted when the session ends before the container does. */
  readonly signal: AbortSignal;
  /** Ends the connection, or the wait for it. Idempotent. */
  close(): void;
}

function connect(parts: ContainerParts, record: ContainerRecord, options: AttachOptions): Connection {
  const { promise, resolve, reject } = Promise.withResolvers<TaskAttachment>();
  // A session that nobody reads any more has nobody to tell.
  promise.catch(() => {});
  const closing = new AbortController();
  const deliver = (attachment: Promise<TaskAttachment>) =>
    attachment.then((each) => {
      if (closing.signal.aborted) each.close();
      else resolve(each);
    }, reject);
  const task = parts.live.task(record.id);
  const wanted: AttachmentOptions = { stdin: options.stdin };
  const waiting =
    task && isRunning(record) ? undefined : parts.live.attachNext(record.id, { options: wanted, deliver });
  if (!waiting) deliver(task!.attach(wanted));
  return {
    attachment: promise,
    signal: AbortSignal.any([closing.signal, options.signal]),
    close() {
      closing.abort();
      waiting?.[Symbol.dispose]();
      reject(conflict(`attachment to container ${record.id} was closed`));
      promise.then(
        (attachment) => attachment.close(),
        () => {
          // It never was connected.
        },
      );
    },
  };
}

async function* sessionOutput(
  parts: ContainerParts,
  record: ContainerRecord,
  options: AttachOptions,
  connection: Connection | undefined,
): AsyncIterable<OutputChunk> {
  if (options.logs && (options.stdout || options.stderr)) {
    const { groups } = await readLogs(parts, record.id, {
      stdout: options.stdout,
      stderr: options.stderr,
      follow: false,
      sinceNs: undefined,
      untilNs: undefined,
      tail: undefined,
      details: false,
      signal: options.signal,
    });
    for await (const entries of groups) {
      for (const { stream, bytes } of entries) yield { stream, bytes };
    }
  }
  if (!connection) return;
  let connected: TaskAttachment;
  try {
    connected = await connection.attachment;
  } catch {
    // The container did not start, or the client left before it did: the session ends without output.
    return;
  }
  const task = parts.live.task(record.id);
  for await (const chunk of connected.output) {
    if (chunk.stream === "stdout" ? options.stdout : options.stderr) yield chunk;
  }
  // One that is removed at its end is better seen before that than not at all.
  if (record.hostConfig.AutoRemove || !task || parts.live.task(record.id) !== task) return;
  await untilEnded(parts, record.id, connection.signal);
}

/** Whoever looks at a container after its output ended sees that it has. */
async function untilEnded(parts: ContainerParts, id: string, signal: AbortSignal): Promise<void> {
  try {
    await parts.live.nextExit(id, signal);
  } catch {
    // The session ends on its own.
  }
}
