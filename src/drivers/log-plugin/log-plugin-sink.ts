import { rm } from "node:fs/promises";
import { join } from "node:path";
import { delay } from "../../base/async.ts";
import { messageOf, unavailable } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import type { Logger } from "../../base/logger.ts";
import type { LogSink, LogSource } from "../../core/logs/log-driver.ts";
import type { LogEntry } from "../../core/logs/log-store.ts";
import { FifoWriter, makeFifo } from "../../os/linux/fifo.ts";
import type { Reactor } from "../../os/linux/reactor/reactor.ts";
import { encodeFrame } from "./entry-frames.ts";
import type { LogPlugin } from "./log-plugin.ts";

/** Entries of one write: what a plug-in that goes away has not read of them it gets once more. */
const GROUP_BYTES = 64 * 1024;
const OPENING_MS = 5_000;
const LOOK_AGAIN_MS = 10;

export interface LogPluginSinkOptions {
  readonly plugin: LogPlugin;
  readonly source: LogSource;
  /** Where pipes are made. */
  readonly directory: string;
  readonly reactor: Reactor;
  readonly logger: Logger;
}

interface OpenPipe {
  readonly name: string;
  readonly path: string;
  readonly writer: FifoWriter;
}

/**
 * Feeds a container's output to a plug-in through a pipe of its own. A plug-in that went away, or a write that was
 * given up in the middle of an entry, costs the pipe: the next one begins with whole entries.
 */
export class LogPluginSink implements LogSink {
  readonly #options: LogPluginSinkOptions;
  #pipe: OpenPipe | undefined;
  #opening: Promise<OpenPipe> | undefined;

  constructor(options: LogPluginSinkOptions) {
    this.#options = options;
  }

  async prepare(signal: AbortSignal): Promise<void> {
    await this.#opened(signal);
  }

  async write(entries: readonly LogEntry[], signal: AbortSignal): Promise<number> {
    const { writer } = await this.#opened(signal);
    const frames: Buffer[] = [];
    let sizeBytes = 0;
    for (const entry of entries) {
      const frame = encodeFrame(entry);
      frames.push(frame);
      sizeBytes += frame.byteLength;
      if (sizeBytes >= GROUP_BYTES) break;
    }
    try {
      await writer.write(Buffer.concat(frames), signal);
      return frames.length;
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opening?.catch(() => {
      // Told to whoever wanted it.
    });
    await this.#close();
  }

  /** Whoever comes first opens the pipe for all. */
  async #opened(signal: AbortSignal): Promise<OpenPipe> {
    if (this.#pipe) return this.#pipe;
    this.#opening ??= this.#open(signal).finally(() => {
      this.#opening = undefined;
    });
    this.#pipe = await this.#opening;
    return this.#pipe;
  }

  async #open(signal: AbortSignal): Promise<OpenPipe> {
    const { plugin, source, directory, reactor } = this.#options;
    const name = newId();
    const path = join(directory, name);
    makeFifo(path);
    try {
      await plugin.start(directory, name, source, signal);
      return { name, path, writer: await openWriter(reactor, path, signal) };
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  async #close(): Promise<void> {
    const pipe = this.#pipe;
    this.#pipe = undefined;
    if (!pipe) return;
    const { plugin, directory, source, logger } = this.#options;
    pipe.writer[Symbol.dispose]();
    await rm(pipe.path, { force: true });
    try {
      await plugin.stop(directory, pipe.name);
    } catch (error) {
      // The pipe's end tells it as much, where it is still there.
      logger.warn(
        { container: source.containerId, reason: messageOf(error) },
        "a log plug-in was not told to stop",
      );
    }
  }
}

/** The kernel tells nobody that a reader has come, so this looks again and again for a while. Source: fifo(7). */
async function openWriter(reactor: Reactor, path: string, signal: AbortSignal): Promise<FifoWriter> {
  const start = performance.now();
  for (;;) {
    const writer = FifoWriter.open(reactor, path);
    if (writer) return writer;
    if (performance.now() - start > OPENING_MS) throw unavailable("the log plug-in does not read its pipe");
    await delay(LOOK_AGAIN_MS, signal);
  }
}
