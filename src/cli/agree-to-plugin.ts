import type { ApiClient } from "../client/api-client.ts";
import { type AgreedPlugin, pluginPrivileges } from "../client/plugins/transfer.ts";
import { fullString, parseNormalized } from "../spec/reference/reference.ts";
import { authForImage } from "./auth.ts";
import type { Cli } from "./cli.ts";
import { ask } from "./confirm.ts";
import { ExitError } from "./exit.ts";

/**
 * The plug-in that `given` names in a registry. The user agrees to what it asks for, unless all was granted beforehand; one
 * that asks for nothing is not asked about. Errors: ExitError where the user does not agree.
 */
export async function agreeToPlugin(
  cli: Cli,
  client: ApiClient,
  given: string,
  { grantAll }: { readonly grantAll: boolean },
): Promise<AgreedPlugin> {
  const plugin = { remote: fullString(parseNormalized(given)), auth: await authForImage(cli, given) };
  const privileges = await pluginPrivileges(client, plugin);
  if (privileges.length === 0 || grantAll) return { ...plugin, privileges };
  cli.print(`Plugin ${JSON.stringify(given)} is requesting the following privileges:`);
  for (const { Name, Value } of privileges) cli.print(` - ${Name}: [${Value.join(" ")}]`);
  if (await ask(cli, "Do you grant the above permissions?")) return { ...plugin, privileges };
  throw new ExitError(1, `permission denied while installing plugin ${plugin.remote}`);
}
