import type { WriteStream } from "node:tty";
import type { ProgressMessage } from "../../spec/engine-api/mod.ts";
import { ExitError } from "../exit.ts";
import { writeAll } from "../streams/sink.ts";
import { progressBar } from "./bar.ts";

/** Called with the `aux` value of each message that has one. */
export type OnAux = (aux: unknown) => void;

/**
 * Prints the messages of long work: on a terminal one line for each id, redrawn in place, elsewhere line by line.
 * Errors: ExitError with the engine's text when a message carries an error.
 */
export async function displayProgress(
  messages: AsyncIterable<ProgressMessage>,
  target: WriteStream,
  onAux?: OnAux,
): Promise<void> {
  const lines = new Map<string, number>();
  for await (const message of messages) {
    if (message.aux !== undefined) {
      onAux?.(message.aux);
      continue;
    }
    const text = target.isTTY ? draw(message, lines, target.columns || 80) : plainLine(message);
    if (text !== "") await writeAll(target, text);
    throwIfError(message);
  }
}

function throwIfError(message: ProgressMessage): void {
  const failure = message.errorDetail?.message ?? message.error;
  if (failure !== undefined) throw new ExitError(1, failure);
}

/** A message where lines cannot be redrawn: changes of a bar are left out. */
function plainLine(message: ProgressMessage): string {
  if (message.errorDetail || message.error) return "";
  if (message.progress || hasProgress(message)) return "";
  if (message.stream !== undefined) return message.stream;
  return `${message.id ? `${message.id}: ` : ""}${message.status ?? ""}\n`;
}

function hasProgress({ progressDetail }: ProgressMessage): boolean {
  return (progressDetail?.current ?? 0) > 0 || (progressDetail?.total ?? 0) > 0;
}

/** A message on a terminal. `lines` holds the line of each id, counted from the first. */
function draw(message: ProgressMessage, lines: Map<string, number>, width: number): string {
  if (message.errorDetail || message.error) return "";
  const id = message.id ?? "";
  const ownLine = id !== "" && (message.progressDetail !== undefined || message.progress !== undefined);
  if (!ownLine) {
    // What is printed now pushes the lines above out of reach.
    lines.clear();
    if (message.stream !== undefined) return message.stream;
    return `${id === "" ? "" : `${id}: `}${message.status ?? ""}\n`;
  }
  let prefix = "";
  let line = lines.get(id);
  if (line === undefined) {
    line = lines.size;
    lines.set(id, line);
    prefix = "\n";
  }
  const up = lines.size - line;
  const bar = progressBar(message.progressDetail ?? {}, width, Date.now());
  const text = `${id}: ${message.status ?? ""} ${bar}`;
  return `${prefix}\u001b[${up}A\u001b[2K\r${text}\r\u001b[${up}B`;
}
