import { pushImage } from "../../../client/images/push.ts";
import type { OCIDescriptor, OCIPlatform } from "../../../spec/engine-api/mod.ts";
import { familiarName, fullString, parseNormalized, tagNameOnly } from "../../../spec/reference/reference.ts";
import { authForImage } from "../../auth.ts";
import type { Cli } from "../../cli.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool, string } from "../../flags/types.ts";
import { refuseContentTrust } from "../../options/foreign-flags.ts";
import { choosePlatform } from "../../options/platform.ts";
import { displayProgress } from "../../progress/display.ts";
import { drawNote } from "../../terminal/note.ts";
import { tint } from "../../terminal/tint.ts";

async function* silent<T extends { errorDetail?: unknown; error?: string; aux?: unknown }>(
  messages: AsyncIterable<T>,
): AsyncGenerator<T> {
  for await (const message of messages)
    if (message.errorDetail || message.error || message.aux) yield message;
}

const PLATFORM_USAGE = `Push a platform-specific manifest as a single-platform image to the registry.
Image index won't be pushed, meaning that other manifests, including attestations won't be preserved.
'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)`;

const PLATFORM_NOTE = `Using --platform pushes only the specified platform manifest of a multi-platform image index.
Other components, like attestations, will not be included.
To push the complete multi-platform image, remove the --platform flag.
`;

const NOT_ALL_PRESENT =
  "Not all multiplatform-content is present and only the available single-platform image was pushed";

/** What an engine says where not all of an index could be pushed. */
interface PushedInstead {
  readonly manifestPushedInsteadOfIndex?: boolean;
  readonly originalIndex: OCIDescriptor;
  readonly selectedManifest: OCIDescriptor;
}

function choosePushed(cli: Cli, text: string): OCIPlatform | undefined {
  try {
    return choosePlatform(text, "");
  } catch (error) {
    cli.stderr.write(`Invalid platform ${text}`);
    throw error;
  }
}

export const command = defineCommand({
  usage: "[OPTIONS] NAME[:TAG]",
  args: { min: 1, max: 1 },
  flags: {
    "all-tags": bool("Push all tags of an image to the repository", { short: "a" }),
    "disable-content-trust": bool("Skip image signing", { default: true }),
    platform: string(PLATFORM_USAGE),
    quiet: bool("Suppress verbose output", { short: "q" }),
  },
  run: async (cli, { flags, given, args }) => {
    refuseContentTrust(cli.env, flags["disable-content-trust"], given);
    const platform = choosePushed(cli, flags.platform);
    const isTerminal = cli.stdout.isTTY === true;
    if (platform) cli.write(drawNote(PLATFORM_NOTE, isTerminal, "--platform"));
    const parsed = parseNormalized(args[0]!);
    if (flags["all-tags"] && parsed.tag !== undefined)
      throw new ExitError(1, "tag can't be used with --all-tags/-a");
    const reference = flags["all-tags"] ? parsed : tagNameOnly(parsed);
    if (!flags["all-tags"] && parsed.tag === undefined && !flags.quiet)
      cli.print(`Using default tag: ${reference.tag}`);
    const messages = pushImage(await cli.client(), {
      image: familiarName(reference),
      tag: flags["all-tags"] ? undefined : reference.tag,
      platform,
      auth: await authForImage(cli, args[0]!),
    });
    const notes: string[] = [];
    try {
      await displayProgress(flags.quiet ? silent(messages) : messages, cli.stdout, (aux) => {
        const { manifestPushedInsteadOfIndex, originalIndex, selectedManifest } = aux as PushedInstead;
        if (!manifestPushedInsteadOfIndex) return;
        const from = tint(originalIndex.digest, ["red"]);
        const to = tint(selectedManifest.digest, ["green"]);
        notes.push(`${NOT_ALL_PRESENT}\n${from} -> ${to}`);
      });
      if (flags.quiet) cli.print(fullString(reference));
    } finally {
      for (const note of notes) cli.write(drawNote(note, isTerminal));
    }
    return 0;
  },
});
