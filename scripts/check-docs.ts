import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Finding, projectFiles, repository } from "./source-files.ts";

const MAX_LINES = 400;
/** Files that hold a table and no logic; their length is that of the table. */
const DATA_FILES = [/^src\/spec\/seccomp\/[^/]*-(profile|syscalls|table)\.ts$/];
/** Layers that the others build on: whatever runs carries a doc comment. */
const DOCUMENTED = /^src\/(base|core|os)\//;
const EXPORT = /^export (?:abstract )?(?:async )?(?:class|function\*?) (\w+)/;

/** Relative links of a Markdown text that lead nowhere. `exists` is asked about paths in the repository. */
export function findBrokenLinks(path: string, text: string, exists: (path: string) => boolean): string[] {
  const links = [...text.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
  return links.filter((link) => {
    const target = link.split("#")[0]!;
    return target !== "" && !/^[a-z]+:/.test(target) && !exists(join(dirname(path), target));
  });
}

/** Paths in backticks that name no file or folder: a path has a slash, and a known top folder or a file ending. */
export function findMissingPaths(text: string, exists: (path: string) => boolean): string[] {
  const paths = [...text.matchAll(/`((?:src|test|bench|scripts|docs|\.ci)\/[\w./-]*)`/g)].map(
    (match) => match[1]!,
  );
  return paths.filter((path) => !exists(path));
}

/**
 * Exported functions and classes without a doc comment. Exports on lines that follow each other are one group and share the comment
 * above the first; overloads share it too.
 */
export function findUndocumented(text: string): { readonly line: number; readonly name: string }[] {
  const lines = text.split("\n");
  const found: { line: number; name: string }[] = [];
  let documentedUntil = -1;
  for (const [index, line] of lines.entries()) {
    const name = EXPORT.exec(line)?.[1];
    if (!name) continue;
    const before = lines[index - 1] ?? "";
    const shared = documentedUntil === index - 1 || EXPORT.exec(before)?.[1] === name;
    if (before.trimEnd().endsWith("*/") || shared) documentedUntil = index;
    else found.push({ line: index + 1, name });
  }
  return found;
}

function checkSource(path: string, text: string): Finding[] {
  const findings: Finding[] = [];
  const lines = text.split("\n").length - 1;
  if (lines > MAX_LINES && !DATA_FILES.some((pattern) => pattern.test(path))) {
    findings.push({ where: path, what: `has ${lines} lines; ${MAX_LINES} are enough for one thing` });
  }
  if (DOCUMENTED.test(path) && !/\.(test|fixture|suite|testing)\.ts$/.test(path)) {
    for (const { line, name } of findUndocumented(text)) {
      findings.push({ where: `${path}:${line}`, what: `exports ${name} without a doc comment` });
    }
  }
  return findings;
}

/** Every broken promise of the documentation, and every file that grew too long. */
export function checkDocs(): Finding[] {
  const exists = (path: string) => existsSync(join(repository, path));
  return projectFiles().flatMap((path) => {
    if (!/\.(md|ts)$/.test(path)) return [];
    const text = readFileSync(join(repository, path), "utf8");
    if (path.endsWith(".ts")) return checkSource(path, text);
    const links = findBrokenLinks(path, text, exists).map((link) => ({
      where: path,
      what: `links to ${link}`,
    }));
    const named =
      path === "ARCHITECTURE.md" || path === "CONTRIBUTING.md" ? findMissingPaths(text, exists) : [];
    return [
      ...links,
      ...named.map((missing) => ({ where: path, what: `names ${missing}, which is not there` })),
    ];
  });
}
