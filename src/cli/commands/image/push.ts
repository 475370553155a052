import { pushImage } from "../../../client/images/push.ts";
import {
  familiarName,
  familiarString,
  parseNormalized,
  tagNameOnly,
} from "../../../spec/reference/reference.ts";
import { authForImage } from "../../auth.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool, string } from "../../flags/types.ts";
import { displayProgress } from "../../progress/display.ts";

async function* silent<T extends { errorDetail?: unknown; error?: string }>(
  messages: AsyncIterable<T>,
): AsyncGenerator<T> {
  for await (const message of messages) if (message.errorDetail || message.error) yield message;
}

export const command = defineCommand({
  usage: "[OPTIONS] NAME[:TAG]",
  args: { min: 1, max: 1 },
  flags: {
    "all-tags": bool("Push all tags of an image to the repository", { short: "a" }),
    "disable-content-trust": bool("Skip image signing", { default: true }),
    platform: string("Push a platform-specific manifest as a single-platform image to the registry"),
    quiet: bool("Suppress verbose output", { short: "q" }),
  },
  run: async (cli, { flags, args }) => {
    const parsed = parseNormalized(args[0]!);
    if (flags["all-tags"] && parsed.tag !== undefined)
      throw new ExitError(1, "tag can't be used with --all-tags/-a");
    const reference = flags["all-tags"] ? parsed : tagNameOnly(parsed);
    if (!flags["all-tags"] && parsed.tag === undefined && !flags.quiet)
      cli.print(`Using default tag: ${reference.tag}`);
    const [os, architecture, variant] = flags.platform.split("/");
    const messages = pushImage(await cli.client(), {
      image: familiarName(reference),
      tag: flags["all-tags"] ? undefined : reference.tag,
      platform: flags.platform === "" ? undefined : { os, architecture, ...(variant ? { variant } : {}) },
      auth: await authForImage(cli, args[0]!),
    });
    await displayProgress(flags.quiet ? silent(messages) : messages, cli.stdout);
    if (flags.quiet) cli.print(familiarString(reference));
    return 0;
  },
});
