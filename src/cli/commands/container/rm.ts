import { isKind } from "../../../base/errors.ts";
import { removeContainer } from "../../../client/containers/remove.ts";
import { defineCommand } from "../../command.ts";
import { bool } from "../../flags/types.ts";
import { forEachAtOnce } from "../../for-each.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  args: { min: 1 },
  flags: {
    force: bool("Force the removal of a running container (uses SIGKILL)", { short: "f" }),
    link: bool("Remove the specified link", { short: "l" }),
    volumes: bool("Remove anonymous volumes associated with the container", { short: "v" }),
  },
  run: async (cli, { flags, args }) => {
    const client = await cli.client();
    return await forEachAtOnce(cli, args, async (name) => {
      const trimmed = name.replace(/^\/+|\/+$/g, "");
      if (trimmed === "") throw new Error("Container name cannot be empty");
      try {
        await removeContainer(client, trimmed, flags);
      } catch (error) {
        // With force, what is gone already is told and counts as removed.
        if (!flags.force || !isKind(error, "notFound")) throw error;
        cli.warn(error.message);
      }
    });
  },
});
