import { attachContainer } from "../../../client/containers/attach.ts";
import { inspectContainer } from "../../../client/containers/inspect.ts";
import { killContainer } from "../../../client/containers/kill.ts";
import { resizeContainer } from "../../../client/containers/resize.ts";
import { waitContainer } from "../../../client/containers/wait.ts";
import type { ContainerState } from "../../../spec/engine-api/mod.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool, string } from "../../flags/types.ts";
import { runAttachment } from "../../streams/attachment.ts";
import { chooseDetachKeys } from "../../streams/detach-keys.ts";
import { checkTtyInput } from "../../streams/tty-input.ts";
import { followTerminalSize } from "../../terminal/follow-size.ts";
import { rawMode } from "../../terminal/raw-mode.ts";
import { proxySignals } from "../../terminal/signal-proxy.ts";

function checkRunning(state: ContainerState): void {
  if (!state.Running) throw new ExitError(1, "You cannot attach to a stopped container, start it first");
  if (state.Paused) throw new ExitError(1, "You cannot attach to a paused container, unpause it first");
  if (state.Restarting)
    throw new ExitError(1, "You cannot attach to a restarting container, wait until it is running");
}

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER",
  args: { min: 1, max: 1 },
  flags: {
    "detach-keys": string("Override the key sequence for detaching a container"),
    "no-stdin": bool("Do not attach STDIN"),
    "sig-proxy": bool("Proxy all received signals to the process", { default: true }),
  },
  run: async (cli, { flags, args }) => {
    const client = await cli.client();
    const { Config, Id, State } = await inspectContainer(client, args[0]!);
    checkRunning(State);
    const tty = Config.Tty ?? false;
    const stdin = !flags["no-stdin"] && (Config.OpenStdin ?? false);
    checkTtyInput(cli, stdin, tty);
    const keys = chooseDetachKeys(cli, flags["detach-keys"]);
    using _signals =
      flags["sig-proxy"] && !tty ? proxySignals((signal) => killContainer(client, Id, signal)) : undefined;
    const [stream, waiting] = await Promise.all([
      attachContainer(client, Id, {
        stream: true,
        stdin,
        stdout: true,
        stderr: true,
        detachKeys: keys.text,
      }),
      waitContainer(client, Id),
    ]);
    using _raw = tty && stdin ? await rawMode(cli.stdin) : undefined;
    using _size =
      tty && cli.stdout.isTTY
        ? followTerminalSize(
            cli.stdout,
            (height, width) => resizeContainer(client, Id, height, width),
            () => cli.warn("failed to resize tty, using default size"),
            { redraw: true },
          )
        : undefined;
    // What is typed is for the final size.
    await _size?.fitted;
    const end = await runAttachment({
      stream,
      stdin: stdin ? cli.stdin : undefined,
      stdout: cli.out,
      stderr: cli.err,
      tty,
      detachKeys: tty ? keys.bytes : [],
    });
    if (end === "detached") throw new ExitError(1, "read escape sequence");
    return (await waiting.exit).StatusCode;
  },
});
