import { messageOf } from "../../../base/errors.ts";
import { inspectPlugin } from "../../../client/plugins/inspect.ts";
import { upgradePlugin } from "../../../client/plugins/transfer.ts";
import {
  familiarString,
  fullString,
  parseNormalized,
  tagNameOnly,
} from "../../../spec/reference/reference.ts";
import { agreeToPlugin } from "../../agree-to-plugin.ts";
import { defineCommand } from "../../command.ts";
import { ask } from "../../confirm.ts";
import { ExitError } from "../../exit.ts";
import { bool } from "../../flags/types.ts";
import { refuseContentTrust } from "../../options/foreign-flags.ts";
import { displayProgress } from "../../progress/display.ts";

export const command = defineCommand({
  usage: "[OPTIONS] PLUGIN [REMOTE]",
  args: { min: 1, max: 2 },
  flags: {
    "disable-content-trust": bool("Skip image verification", { default: true }),
    "grant-all-permissions": bool("Grant all permissions necessary to run the plugin"),
    "skip-remote-check": bool("Do not check if specified remote plugin matches existing plugin image"),
  },
  run: async (cli, { flags, given, args }) => {
    refuseContentTrust(cli.env, flags["disable-content-trust"], given);
    const client = await cli.client();
    const plugin = await inspectPlugin(client, args[0]!).catch((error) => {
      throw new ExitError(1, `error reading plugin data: ${messageOf(error)}`);
    });
    if (plugin.Enabled) throw new ExitError(1, "the plugin must be disabled before upgrading");
    const before = plugin.PluginReference ?? "";
    const asked = args[1] || before;
    const remote = parseOrExit(asked, "error parsing remote upgrade image reference");
    const old = parseOrExit(before, "error parsing current image reference");
    cli.print(`Upgrading plugin ${plugin.Name} from ${familiarString(old)} to ${familiarString(remote)}`);
    const differs = fullString(remote) !== fullString(old);
    if (differs && !flags["skip-remote-check"]) {
      // Docker says nothing to who changes their mind.
      if (!(await ask(cli, "Plugin images do not match, are you sure?"))) return 0;
    }
    const source = await agreeToPlugin(cli, client, asked, { grantAll: flags["grant-all-permissions"] });
    const { messages } = await upgradePlugin(client, source, plugin.Name);
    await displayProgress(messages, cli.stdout);
    cli.print(`Upgraded plugin ${plugin.Name} to ${asked}`);
    return 0;
  },
});

function parseOrExit(text: string, what: string) {
  try {
    return tagNameOnly(parseNormalized(text));
  } catch (error) {
    throw new ExitError(1, `${what}: ${messageOf(error)}`);
  }
}
