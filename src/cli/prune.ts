import { formatSize } from "../base/bytes.ts";
import type { Cli } from "./cli.ts";
import { confirm } from "./confirm.ts";
import { ExitError } from "./exit.ts";
import { bool, filter } from "./flags/types.ts";

/** Flags that every prune command has. */
export const pruneFlags = {
  filter: filter('Provide filter values (e.g. "until=<timestamp>")'),
  force: bool("Do not prompt for confirmation", { short: "f" }),
};

/** Asks whether to go on unless told not to. A no ends the command in peace, without a word, as in docker: ExitError 0. */
export async function confirmPrune(cli: Cli, force: boolean, warning: string): Promise<void> {
  if (!force && !(await confirm(cli, warning))) throw new ExitError(0);
}

/** A block that lists what was removed; nothing where nothing was. */
export function deletedBlock(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${title}:\n${lines.join("\n")}\n\n`;
}

export function reclaimedLine(sizeBytes: number): string {
  return `Total reclaimed space: ${formatSize(sizeBytes)}`;
}

/** Filters of the configuration (`pruneFilters`) in front of those that were given. */
export function withConfiguredFilters(
  cli: Cli,
  given: Readonly<Record<string, readonly string[]>>,
): Record<string, readonly string[]> {
  const filters: Record<string, readonly string[]> = { ...given };
  for (const entry of (cli.config["pruneFilters"] as string[] | undefined) ?? []) {
    const [name = "", ...value] = entry.split("=");
    filters[name] = [...(filters[name] ?? []), value.join("=")];
  }
  return filters;
}
