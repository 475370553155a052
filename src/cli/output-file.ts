import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { messageOf } from "../base/errors.ts";
import { describeFileError } from "../base/file-error.ts";
import type { Cli } from "./cli.ts";
import { ExitError } from "./exit.ts";
import { copyOutput } from "./streams/demultiplex.ts";

/** Errors: ExitError where an archive would go to a terminal, or to a folder that does not exist. */
export async function checkOutput(cli: Cli, path: string, doing: string): Promise<void> {
  if (path === "") {
    if (cli.stdout.isTTY)
      throw new ExitError(1, "cowardly refusing to save to a terminal. Use the -o flag or redirect");
    return;
  }
  const folder = dirname(path);
  const invalid = (reason: string) => new ExitError(1, `failed to ${doing}: invalid output path: ${reason}`);
  const found = await stat(folder).catch((error: unknown) => {
    throw invalid(describeFileError(error, folder));
  });
  if (!found.isDirectory()) throw invalid(`stat ${folder}: not a directory`);
}

/** Writes an archive to a file, whole or not at all, or to stdout. */
export async function writeOutput(cli: Cli, archive: Readable, path: string): Promise<void> {
  if (path === "") return await copyOutput(archive, cli.out);
  const target = await stat(path).catch(() => undefined);
  // A device or a pipe cannot be put in place by a rename.
  const direct = target !== undefined && !target.isFile();
  const partial = direct ? path : `${path}.${process.pid}.tmp`;
  try {
    await pipeline(archive, createWriteStream(partial, { mode: 0o600 }));
    if (!direct) await rename(partial, path);
  } catch (error) {
    if (!direct) await rm(partial, { force: true });
    throw new ExitError(1, messageOf(error));
  }
}
