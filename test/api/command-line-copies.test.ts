import { beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandLines, dockerCli } from "../fixtures/docker-cli.ts";
import { makeTempDir } from "../fixtures/temp-dir.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const SCRIPT =
  "mkdir -p /d/sub; echo a > /d/file; echo b > /d/sub/deep; ln -s /d /link; ln -s /d/file /flink";

/** Copies out of a container into a folder with `old` in it, and what the folder has then. */
const CASES: ReadonlyArray<readonly [args: string, found: readonly string[]]> = [
  ["box:/d new", ["new/", "new/file", "new/sub/", "new/sub/deep"]],
  ["box:/d/. new", ["new/", "new/file", "new/sub/", "new/sub/deep"]],
  ["box:/d/. new/", ["new/", "new/file", "new/sub/", "new/sub/deep"]],
  ["box:/d old", ["old/d/", "old/d/file", "old/d/sub/", "old/d/sub/deep"]],
  ["box:/d/. old", ["old/file", "old/sub/", "old/sub/deep"]],
  ["box:/d to-old", ["old/d/", "old/d/file", "old/d/sub/", "old/d/sub/deep"]],
  ["box:/d to-nothing", ["nothing/", "nothing/file", "nothing/sub/", "nothing/sub/deep"]],
  ["box:/d/file to-nothing", ["nothing=a"]],
  ["box:/d/file to-taken", ["taken=a"]],
  ["box:/link new", ["new -> /d"]],
  ["-L box:/link old", ["old/link/", "old/link/file", "old/link/sub/", "old/link/sub/deep"]],
  ["-L box:/link/. old", ["old/file", "old/sub/", "old/sub/deep"]],
  ["-L box:/flink old", ["old/flink=a"]],
  ["-L box:/flink new", ["new=a"]],
];

describe("copies from a container", () => {
  const harness = useEngine();
  beforeAll(async () => {
    const { code } = await harness.docker(["run", "--name", "box", TEST_IMAGE, "sh", "-c", SCRIPT]);
    expect(code).toBe(0);
  });

  for (const [name, program] of commandLines) {
    test.each(CASES)(`%s by ${name}`, async (args, found) => {
      using folder = makeTempDir("copies");
      mkdirSync(join(folder.path, "old"));
      writeFileSync(join(folder.path, "taken"), "before");
      for (const target of ["old", "nothing", "taken"])
        symlinkSync(target, join(folder.path, `to-${target}`));
      const before = list(folder.path);
      const cli = dockerCli(harness.engine.host, folder.path, program);
      expect(await cli(["cp", "-q", ...args.split(" ")], { cwd: folder.path })).toEqual({
        stdout: "",
        stderr: "",
        code: 0,
      });
      const paths = found.map((line) => line.split("=")[0]!);
      expect(list(folder.path)).toEqual([...new Set([...before, ...paths])].sort());
      for (const [path, content] of found.map((line) => line.split("=")))
        if (content !== undefined)
          expect(readFileSync(join(folder.path, path!), "utf8")).toBe(`${content}\n`);
    });
  }
});

/** All that is in a folder: folders with a slash behind them, links with what they point to. */
function list(folder: string, prefix = ""): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      const shown = `${prefix}${entry.name}`;
      if (entry.isSymbolicLink()) return `${shown} -> ${readlinkSync(path)}`;
      return entry.isDirectory() ? [`${shown}/`, ...list(path, `${shown}/`)] : shown;
    })
    .sort();
}
