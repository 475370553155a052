import { mkdir, readlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ClientConfig } from "./config-file.ts";
import { writeWholeFile } from "./write-whole-file.ts";

/**
 * The configuration in `dir` is `config`, whole or not at all, readable by its owner only. A link in the file's
 * place stays one. After a crash either the old or the new one is there.
 */
export async function writeClientConfig(dir: string, config: ClientConfig): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const named = join(dir, "config.json");
  const target = await readlink(named).then(
    (link) => resolve(dirname(named), link),
    // No link: the file itself, which need not be there yet.
    () => named,
  );
  await writeWholeFile(target, JSON.stringify(config, undefined, "\t"), 0o600);
}
