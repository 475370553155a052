import type { Duplex, Readable } from "node:stream";
import { DetachWatcher } from "../../base/detach-keys.ts";
import { isKind } from "../../base/errors.ts";
import type { AttachedStream } from "../../client/attached-stream.ts";
import { copyOutput, demultiplex, type OutputTargets } from "./demultiplex.ts";

export interface AttachmentOptions extends OutputTargets {
  readonly stream: AttachedStream;
  /** Nothing is typed in where it is missing. */
  readonly stdin?: Readable | undefined;
  /** Whether the container has a terminal: output is then one stream, as it is. */
  readonly tty: boolean;
  /** The sequence that ends the attachment and leaves the container alone; empty for none. */
  readonly detachKeys: readonly number[];
}

/** How an attachment ended. */
export type AttachmentEnd = "ended" | "detached";

/**
 * Moves bytes between the container and this process until the container's output ends or the detach keys are typed.
 * The end of stdin closes the container's stdin and nothing else.
 */
export async function runAttachment(options: AttachmentOptions): Promise<AttachmentEnd> {
  const { stream } = options;
  const { promise: detached, resolve: detach } = Promise.withResolvers<AttachmentEnd>();
  // A connection that breaks ends the output; the exit status, asked for separately, says what happened.
  stream.input?.on("error", () => {});
  const input =
    options.stdin && stream.input
      ? pumpInput(options.stdin, stream.input, options.detachKeys, () => detach("detached"))
      : undefined;
  const output = options.tty
    ? copyOutput(stream.output, options.stdout)
    : demultiplex(stream.output, options);
  try {
    const end = await Promise.race([output.then((): AttachmentEnd => "ended", ignoreReset), detached]);
    if (end === "detached") stream.close();
    return end;
  } finally {
    input?.[Symbol.dispose]();
  }
}

function ignoreReset(error: NodeJS.ErrnoException): AttachmentEnd {
  if (isKind(error, "unavailable")) return "ended";
  if (error.code === "ECONNRESET" || error.code === "EPIPE" || error.code === "ERR_STREAM_PREMATURE_CLOSE")
    return "ended";
  throw error;
}

function pumpInput(
  stdin: Readable,
  socket: Duplex,
  keys: readonly number[],
  onDetach: () => void,
): Disposable {
  const watcher = new DetachWatcher(keys);
  const onData = (chunk: Buffer) => {
    const { pass, detached } = watcher.push(chunk);
    if (pass.length > 0 && !socket.write(pass)) stdin.pause();
    if (detached) onDetach();
  };
  const onEnd = () => {
    socket.end(watcher.end());
  };
  const onDrain = () => stdin.resume();
  stdin.on("data", onData);
  stdin.on("end", onEnd);
  // A terminal that is gone cannot be typed at any more.
  stdin.on("error", onEnd);
  socket.on("drain", onDrain);
  return {
    [Symbol.dispose]: () => {
      stdin.off("data", onData);
      stdin.off("end", onEnd);
      stdin.off("error", onEnd);
      socket.off("drain", onDrain);
      stdin.pause();
    },
  };
}
