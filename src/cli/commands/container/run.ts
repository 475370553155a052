import { defineCommand } from "../../command.ts";
import { checkPullPolicy } from "../../create-container.ts";
import { ExitError } from "../../exit.ts";
import { bool, string } from "../../flags/types.ts";
import { containerCreateRequest } from "../../options/container-config.ts";
import { containerFlags } from "../../options/container-flags.ts";
import { proxiesOf } from "../../options/proxies.ts";
import { runContainer } from "../../run-container.ts";
import { runError } from "../../run-error.ts";
import { chooseDetachKeys } from "../../streams/detach-keys.ts";
import { checkTtyInput } from "../../streams/tty-input.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  args: { min: 1 },
  interspersed: false,
  flags: {
    ...containerFlags,
    detach: bool("Run container in background and print container ID", { short: "d" }),
    "detach-keys": string("Override the key sequence for detaching a container"),
    pull: string('Pull image before running ("always", "missing", "never")', { default: "missing" }),
    "sig-proxy": bool("Proxy received signals to the process", { default: true }),
  },
  run: async (cli, { flags, given, args }) => {
    try {
      const [image, ...words] = args;
      const body = containerCreateRequest({
        flags,
        given,
        image: image!,
        command: words,
        env: cli.env,
        proxies: proxiesOf(cli),
      });
      if (flags.detach) {
        if (flags.attach.length > 0)
          throw new ExitError(1, "conflicting options: cannot specify both --attach and --detach");
        Object.assign(body, {
          AttachStdin: false,
          AttachStdout: false,
          AttachStderr: false,
          StdinOnce: false,
        });
      } else checkTtyInput(cli, body.AttachStdin === true, flags.tty);
      checkPullPolicy(flags.pull);
      return await runContainer(cli, body, {
        detach: flags.detach,
        detachKeys: flags.detach ? undefined : chooseDetachKeys(cli, flags["detach-keys"]),
        proxySignals: flags["sig-proxy"],
        create: {
          name: flags.name,
          platform: flags.platform,
          pull: flags.pull,
          quiet: flags.quiet,
          cidFile: flags.cidfile,
        },
      });
    } catch (error) {
      throw runError(error, "run");
    }
  },
});
