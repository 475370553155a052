import type { ApiClient } from "../../../client/api-client.ts";
import { enablePlugin, removePlugin, setPlugin } from "../../../client/plugins/change.ts";
import { pullPlugin } from "../../../client/plugins/transfer.ts";
import { familiarString, parseNormalized, tagNameOnly } from "../../../spec/reference/reference.ts";
import { agreeToPlugin } from "../../agree-to-plugin.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool, string } from "../../flags/types.ts";
import { refuseContentTrust } from "../../options/foreign-flags.ts";
import { displayProgress } from "../../progress/display.ts";

export const command = defineCommand({
  usage: "[OPTIONS] PLUGIN [KEY=VALUE...]",
  args: { min: 1 },
  flags: {
    alias: string("Local name for plugin"),
    disable: bool("Do not enable the plugin on install"),
    "disable-content-trust": bool("Skip image verification", { default: true }),
    "grant-all-permissions": bool("Grant all permissions necessary to run the plugin"),
  },
  run: async (cli, { flags, given, args: [asked, ...assignments] }) => {
    refuseContentTrust(cli.env, flags["disable-content-trust"], given);
    const localName = flags.alias === "" ? "" : nameOfAlias(flags.alias);
    const client = await cli.client();
    const plugin = await agreeToPlugin(cli, client, asked!, { grantAll: flags["grant-all-permissions"] });
    const { name, messages } = await pullPlugin(client, plugin, localName);
    await displayProgress(messages, cli.stdout);
    if (assignments.length > 0) await setOrRemove(client, name, assignments);
    if (!flags.disable) await enablePlugin(client, name);
    cli.print(`Installed plugin ${asked}`);
    return 0;
  },
});

function nameOfAlias(alias: string): string {
  const reference = parseNormalized(alias);
  if (reference.digest !== undefined) throw new ExitError(1, `invalid name: ${alias}`);
  return familiarString(tagNameOnly(reference));
}

/** A plug-in that cannot be set as its user wants it is not kept. */
async function setOrRemove(client: ApiClient, name: string, assignments: readonly string[]): Promise<void> {
  try {
    await setPlugin(client, name, assignments);
  } catch (error) {
    await removePlugin(client, name, true);
    throw error;
  }
}
