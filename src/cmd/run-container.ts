import type { AttachSession } from "../core/containers/streams.ts";
import type { ContainerService } from "../services/containers/container-service.ts";
import type { HostConfig } from "../spec/engine-api/mod.ts";

/** What `engine.run` runs. */
export interface RunOptions {
  /** Reference or id of an image that is there. */
  readonly image: string;
  /** Command and arguments; the image's own where undefined. */
  readonly command?: readonly string[];
  /** `NAME=value` by name. */
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  readonly user?: string;
  /** Bytes for the program's stdin; it is closed behind them. */
  readonly stdin?: Uint8Array;
  /** Everything else, as the Engine API has it. */
  readonly hostConfig?: HostConfig;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/**
 * Runs a container to its end and removes it; what it wrote is in memory.
 * Errors: notFound (image), invalidArgument, and what a start can throw.
 */
export async function runContainer(containers: ContainerService, options: RunOptions): Promise<RunResult> {
  const { id } = await containers.create({
    name: "",
    platform: undefined,
    request: {
      Image: options.image,
      ...(options.command ? { Cmd: [...options.command] } : {}),
      ...(options.workingDir ? { WorkingDir: options.workingDir } : {}),
      ...(options.user ? { User: options.user } : {}),
      Env: Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
      AttachStdout: true,
      AttachStderr: true,
      OpenStdin: options.stdin !== undefined,
      StdinOnce: options.stdin !== undefined,
      HostConfig: { ...options.hostConfig, AutoRemove: true },
    },
  });
  const ending = new AbortController();
  const session = await containers.attach(id, {
    stdin: options.stdin !== undefined,
    stdout: true,
    stderr: true,
    stream: true,
    logs: false,
    detachKeys: "",
    signal: ending.signal,
  });
  try {
    const output = collect(session);
    const { result } = await containers.wait(id, "removed", { signal: ending.signal });
    await containers.start(id);
    if (options.stdin) {
      await session.write(options.stdin);
      await session.closeStdin();
    }
    const [{ StatusCode: exitCode }, { stdout, stderr }] = await Promise.all([result, output]);
    return { exitCode, stdout, stderr };
  } finally {
    session.close();
    ending.abort();
  }
}

async function collect(
  session: AttachSession,
): Promise<{ readonly stdout: Buffer; readonly stderr: Buffer }> {
  const chunks = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  for await (const { stream, bytes } of session.output) chunks[stream].push(bytes);
  return { stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr) };
}
