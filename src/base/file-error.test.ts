import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeFileError } from "./file-error.ts";

test("errors of files in Go's words", () => {
  const folder = mkdtempSync(join(tmpdir(), "gantry-file-error-"));
  const problem = (path: string, act: (path: string) => void) => {
    try {
      act(path);
      return "";
    } catch (error) {
      return describeFileError(error, path);
    }
  };
  try {
    const file = join(folder, "file");
    expect(problem(file, readFileSync)).toBe(`open ${file}: no such file or directory`);
    expect(problem(folder, readFileSync)).toBe(`read ${folder}: is a directory`);
    writeFileSync(file, "");
    const create = (path: string) => writeFileSync(path, "", { flag: "wx" });
    expect(problem(file, create)).toBe(`open ${file}: file exists`);
    expect(problem(`${file}/x`, readFileSync)).toBe(`open ${file}/x: not a directory`);
    expect(problem("{", JSON.parse)).toContain("JSON");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
