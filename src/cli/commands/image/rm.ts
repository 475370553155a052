import { isKind, messageOf } from "../../../base/errors.ts";
import { removeImage } from "../../../client/images/remove.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool } from "../../flags/types.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  args: { min: 1 },
  flags: {
    force: bool("Force removal of the image", { short: "f" }),
    "no-prune": bool("Do not delete untagged parents"),
  },
  run: async (cli, { flags, args }) => {
    const client = await cli.client();
    const failures: string[] = [];
    let fatal = false;
    for (const name of args) {
      try {
        const items = await removeImage(client, name, { force: flags.force, noPrune: flags["no-prune"] });
        for (const { Deleted, Untagged } of items)
          cli.print(Deleted ? `Deleted: ${Deleted}` : `Untagged: ${Untagged}`);
      } catch (error) {
        if (!isKind(error, "notFound")) fatal = true;
        failures.push(messageOf(error));
      }
    }
    if (failures.length === 0) return 0;
    // With force, what is not there is told and no failure.
    if (flags.force && !fatal) cli.warn(failures.join("\n"));
    else throw new ExitError(1, failures.join("\n"));
    return 0;
  },
});
