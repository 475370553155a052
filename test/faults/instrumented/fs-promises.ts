import * as fs from "node:fs/promises";
import { beforeEffect, effect } from "./effect.ts";

// What is named below takes the place of what the star brings.
export * from "node:fs/promises";
export const mkdir = effect("mkdir", fs.mkdir);
export const mkdtemp = effect("mkdtemp", fs.mkdtemp);
export const rename = effect("rename", fs.rename);
export const rm = effect("rm", fs.rm);
export const rmdir = effect("rmdir", fs.rmdir);
export const symlink = effect("symlink", fs.symlink);
export const unlink = effect("unlink", fs.unlink);
export const writeFile = effect("write file", fs.writeFile);

/**
 * A file that is opened to be written counts, and so does the first write to it. Those after it leave a file that is not
 * finished, as the first one does.
 */
export async function open(...args: Parameters<typeof fs.open>): Promise<fs.FileHandle> {
  const [path, flags = "r"] = args;
  if (flags === "r") return await fs.open(...args);
  beforeEffect(() => `open ${path} to write`);
  const file = await fs.open(...args);
  const write = file.write.bind(file) as (...args: unknown[]) => Promise<unknown>;
  let written = false;
  return Object.assign(file, {
    async write(...args: unknown[]) {
      const result = await write(...args);
      if (!written) beforeEffect(() => `more than one write to ${path}`);
      written = true;
      return result;
    },
  });
}
