import type { ApiClient } from "../client/api-client.ts";
import type { AttachedStream } from "../client/attached-stream.ts";
import { attachContainer } from "../client/containers/attach.ts";
import { killContainer } from "../client/containers/kill.ts";
import { resizeContainer } from "../client/containers/resize.ts";
import { startContainer } from "../client/containers/start.ts";
import { type Waiting, waitContainer } from "../client/containers/wait.ts";
import type { ContainerCreateRequest } from "../spec/engine-api/mod.ts";
import type { Cli } from "./cli.ts";
import { type CreateOptions, createWithPull } from "./create-container.ts";
import { ExitError } from "./exit.ts";
import { runError, startFailureCode } from "./run-error.ts";
import { type AttachmentEnd, runAttachment } from "./streams/attachment.ts";
import type { DetachKeys } from "./streams/detach-keys.ts";
import { followTerminalSize } from "./terminal/follow-size.ts";
import { rawMode } from "./terminal/raw-mode.ts";
import { proxySignals } from "./terminal/signal-proxy.ts";

export interface RunOptions {
  readonly detach: boolean;
  /** Undefined for one that nobody stays with. */
  readonly detachKeys: DetachKeys | undefined;
  readonly proxySignals: boolean;
  readonly create: CreateOptions;
}

/**
 * Creates and starts a container and stays with it, unless detached, until it exits. The result is the container's
 * exit code. The attachment and the wait stand before the start, so that neither output nor the exit can be missed.
 */
export async function runContainer(
  cli: Cli,
  body: ContainerCreateRequest,
  options: RunOptions,
): Promise<number> {
  const client = await cli.client();
  fitConsole(cli, body);
  const { Id: id } = await toldByRun(createWithPull(cli, body, options.create));
  if (options.detach) {
    try {
      await start(client, id);
    } finally {
      // docker tells it even where the start failed: the container may be there.
      cli.print(id);
    }
    return 0;
  }
  using _signals = options.proxySignals
    ? proxySignals((signal) => killContainer(client, id, signal))
    : undefined;
  const condition = body.HostConfig?.AutoRemove ? "removed" : "next-exit";
  const attaches = body.AttachStdin || body.AttachStdout || body.AttachStderr;
  const [stream, waiting] = await Promise.all([
    attaches ? attach(client, id, body, options) : undefined,
    waitContainer(client, id, condition),
  ]);
  return await stay(cli, client, { id, body, options, stream, waiting });
}

/** The engine makes the terminal in its final size, so that the first line is laid out right. */
function fitConsole(cli: Cli, body: ContainerCreateRequest): void {
  if (!body.Tty || !cli.stdout.isTTY) return;
  const [width, height] = cli.stdout.getWindowSize();
  body.HostConfig = { ...body.HostConfig, ConsoleSize: [height, width] };
}

function attach(
  client: ApiClient,
  id: string,
  body: ContainerCreateRequest,
  options: RunOptions,
): Promise<AttachedStream> {
  return attachContainer(client, id, {
    stream: true,
    stdin: body.AttachStdin ?? false,
    stdout: body.AttachStdout ?? false,
    stderr: body.AttachStderr ?? false,
    detachKeys: options.detachKeys?.text,
  });
}

async function start(client: ApiClient, id: string): Promise<void> {
  await toldByRun(startContainer(client, id));
}

/** What `doing` comes to; its failure in the dress, and with the exit code, that its text asks for. */
async function toldByRun<T>(doing: Promise<T>): Promise<T> {
  try {
    return await doing;
  } catch (error) {
    throw runError(error, "run", startFailureCode(error));
  }
}

interface Session {
  readonly id: string;
  readonly body: ContainerCreateRequest;
  readonly options: RunOptions;
  readonly stream: AttachedStream | undefined;
  readonly waiting: Waiting;
}

async function stay(
  cli: Cli,
  client: ApiClient,
  { id, body, options, stream, waiting }: Session,
): Promise<number> {
  const tty = body.Tty ?? false;
  using _raw = body.AttachStdin && tty ? await rawMode(cli.stdin) : undefined;
  const attachment = stream
    ? runAttachment({
        stream,
        stdin: body.AttachStdin ? cli.stdin : undefined,
        stdout: body.AttachStdout ? cli.out : undefined,
        stderr: body.AttachStderr ? cli.err : undefined,
        tty,
        detachKeys: tty ? (options.detachKeys?.bytes ?? []) : [],
      })
    : undefined;
  // A failing start is the news; what the attachment says then is not.
  attachment?.catch(() => {});
  try {
    await start(client, id);
  } catch (error) {
    stream?.close();
    if (body.HostConfig?.AutoRemove) await waiting.exit.catch(() => {});
    throw error;
  }
  using _size =
    tty && cli.stdout.isTTY
      ? followTerminalSize(
          cli.stdout,
          (height, width) => resizeContainer(client, id, height, width),
          () => cli.warn("failed to resize tty, using default size"),
        )
      : undefined;
  if (!stream) cli.print(id);
  const end: AttachmentEnd = (await attachment) ?? "ended";
  if (end === "detached") return 0;
  return await exitCode(waiting);
}

async function exitCode(waiting: Waiting): Promise<number> {
  const exit = await waiting.exit;
  if (exit.Error?.Message) throw new ExitError(125, `Error waiting for container: ${exit.Error.Message}`);
  return exit.StatusCode;
}
