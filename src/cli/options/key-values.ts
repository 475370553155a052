import { readFileSync } from "node:fs";
import { invalidArgument, messageOf } from "../../base/errors.ts";

/** What a key without a value becomes; undefined drops it. */
type Complete = (key: string) => string | undefined;

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw invalidArgument(`open ${path}: no such file or directory`, { cause: error });
    throw invalidArgument(`open ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** The pairs of a file, one a line; empty lines and lines that start with # are skipped. */
function readPairs(path: string, complete: Complete): string[] {
  const pairs: string[] = [];
  const lines = readFile(path)
    .replace(/^\ufeff/, "")
    .split("\n");
  for (const raw of lines) {
    const line = raw.replace(/\r$/, "").trimStart();
    if (line === "" || line.startsWith("#")) continue;
    const equals = line.indexOf("=");
    const key = equals < 0 ? line : line.slice(0, equals);
    if (key.trim() === "")
      throw invalidArgument(`invalid env file (${path}): no variable name on line '${line}'`);
    if (/\s/.test(key))
      throw invalidArgument(`invalid env file (${path}): variable '${key}' contains whitespaces`);
    const pair = equals < 0 ? complete(line.trim()) : `${key}=${line.slice(equals + 1)}`;
    if (pair !== undefined) pairs.push(pair);
  }
  return pairs;
}

/**
 * Environment of a container: files first, then what was given by `-e`. A name alone takes its value from `env`;
 * without one there it is left out of files and passed on as it is from `-e`, which removes it in the container.
 */
export function environment(
  files: readonly string[],
  values: readonly string[],
  env: NodeJS.ProcessEnv,
): string[] {
  const fromEnv: Complete = (key) => (env[key] === undefined ? undefined : `${key}=${env[key]}`);
  return [...files.flatMap((file) => readPairs(file, fromEnv)), ...values];
}

/** A value of `-e` as it is sent. Throws an Error where it has no name. */
export function environmentValue(text: string, env: NodeJS.ProcessEnv = process.env): string {
  if (text === "" || text.startsWith("=")) throw new Error(`invalid environment variable: ${text}`);
  if (text.includes("=")) return text;
  const value = env[text];
  return value === undefined ? text : `${text}=${value}`;
}

/** Labels: files first, then what was given by `-l`; a later pair of the same key wins, a key alone in a file is left out. */
export function labels(files: readonly string[], values: readonly string[]): Record<string, string> {
  return pairsToRecord([...files.flatMap((file) => readPairs(file, () => undefined)), ...values]);
}

/** `key=value` pairs as a record; a key alone has an empty value. */
export function pairsToRecord(pairs: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    if (equals < 0) record[pair] = "";
    else record[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  return record;
}
