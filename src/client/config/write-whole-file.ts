import { open, rename, rm } from "node:fs/promises";

/** The file at `path` holds `content`, whole or not at all, with that mode. After a crash it is the old or the new one. */
export async function writeWholeFile(
  path: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  const partial = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(partial, "w", mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
