/**
 * Becomes the command line: the compiled one where there is one and its sources are those that it was made of, the
 * sources themselves otherwise. See docs/decisions/0011-bundled-command-line.md.
 */
import { readFileSync, statSync } from "node:fs";

/** What the state of a source is told by: any write, copy or checkout changes its `ctimeMs`. */
type SourceState = readonly [path: string, ctimeMs: number, sizeBytes: number];

const root = new URL("../../", import.meta.url).pathname;
const bundle = `${root}node_modules/.gantry/cli/`;

function isCurrent(): boolean {
  try {
    const sources: SourceState[] = JSON.parse(readFileSync(`${bundle}sources.json`, "utf8"));
    return sources.every(([path, ctimeMs, sizeBytes]) => {
      const now = statSync(root + path);
      return now.ctimeMs === ctimeMs && now.size === sizeBytes;
    });
  } catch {
    // Nothing was compiled, or a source is gone.
    return false;
  }
}

await import(isCurrent() ? `${bundle}gantry.js` : "./gantry.ts");
