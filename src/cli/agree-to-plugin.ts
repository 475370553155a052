import type { PluginPrivilege } from "../spec/engine-api/mod.ts";
import type { Cli } from "./cli.ts";
import { ask } from "./confirm.ts";
import { ExitError } from "./exit.ts";

/** The user agrees to what a plug-in asks for; one that asks for nothing is not asked about. Errors: ExitError. */
export async function agreeToPrivileges(
  cli: Cli,
  given: string,
  remote: string,
  privileges: readonly PluginPrivilege[],
): Promise<void> {
  if (privileges.length === 0) return;
  cli.print(`Plugin ${JSON.stringify(given)} is requesting the following privileges:`);
  for (const { Name, Value } of privileges) cli.print(` - ${Name}: [${Value.join(" ")}]`);
  if (await ask(cli, "Do you grant the above permissions?")) return;
  throw new ExitError(1, `permission denied while installing plugin ${remote}`);
}
