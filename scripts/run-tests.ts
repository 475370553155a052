import { spawn } from "node:child_process";
import { cpus } from "node:os";
import { repository } from "./source-files.ts";

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const TEST_TIMEOUT_MS = 30_000;
const UNIT_FILE_TIMEOUT_MS = 120_000;
const ROOT_FILE_TIMEOUT_MS = 300_000;

/** The counts at the end of what `bun test` printed. */
export function countsOf(output: string): Counts {
  const count = (word: string) => Number(new RegExp(`^ *(\\d+) ${word}$`, "m").exec(output)?.[1] ?? 0);
  return { passed: count("pass"), failed: count("fail"), skipped: count("skip") + count("todo") };
}

/** Whether a test file needs root and the machine to itself. */
export function needsRoot(path: string): boolean {
  return path.endsWith(".root.test.ts") || path.startsWith("test/api/") || path.startsWith("test/faults/");
}

interface FileRun {
  readonly output: string;
  readonly exitCode: number | null;
  readonly timedOut: boolean;
}

function runFile(path: string, timeoutMs: number): Promise<FileRun> {
  const { promise, resolve, reject } = Promise.withResolvers<FileRun>();
  // A process group of its own, so that what a hanging test started ends with it.
  const child = spawn(process.execPath, ["test", `./${path}`, "--timeout", String(TEST_TIMEOUT_MS)], {
    cwd: repository,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      // Programs that setup unpacked for the tests alone.
      PATH: `${process.env["PATH"]}:/var/cache/gantry-test/bin`,
      NO_COLOR: "1",
      FORCE_COLOR: "0",
    },
  });
  let output = "";
  let timedOut = false;
  child.stdout.on("data", (bytes) => (output += bytes));
  child.stderr.on("data", (bytes) => (output += bytes));
  const timer = setTimeout(() => {
    timedOut = true;
    process.kill(-child.pid!, "SIGKILL");
  }, timeoutMs);
  child.on("error", reject);
  // `exit` and not `close`: a daemon that a test left behind must not hold the pipes open for ever.
  child.on("exit", (exitCode) => {
    clearTimeout(timer);
    setImmediate(() => resolve({ output, exitCode, timedOut }));
  });
  return promise;
}

async function testFile(path: string, deadline: number): Promise<Counts> {
  const leftMs = deadline - Date.now();
  if (leftMs <= 0) {
    console.log(`✗ ${path}: not run, the time for all tests is used up`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const limitMs = needsRoot(path) ? ROOT_FILE_TIMEOUT_MS : UNIT_FILE_TIMEOUT_MS;
  const { output, exitCode, timedOut } = await runFile(path, Math.min(limitMs, leftMs));
  const counts = countsOf(output);
  const total = counts.passed + counts.failed + counts.skipped;
  // A crash, a time-out and an error outside of any test fail the file though no test did; so does an empty file.
  if (counts.failed === 0 && (exitCode !== 0 || total === 0)) counts.failed = 1;
  if (counts.failed > 0) console.log(`✗ ${path}${timedOut ? ": timed out" : ""}\n${output.trimEnd()}`);
  else
    console.log(
      `✓ ${path}: ${counts.passed} passed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""}`,
    );
  return counts;
}

function add(sum: Counts, counts: Counts): void {
  sum.passed += counts.passed;
  sum.failed += counts.failed;
  sum.skipped += counts.skipped;
}

/**
 * Runs test files, each in a process of its own: those that need root one after the other, the rest side by side.
 * Without root the former are counted as skipped. `deadline` is a time in milliseconds since the epoch.
 */
export async function runTests(paths: readonly string[], deadline: number): Promise<Counts> {
  const sum: Counts = { passed: 0, failed: 0, skipped: 0 };
  const queue = paths.filter((path) => !needsRoot(path));
  const worker = async () => {
    for (let path = queue.shift(); path; path = queue.shift()) add(sum, await testFile(path, deadline));
  };
  await Promise.all(cpus().map(worker));
  for (const path of paths.filter(needsRoot)) {
    if (process.getuid?.() === 0) add(sum, await testFile(path, deadline));
    else {
      console.log(`– ${path}: skipped, needs root`);
      sum.skipped++;
    }
  }
  return sum;
}
