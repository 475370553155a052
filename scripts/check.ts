/**
 * The one gate: format and lint, types, layers, docs, version, words, tests, leaks. Prints `N passed, N failed, N skipped` as
 * its last line, where each check counts as one beside the tests, and exits with 1 where anything failed.
 *
 *   npm run check -- [--no-tests] [PATH-PART …]     only test files whose path holds one of the parts
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { VERSION } from "../src/base/version.ts";
import { compareLeaks, takeSnapshot } from "../test/fixtures/leaks.ts";
import { checkDocs } from "./check-docs.ts";
import { checkLayers } from "./check-layers.ts";
import { checkWords } from "./check-words.ts";
import { type Counts, runTests } from "./run-tests.ts";
import { type Finding, projectFiles, repository } from "./source-files.ts";

const TOTAL_MS = 17 * 60_000;

const counts: Counts = { passed: 0, failed: 0, skipped: 0 };

function report(name: string, problems: readonly string[]): void {
  if (problems.length === 0) {
    counts.passed++;
    console.log(`✓ ${name}`);
  } else {
    counts.failed++;
    console.log(`✗ ${name}\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
  }
}

/** Runs a program of node_modules; its output is the problem when it fails. */
function runTool(name: string, ...args: string[]): string[] {
  const { status, stdout, stderr, error } = spawnSync(`${repository}/node_modules/.bin/${name}`, args, {
    cwd: repository,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  if (error) return [error.message];
  return status === 0 ? [] : `${stdout}${stderr}`.trimEnd().split("\n");
}

/** Whether the program calls itself what its package is called. */
function checkVersion(): string[] {
  const { version } = JSON.parse(readFileSync(`${repository}/package.json`, "utf8"));
  return version === VERSION ? [] : [`package.json says ${version}, src/base/version.ts says ${VERSION}`];
}

function lines(findings: readonly Finding[]): string[] {
  return findings.map(({ where, what }) => `${where}: ${what}`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "no-tests": { type: "boolean", default: false } },
});
const deadline = Date.now() + TOTAL_MS;

report("format and lint", runTool("biome", "ci", "--colors=off", "--diagnostic-level=warn", "."));
report("types", runTool("tsc", "--noEmit"));
report("layers", lines(checkLayers()));
report("docs", lines(checkDocs()));
report("version", checkVersion());
report("words", lines(checkWords()));

if (!values["no-tests"]) {
  const tests = projectFiles().filter(
    (path) =>
      path.endsWith(".test.ts") &&
      (positionals.length === 0 || positionals.some((part) => path.includes(part))),
  );
  const before = takeSnapshot();
  const result = await runTests(tests, deadline);
  counts.passed += result.passed;
  counts.failed += result.failed;
  counts.skipped += result.skipped;
  report("nothing left behind", compareLeaks(before, takeSnapshot()));
}

console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed > 0 ? 1 : 0);
