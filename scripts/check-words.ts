import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Finding, projectFiles, repository } from "./source-files.ts";

/** Words of a workplace: they say something about how the project was made and nothing about the project. */
const WORKPLACE: readonly RegExp[] = [
  // A letter in brackets keeps a pattern from finding itself.
  /(?<![\w.])\/[w]ork\//,
  /\b(?:[c]laude|[a]nthropic|[c]hatgpt|[c]opilot|[j]ira)\b/i,
  /\b(?:[T]ODO|[F]IXME)\b/,
];
/** Hosts that everybody's machine asks; naming them gives nothing away. */
const PUBLIC_HOSTS = /(^|\.)(debian\.org|npmjs\.org|nodesource\.com|google\.com)$/;
const BINARY = /\.(png|gz|tgz|tar|zst|bz2|xz|bin|woff2?)$/;

function hostsIn(text: string): string[] {
  return [...text.matchAll(/https?:\/\/([\w.-]+)/g)].map((match) => match[1]!);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // A source of packages that this machine does not have names no host.
    return "";
  }
}

/** Package hosts that are private to the machine this runs on: a file that names one serves nobody else. */
function privateHosts(): string[] {
  const sources = ["/etc/apt/sources.list", "/etc/npmrc", join(process.env["HOME"] ?? "/root", ".npmrc")];
  try {
    sources.push(...readdirSync("/etc/apt/sources.list.d").map((name) => `/etc/apt/sources.list.d/${name}`));
  } catch {
    // No apt on this machine.
  }
  const hosts = [
    ...sources.flatMap((path) => hostsIn(textOf(path))),
    ...hostsIn(process.env["npm_config_registry"] ?? ""),
  ];
  return hosts.filter((host) => host !== "localhost" && !PUBLIC_HOSTS.test(host));
}

/** Lines of a text that hold a word of `words` or the name of one of `hosts`. */
export function findWorkplaceWords(
  text: string,
  words: readonly RegExp[],
  hosts: readonly string[],
): number[] {
  return text.split("\n").flatMap((line, index) => {
    const found = words.some((word) => word.test(line)) || hosts.some((host) => line.includes(host));
    return found ? [index + 1] : [];
  });
}

/** Every line of the project that speaks of the place where it was written. */
export function checkWords(): Finding[] {
  const hosts = privateHosts();
  return projectFiles()
    .filter((path) => !BINARY.test(path))
    .flatMap((path) => {
      // The lock file quotes what packages say of themselves.
      const words = path === "package-lock.json" ? [] : WORKPLACE;
      const lines = findWorkplaceWords(readFileSync(join(repository, path), "utf8"), words, hosts);
      return lines.map((line) => ({
        where: `${path}:${line}`,
        what: "speaks of the workplace, not of the project",
      }));
    });
}
