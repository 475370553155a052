import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "../../base/ids.ts";

/**
 * The id of the engine that owns `dataRoot`, made on its first start. Names that the engine makes outside its own roots
 * are derived from it.
 */
export function engineIdOf(dataRoot: string): string {
  mkdirSync(dataRoot, { recursive: true, mode: 0o710 });
  const path = join(dataRoot, "engine-id");
  try {
    writeFileSync(path, newId(), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return readFileSync(path, "utf8").trim();
}
