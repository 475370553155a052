import { commitContainer } from "../../../client/containers/commit.ts";
import { familiarName, parseNormalized, tagNameOnly } from "../../../spec/reference/reference.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool, list, string } from "../../flags/types.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
  args: { min: 1, max: 2 },
  flags: {
    author: string('Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")', { short: "a" }),
    change: list("Apply Dockerfile instruction to the created image", { short: "c" }),
    message: string("Commit message", { short: "m" }),
    pause: bool("Pause container during commit", { short: "p", default: true }),
  },
  run: async (cli, { flags, args }) => {
    const [container, name] = args;
    const image = name === undefined ? undefined : tagNameOnly(parseNormalized(name));
    if (image?.digest !== undefined) throw new ExitError(1, "cannot commit to digest reference");
    const { Id } = await commitContainer(await cli.client(), container!, {
      comment: flags.message,
      author: flags.author,
      changes: flags.change,
      pause: flags.pause,
      ...(image ? { repository: familiarName(image), tag: image.tag ?? "" } : {}),
    });
    cli.print(Id);
    return 0;
  },
});
