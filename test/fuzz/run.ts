/**
 * Looks for layers that are unpacked wrongly, for as long as it is told. Needs root.
 *
 *   node_modules/.gantry/bun test/fuzz/run.ts [SECONDS] [SEED]
 *
 * What it finds is written to the current directory; once the mistake is gone it belongs into test/fuzz/corpus.
 */
import { writeFileSync } from "node:fs";
import { fuzzLayers } from "./layers.ts";

const seconds = Number(process.argv[2] ?? 60);
const untilMs = performance.now() + seconds * 1000;
let found = 0;
for (let seed = Number(process.argv[3] ?? 1); performance.now() < untilMs; seed++) {
  const finding = await fuzzLayers(seed, { cases: 200, untilMs });
  if (!finding) continue;
  const name = `layer-seed-${seed}.tar`;
  writeFileSync(name, finding.archive);
  console.log(`${name}: ${finding.problem}`);
  found++;
}
console.log(found === 0 ? "nothing found" : `${found} found`);
process.exitCode = found === 0 ? 0 : 1;
