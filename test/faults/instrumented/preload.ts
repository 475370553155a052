import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Loaded before the daemon: its program runs unchanged, but whatever it does to the world goes through the modules of
 * this folder. All of it goes by files, child processes, SQLite and foreign functions.
 */

const REPLACED: Readonly<Record<string, string>> = {
  "node:fs": "fs.ts",
  "node:fs/promises": "fs-promises.ts",
  "node:child_process": "child-process.ts",
  "node:sqlite": "sqlite.ts",
};

function pathOf(module: string): string {
  return fileURLToPath(new URL(module, import.meta.url));
}

function instrument(path: string, source: string): string {
  const text = source.replace(/from "(node:[a-z_/]+)"/g, (found, name: string) =>
    REPLACED[name] ? `from ${JSON.stringify(pathOf(REPLACED[name]))}` : found,
  );
  if (!path.endsWith("/src/os/ffi/native.ts")) return text;
  const exported = "export function loadLibrary(";
  if (!text.includes(exported)) throw new Error(`${path} does not export loadLibrary any more`);
  return `${text.replace(exported, "function loadUncounted(")}
import { countCalls } from ${JSON.stringify(pathOf("native.ts"))};
export const loadLibrary = countCalls(loadUncounted);
`;
}

Bun.plugin({
  name: "effects of the daemon",
  setup(build) {
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: instrument(path, readFileSync(path, "utf8")),
      loader: "ts",
    }));
  },
});
