/**
 * A log driver that keeps each container's output in a file and gives it back, also while it grows.
 * Usage: file-logs.ts SOCKET DIRECTORY
 */
import { appendFileSync, createReadStream, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { LogEntry } from "../../src/core/logs/log-store.ts";
import { decodeFrames, encodeFrame } from "../../src/drivers/log-plugin/mod.ts";
import { type Handler, servePlugin } from "./serve.ts";

const [socketPath, directory] = process.argv.slice(2);
if (!socketPath || !directory) {
  process.stderr.write("usage: file-logs.ts SOCKET DIRECTORY\n");
  process.exit(2);
}
mkdirSync(directory, { recursive: true });

/** Called after each piece of a container's output, and when it has ended. */
const followers = new Map<string, Set<() => void>>();
/** Containers whose pipes are open. */
const running = new Set<string>();

function fileOf(request: Readonly<Record<string, unknown>>): { id: string; path: string } {
  const { ContainerID: id = "" } = (request["Info"] ?? {}) as { ContainerID?: string };
  if (!/^[0-9a-f]{64}$/.test(id)) throw new Error(`not an id: ${id}`);
  return { id, path: join(directory!, `${id}.entries`) };
}

function tell(id: string): void {
  for (const wake of followers.get(id) ?? []) wake();
}

async function take(pipe: string, id: string, path: string): Promise<void> {
  running.add(id);
  try {
    for await (const entries of decodeFrames(createReadStream(pipe) as AsyncIterable<Buffer>, "added")) {
      appendFileSync(path, Buffer.concat(entries.map(encodeFrame)));
      tell(id);
    }
  } finally {
    running.delete(id);
    tell(id);
  }
}

const start: Handler = (request) => {
  const { id, path } = fileOf(request);
  take(String(request["File"]), id, path).catch((error) => process.stderr.write(`${error}\n`));
  return {};
};

/** Lines come without a newline and are given back with one; of what an entry has, one is left out. */
function withNewline(entry: LogEntry): LogEntry {
  return entry.partial ? entry : { ...entry, bytes: Buffer.concat([entry.bytes, Buffer.from("\n")]) };
}

interface ReadConfig {
  readonly Since: string;
  readonly Until: string;
  readonly Tail: number;
  readonly Follow: boolean;
}

async function* read(id: string, path: string, config: ReadConfig): AsyncGenerator<Buffer, void, undefined> {
  const since = BigInt(Date.parse(config.Since)) * 1_000_000n;
  const until = config.Until.startsWith("0001-") ? undefined : BigInt(Date.parse(config.Until)) * 1_000_000n;
  const wanted = ({ timeNs }: LogEntry) => timeNs >= since && (until === undefined || timeNs <= until);
  let seen = 0;
  for (let first = true; ; first = false) {
    const wasRunning = running.has(id);
    const { promise: changed, resolve: wake } = Promise.withResolvers<void>();
    followers.set(id, (followers.get(id) ?? new Set()).add(wake));
    const all: LogEntry[] = [];
    if (existsSync(path)) {
      for await (const entries of decodeFrames(createReadStream(path) as AsyncIterable<Buffer>, "added"))
        all.push(...entries);
    }
    const fresh = all.slice(seen).filter(wanted);
    seen = all.length;
    const shown =
      first && config.Tail >= 0 ? fresh.slice(fresh.length - Math.min(fresh.length, config.Tail)) : fresh;
    if (shown.length > 0) yield Buffer.concat(shown.map(withNewline).map(encodeFrame));
    if (!config.Follow || !wasRunning) {
      followers.get(id)?.delete(wake);
      return;
    }
    await changed;
    followers.get(id)?.delete(wake);
  }
}

await servePlugin(socketPath, ["LogDriver"], {
  "LogDriver.Capabilities": () => ({ Cap: { ReadLogs: true } }),
  "LogDriver.StartLogging": start,
  // The pipe's end says as much.
  "LogDriver.StopLogging": () => ({}),
  "LogDriver.ReadLogs": (request) => {
    const { id, path } = fileOf(request);
    return read(id, path, request["Config"] as ReadConfig);
  },
});
process.stdout.write("ready\n");
