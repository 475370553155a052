/**
 * Compiles the command line into one file, which starts in half the time of its sources:
 * `node_modules/.gantry/cli/gantry.js` with its bytecode, and `sources.json`, the state of the files it was made of.
 * Run by gantry-setup; src/cmd/launch.ts takes it as long as the sources are in that state.
 */
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { repository } from "./source-files.ts";

const target = join(repository, "node_modules/.gantry/cli");
const made = `${target}.${process.pid}`;

mkdirSync(made, { recursive: true });
try {
  const { metafile } = await Bun.build({
    entrypoints: [join(repository, "src/cmd/gantry.ts")],
    target: "bun",
    bytecode: true,
    metafile: true,
    outdir: made,
  });
  const sources = Object.keys(metafile!.inputs).map((path) => {
    const { ctimeMs, size } = statSync(resolve(path));
    return [relative(repository, resolve(path)), ctimeMs, size];
  });
  writeFileSync(join(made, "sources.json"), JSON.stringify(sources));
  // A command that starts meanwhile finds the old one, none, or the new one whole.
  rmSync(target, { recursive: true, force: true });
  renameSync(made, target);
} finally {
  rmSync(made, { recursive: true, force: true });
}
