import type { Logger } from "../../base/logger.ts";
import type { LogDriver, LogSink, LogSource } from "../../core/logs/log-driver.ts";
import type { LogEntry, LogQuery } from "../../core/logs/log-store.ts";
import type { Reactor } from "../../os/linux/reactor/reactor.ts";
import type { ConnectPlugin } from "../plugin-client/mod.ts";
import { LogPlugin } from "./log-plugin.ts";
import { LogPluginSink } from "./log-plugin-sink.ts";

export interface LogPluginDriverOptions {
  readonly name: string;
  readonly connect: ConnectPlugin;
  /** Where pipes are made. */
  readonly directory: string;
  readonly reactor: Reactor;
  readonly logger: Logger;
}

/** Sends logs to a plug-in, and reads what it kept where it can. Source: docker's "Docker log driver plugins". */
export class LogPluginDriver implements LogDriver {
  readonly name: string;
  readonly #options: LogPluginDriverOptions;
  readonly #plugin: LogPlugin;

  constructor(options: LogPluginDriverOptions) {
    this.#options = options;
    this.#plugin = new LogPlugin(options.connect);
    this.name = options.name;
  }

  // Only the plug-in knows its options; it says so when it is to take a container's output.
  validate(): void {}

  openSink(source: LogSource): LogSink {
    const { directory, reactor, logger } = this.#options;
    return new LogPluginSink({ plugin: this.#plugin, source, directory, reactor, logger });
  }

  async readBack(
    source: LogSource,
    query: LogQuery,
    follow: boolean,
    signal: AbortSignal,
  ): Promise<AsyncIterable<readonly LogEntry[]> | undefined> {
    return await this.#plugin.read(source, query, follow, signal);
  }

  async givesBack(): Promise<boolean> {
    return await this.#plugin.canRead();
  }

  logPath(): string {
    return "";
  }
}
