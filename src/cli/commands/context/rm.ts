import { existsSync } from "node:fs";
import { messageOf } from "../../../base/errors.ts";
import { DEFAULT_CONTEXT } from "../../../client/contexts/context-name.ts";
import { contextPaths } from "../../../client/contexts/context-store.ts";
import { removeContext } from "../../../client/contexts/write-context.ts";
import type { Cli } from "../../cli.ts";
import { defineCommand } from "../../command.ts";
import { writeCurrentContext } from "../../contexts/write-current-context.ts";
import { currentContext } from "../../endpoint-sources.ts";
import { ExitError } from "../../exit.ts";
import { bool } from "../../flags/types.ts";

export const command = defineCommand({
  usage: "CONTEXT [CONTEXT...]",
  args: { min: 1 },
  flags: { force: bool("Force the removal of a context in use", { short: "f" }) },
  run: async (cli, { flags, args }) => {
    const failures: string[] = [];
    for (const name of args) {
      try {
        await remove(cli, name, flags.force);
        cli.print(name);
      } catch (error) {
        failures.push(messageOf(error));
      }
    }
    if (failures.length > 0) throw new ExitError(1, failures.join("\n"));
    return 0;
  },
});

async function remove(cli: Cli, name: string, force: boolean): Promise<void> {
  const quoted = JSON.stringify(name);
  if (name === DEFAULT_CONTEXT) throw new Error(`context ${quoted} cannot be removed`);
  if (name === currentContext(cli)) {
    if (!force) throw new Error(`context ${quoted} is in use, set -f flag to force remove`);
    await writeCurrentContext(cli, DEFAULT_CONTEXT);
  }
  if (!force && !existsSync(contextPaths(cli.configDir, name).meta))
    throw new Error(`context ${quoted} does not exist`);
  await removeContext(cli.configDir, name);
}
