import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import type { Readable } from "node:stream";
import { importImage } from "../../../client/images/import.ts";
import type { Cli } from "../../cli.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { list, string } from "../../flags/types.ts";
import { platformFlag } from "../../options/platform.ts";
import { displayProgress } from "../../progress/display.ts";

/** A URL is for the engine to fetch; a file's bytes are sent. */
async function sourceOf(cli: Cli, source: string): Promise<{ source: string; tar?: Readable }> {
  if (source === "-") return { source: "-", tar: cli.stdin };
  if (/^https?:\/\//.test(source)) return { source };
  await access(source).catch(() => {
    throw new ExitError(1, `open ${source}: no such file or directory`);
  });
  return { source: "-", tar: createReadStream(source) };
}

export const command = defineCommand({
  usage: "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
  args: { min: 1 },
  flags: {
    change: list("Apply Dockerfile instruction to the created image", { short: "c" }),
    message: string("Set commit message for imported image", { short: "m" }),
    platform: platformFlag,
  },
  run: async (cli, { flags, args }) => {
    const [source, name] = args;
    const messages = importImage(await cli.client(), {
      ...(await sourceOf(cli, source!)),
      repository: name,
      message: flags.message || undefined,
      changes: flags.change,
      platform: flags.platform || undefined,
    });
    await displayProgress(messages, cli.stdout);
    return 0;
  },
});
