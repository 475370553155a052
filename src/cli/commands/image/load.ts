import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { loadImages } from "../../../client/images/load.ts";
import { decodeJsonStream } from "../../../spec/engine-api/json-stream.ts";
import type { ProgressMessage } from "../../../spec/engine-api/mod.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool, string } from "../../flags/types.ts";
import { choosePlatform, variantFlag } from "../../options/platform.ts";
import { displayProgress } from "../../progress/display.ts";
import { copyOutput } from "../../streams/demultiplex.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: {
    input: string("Read from tar archive file, instead of STDIN", { short: "i" }),
    platform: variantFlag("Load only the given platform variant"),
    quiet: bool("Suppress the load output", { short: "q" }),
  },
  run: async (cli, { flags }) => {
    if (flags.input === "" && cli.stdin.isTTY)
      throw new ExitError(1, "requested load from stdin, but stdin is empty");
    if (flags.input !== "")
      await access(flags.input).catch(() => {
        throw new ExitError(1, `open ${flags.input}: no such file or directory`);
      });
    const platform = choosePlatform(flags.platform);
    const tar = flags.input === "" ? cli.stdin : createReadStream(flags.input);
    const quiet = flags.quiet || !cli.stdout.isTTY;
    const answer = await loadImages(await cli.client(), tar, { quiet, platform });
    const isJson = String(answer.headers["content-type"] ?? "").startsWith("application/json");
    if (isJson) await displayProgress(decodeJsonStream<ProgressMessage>(answer), cli.stdout);
    else await copyOutput(answer, cli.out);
    return 0;
  },
});
