import { formatRfc3339Nano } from "../../base/time.ts";
import type { LogSource } from "../../core/logs/log-driver.ts";
import type { LogEntry, LogQuery } from "../../core/logs/log-store.ts";
import {
  type CallOptions,
  type ConnectPlugin,
  type PluginClient,
  PluginRefusal,
} from "../plugin-client/mod.ts";
import { decodeFrames } from "./entry-frames.ts";

/** Failed calls are tried again by whoever feeds the log, at its own pace. */
const CALL: CallOptions = { timeoutMs: 10_000, retryForMs: 0 };
const READ_TIMEOUT_MS = 30_000;
/** Where a managed plug-in sees the engine's pipes. Source: moby, daemon/logger/plugin.go. */
const MANAGED_ROOT = "/run/docker/logging";

/** The calls of a log plug-in. Errors: internal (it says no), unavailable, notFound. */
export class LogPlugin {
  readonly #connect: ConnectPlugin;

  constructor(connect: ConnectPlugin) {
    this.#connect = connect;
  }

  /** The plug-in takes entries from `fifo`, a name in `directory`. */
  async start(directory: string, fifo: string, source: LogSource, signal: AbortSignal): Promise<void> {
    const client = await this.#connect(0);
    const file = `${rootFor(client, directory)}/${fifo}`;
    const request = { File: file, Info: describe(source) };
    await client.call("LogDriver.StartLogging", request, { ...CALL, signal });
  }

  async stop(directory: string, fifo: string): Promise<void> {
    const client = await this.#connect(0);
    await client.call("LogDriver.StopLogging", { File: `${rootFor(client, directory)}/${fifo}` }, CALL);
  }

  async canRead(): Promise<boolean> {
    return await canRead(await this.#connect(0));
  }

  /** What it kept of the container's output, undefined where it gives nothing back. */
  async read(
    source: LogSource,
    query: LogQuery,
    follow: boolean,
    signal: AbortSignal,
  ): Promise<AsyncIterable<LogEntry[]> | undefined> {
    const client = await this.#connect(0);
    if (!(await canRead(client))) return undefined;
    const request = {
      Info: describe(source),
      Config: {
        Since: query.sinceNs === undefined ? ZERO_TIME : formatRfc3339Nano(query.sinceNs),
        Until: query.untilNs === undefined ? ZERO_TIME : formatRfc3339Nano(query.untilNs),
        Tail: query.tail ?? -1,
        Follow: follow,
      },
    };
    // Most plug-ins send the head of their answer with its first entry, which may be a long time coming.
    const options = { headTimeoutMs: follow ? undefined : READ_TIMEOUT_MS, signal };
    return decodeFrames(await client.stream("LogDriver.ReadLogs", request, options), "included");
  }
}

const ZERO_TIME = "0001-01-01T00:00:00Z";

async function canRead(client: PluginClient): Promise<boolean> {
  try {
    const reply = await client.call("LogDriver.Capabilities", undefined, CALL);
    return reply.object("Cap")?.flag("ReadLogs") ?? false;
  } catch (error) {
    // Not every plug-in has the call.
    if (error instanceof PluginRefusal) return false;
    throw error;
  }
}

function rootFor(client: PluginClient, directory: string): string {
  return client.scope ? MANAGED_ROOT : directory;
}

/** Docker's `logger.Info`. */
function describe(source: LogSource) {
  const { command, environment, labels, options } = source;
  return {
    Config: options,
    ContainerID: source.containerId,
    ContainerName: `/${source.containerName}`,
    ContainerEntrypoint: command[0] ?? "",
    ContainerArgs: command.slice(1),
    ContainerImageID: source.imageId,
    ContainerImageName: source.imageName,
    ContainerCreated: source.createdAt,
    ContainerEnv: environment,
    ContainerLabels: labels,
    LogPath: "",
    DaemonName: "docker",
  };
}
