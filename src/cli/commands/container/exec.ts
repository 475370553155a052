import type { ApiClient } from "../../../client/api-client.ts";
import { createExec } from "../../../client/exec/create.ts";
import { inspectExec } from "../../../client/exec/inspect.ts";
import { resizeExec } from "../../../client/exec/resize.ts";
import { startExecAttached, startExecDetached } from "../../../client/exec/start.ts";
import type { ExecCreateRequest } from "../../../spec/engine-api/mod.ts";
import type { Cli } from "../../cli.ts";
import { defineCommand } from "../../command.ts";
import { EXIT_COMMAND_NOT_FOUND, EXIT_NOT_EXECUTABLE, ExitError } from "../../exit.ts";
import { bool, list, string } from "../../flags/types.ts";
import { environment, environmentValue } from "../../options/key-values.ts";
import { runAttachment } from "../../streams/attachment.ts";
import { chooseDetachKeys } from "../../streams/detach-keys.ts";
import { checkTtyInput } from "../../streams/tty-input.ts";
import { followTerminalSize } from "../../terminal/follow-size.ts";
import { rawMode } from "../../terminal/raw-mode.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER COMMAND [ARG...]",
  args: { min: 2 },
  interspersed: false,
  flags: {
    detach: bool("Detached mode: run command in the background", { short: "d" }),
    "detach-keys": string("Override the key sequence for detaching a container"),
    env: list("Set environment variables", { short: "e", validate: environmentValue }),
    "env-file": list("Read in a file of environment variables"),
    interactive: bool("Keep STDIN open even if not attached", { short: "i" }),
    privileged: bool("Give extended privileges to the command"),
    tty: bool("Allocate a pseudo-TTY", { short: "t" }),
    user: string('Username or UID (format: "<name|uid>[:<group|gid>]")', { short: "u" }),
    workdir: string("Working directory inside the container", { short: "w" }),
  },
  run: async (cli, { flags, args }) => {
    const [container, ...words] = args;
    const attached = !flags.detach;
    const keys = chooseDetachKeys(cli, flags["detach-keys"]);
    const body: ExecCreateRequest = {
      User: flags.user,
      Privileged: flags.privileged,
      Tty: flags.tty,
      AttachStdin: attached && flags.interactive,
      AttachStdout: attached,
      AttachStderr: attached,
      Env: environment(flags["env-file"], flags.env, cli.env),
      WorkingDir: flags.workdir,
      Cmd: words,
      ...(keys.text === undefined ? {} : { DetachKeys: keys.text }),
    };
    if (attached) checkTtyInput(cli, flags.interactive, flags.tty);
    if (attached && flags.tty && cli.stdout.isTTY) {
      const [width, height] = cli.stdout.getWindowSize();
      body.ConsoleSize = [height, width];
    }
    const client = await cli.client();
    const { Id: id } = await createExec(client, container!, body);
    if (flags.detach) {
      await startExecDetached(client, id, { Tty: flags.tty });
      return 0;
    }
    return await stayWith(cli, client, id, body, keys.bytes);
  },
});

async function stayWith(
  cli: Cli,
  client: ApiClient,
  id: string,
  body: ExecCreateRequest,
  keys: readonly number[],
): Promise<number> {
  const tty = body.Tty ?? false;
  const start = { Tty: tty, ...(body.ConsoleSize ? { ConsoleSize: body.ConsoleSize } : {}) };
  const stream = await startExecAttached(client, id, start, body.AttachStdin ?? false);
  using _raw = tty && body.AttachStdin ? await rawMode(cli.stdin) : undefined;
  using _size =
    tty && cli.stdout.isTTY
      ? followTerminalSize(
          cli.stdout,
          (height, width) => resizeExec(client, id, height, width),
          () => cli.warn("failed to resize tty, using default size"),
        )
      : undefined;
  const end = await runAttachment({
    stream,
    stdin: body.AttachStdin ? cli.stdin : undefined,
    stdout: cli.out,
    stderr: cli.err,
    tty,
    detachKeys: tty ? keys : [],
  });
  if (end === "detached")
    throw new ExitError(1, "exec attach failed: error on attach stdin: read escape sequence");
  return exitCodeOf(await inspectExec(client, id));
}

function exitCodeOf({ ExitCode, Running }: { ExitCode: number | null; Running: boolean }): number {
  if (ExitCode !== null) return ExitCode;
  // The connection ended before the process did.
  return Running ? EXIT_NOT_EXECUTABLE : EXIT_COMMAND_NOT_FOUND;
}
