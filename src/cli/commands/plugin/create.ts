import { lstat, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline, type Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { createPlugin } from "../../../client/plugins/create.ts";
import { parseNormalized } from "../../../spec/reference/reference.ts";
import { defineCommand } from "../../command.ts";
import { packPath } from "../../copy/pack-path.ts";
import { ExitError } from "../../exit.ts";
import { bool } from "../../flags/types.ts";

export const command = defineCommand({
  usage: "[OPTIONS] PLUGIN PLUGIN-DATA-DIR",
  args: { min: 2 },
  flags: { compress: bool("Compress the context using gzip") },
  run: async (cli, { flags, args: [name, folder] }) => {
    parseNormalized(name!);
    const directory = resolve(folder!);
    const found = await lstat(directory).catch(() => missing("lstat", directory));
    if (!found.isDirectory()) throw new ExitError(1, "context must be a directory");
    const config = join(directory, "config.json");
    JSON.parse(await readFile(config, "utf8").catch(() => missing("open", config)));
    const archive = packPath(directory, { rename: ".", followLink: false });
    await createPlugin(await cli.client(), name!, flags.compress ? compressed(archive) : archive);
    cli.print(name!);
    return 0;
  },
});

function missing(call: string, path: string): never {
  throw new ExitError(1, `${call} ${path}: no such file or directory`);
}

/** A failure of the source ends the result with it, which whoever sends it hears of. */
function compressed(source: Readable): Readable {
  return pipeline(source, createGzip(), () => {});
}
