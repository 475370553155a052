import { messageOf } from "../../../base/errors.ts";
import type { ApiClient } from "../../../client/api-client.ts";
import { attachContainer } from "../../../client/containers/attach.ts";
import { inspectContainer } from "../../../client/containers/inspect.ts";
import { killContainer } from "../../../client/containers/kill.ts";
import { resizeContainer } from "../../../client/containers/resize.ts";
import { startContainer } from "../../../client/containers/start.ts";
import { waitContainer } from "../../../client/containers/wait.ts";
import type { Cli } from "../../cli.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool, string } from "../../flags/types.ts";
import { runAttachment } from "../../streams/attachment.ts";
import { chooseDetachKeys, type DetachKeys } from "../../streams/detach-keys.ts";
import { checkTtyInput } from "../../streams/tty-input.ts";
import { followTerminalSize } from "../../terminal/follow-size.ts";
import { rawMode } from "../../terminal/raw-mode.ts";
import { proxySignals } from "../../terminal/signal-proxy.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  args: { min: 1 },
  flags: {
    attach: bool("Attach STDOUT/STDERR and forward signals", { short: "a" }),
    "detach-keys": string("Override the key sequence for detaching a container"),
    interactive: bool("Attach container's STDIN", { short: "i" }),
  },
  run: async (cli, { flags, args }) => {
    const client = await cli.client();
    if (!flags.attach && !flags.interactive) return await startAll(cli, client, args);
    if (args.length > 1) throw new ExitError(1, "you cannot start and attach multiple containers at once");
    const keys = chooseDetachKeys(cli, flags["detach-keys"]);
    return await startAttached(cli, client, args[0]!, { stdin: flags.interactive, keys });
  },
});

async function startAll(cli: Cli, client: ApiClient, names: readonly string[]): Promise<number> {
  const failed: string[] = [];
  for (const name of names) {
    try {
      await startContainer(client, name);
      cli.print(name);
    } catch (error) {
      cli.warn(messageOf(error));
      failed.push(name);
    }
  }
  if (failed.length === 0) return 0;
  throw new ExitError(1, `Error: failed to start containers: ${failed.join(", ")}`);
}

interface AttachRequest {
  readonly stdin: boolean;
  readonly keys: DetachKeys;
}

async function startAttached(
  cli: Cli,
  client: ApiClient,
  name: string,
  request: AttachRequest,
): Promise<number> {
  const { Config, Id, HostConfig } = await inspectContainer(client, name);
  const tty = Config.Tty ?? false;
  const stdin = request.stdin && (Config.OpenStdin ?? false);
  checkTtyInput(cli, stdin, tty);
  using _signals = tty ? undefined : proxySignals((signal) => killContainer(client, Id, signal));
  const [stream, waiting] = await Promise.all([
    attachContainer(client, Id, {
      stream: true,
      stdin,
      stdout: true,
      stderr: true,
      detachKeys: request.keys.text,
    }),
    waitContainer(client, Id, HostConfig.AutoRemove ? "removed" : "next-exit"),
  ]);
  using _raw = tty && stdin ? await rawMode(cli.stdin) : undefined;
  const attachment = runAttachment({
    stream,
    stdin: stdin ? cli.stdin : undefined,
    stdout: cli.out,
    stderr: cli.err,
    tty,
    detachKeys: tty ? request.keys.bytes : [],
  });
  // A failing start is the news; what the attachment says then is not.
  attachment.catch(() => {});
  try {
    await startContainer(client, Id);
  } catch (error) {
    stream.close();
    throw error;
  }
  using _size =
    tty && cli.stdout.isTTY
      ? followTerminalSize(
          cli.stdout,
          (height, width) => resizeContainer(client, Id, height, width),
          () => cli.warn("failed to resize tty, using default size"),
        )
      : undefined;
  if ((await attachment) === "detached") return 0;
  return (await waiting.exit).StatusCode;
}
