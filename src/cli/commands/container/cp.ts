import { defineCommand } from "../../command.ts";
import { copyFromContainer } from "../../copy/copy-from.ts";
import { copyToContainer } from "../../copy/copy-to.ts";
import { ExitError } from "../../exit.ts";
import { bool } from "../../flags/types.ts";

/** `CONTAINER:PATH` apart; a path alone has no container. A colon behind a slash or a leading dot is part of a path. */
function split(text: string): { container: string; path: string } {
  const colon = text.indexOf(":");
  const isPath =
    text.startsWith("/") || text.startsWith(".") || colon < 0 || text.slice(0, colon).includes("/");
  return isPath
    ? { container: "", path: text }
    : { container: text.slice(0, colon), path: text.slice(colon + 1) };
}

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-",
  moreUsage: ["[OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH"],
  description: `Copy files/folders between a container and the local filesystem

Use '-' as the source to read a tar archive from stdin
and extract it to a directory destination in a container.
Use '-' as the destination to stream a tar archive of a
container source to stdout.`,
  args: { min: 2, max: 2 },
  flags: {
    archive: bool("Archive mode (copy all uid/gid information)", { short: "a" }),
    "follow-link": bool("Always follow symbol link in SRC_PATH", { short: "L" }),
    quiet: bool(
      "Suppress progress output during copy. Progress output is automatically suppressed if no terminal is attached",
      { short: "q" },
    ),
  },
  run: async (cli, { flags, args }) => {
    const [source, target] = [split(args[0]!), split(args[1]!)];
    if (args[0] === "") throw new ExitError(1, "source can not be empty");
    if (args[1] === "") throw new ExitError(1, "destination can not be empty");
    if (source.container !== "" && target.container !== "")
      throw new ExitError(1, "copying between containers is not supported");
    if (source.container === "" && target.container === "")
      throw new ExitError(1, "must specify at least one container source");
    const client = await cli.client();
    const followLink = flags["follow-link"];
    if (source.container !== "")
      await copyFromContainer(cli, client, {
        container: source.container,
        source: source.path,
        target: target.path,
        followLink,
      });
    else
      await copyToContainer(cli, client, {
        source: source.path,
        container: target.container,
        target: target.path,
        followLink,
        copyUidGid: flags.archive,
      });
    if (!flags.quiet && cli.stderr.isTTY) cli.warn(`Successfully copied to ${args[1]}`);
    return 0;
  },
});
