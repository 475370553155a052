import { invalidArgument } from "../../../base/errors.ts";
import { parseNormalized } from "../../../spec/reference/reference.ts";
import { defineCommand } from "../../command.ts";
import { bool } from "../../flags/types.ts";
import { refuseContentTrust } from "../../options/foreign-flags.ts";
import { platformFlag } from "../../options/platform.ts";
import { pullWithProgress } from "../../pull-with-progress.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NAME[:TAG|@DIGEST]",
  args: { min: 1, max: 1 },
  flags: {
    "all-tags": bool("Download all tagged images in the repository", { short: "a" }),
    "disable-content-trust": bool("Skip image verification", { default: true }),
    platform: platformFlag,
    quiet: bool("Suppress verbose output", { short: "q" }),
  },
  run: async (cli, { flags, given, args }) => {
    refuseContentTrust(cli.env, flags["disable-content-trust"], given);
    const image = args[0]!;
    const reference = parseNormalized(image);
    const versioned = reference.tag !== undefined || reference.digest !== undefined;
    if (flags["all-tags"] && versioned) throw invalidArgument("tag can't be used with --all-tags/-a");
    if (!flags["all-tags"] && !versioned && !flags.quiet) cli.print("Using default tag: latest");
    const name = await pullWithProgress(cli, {
      image,
      allTags: flags["all-tags"],
      platform: flags.platform || undefined,
      quiet: flags.quiet,
      target: cli.stdout,
    });
    cli.print(name);
    return 0;
  },
});
