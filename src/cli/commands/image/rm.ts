import { isKind, messageOf } from "../../../base/errors.ts";
import { removeImage } from "../../../client/images/remove.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool, strings } from "../../flags/types.ts";
import { choosePlatform } from "../../options/platform.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  args: { min: 1 },
  flags: {
    force: bool("Force removal of the image", { short: "f" }),
    "no-prune": bool("Do not delete untagged parents"),
    platform: strings(
      'Remove only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    ),
  },
  run: async (cli, { flags, args }) => {
    const platforms = flags.platform.map((text) => choosePlatform(text, "")!);
    const client = await cli.client();
    const failures: string[] = [];
    let fatal = false;
    for (const name of args) {
      try {
        const options = { force: flags.force, noPrune: flags["no-prune"], platforms };
        const items = await removeImage(client, name, options);
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
