import type { AnyCommand } from "./command.ts";
import { COMMON_COMMANDS, GROUPS, type Group, type Leaf, ROOT_LEAVES } from "./command-tree.ts";
import type { FlagSet } from "./flags/flag.ts";
import { describeFlags } from "./flags/help.ts";
import { PROGRAM } from "./program.ts";
import { namesOf } from "./tree.ts";

/** A command's usage lines, without the word "Usage". */
export function usageLine(command: AnyCommand, path: string): string {
  const forms = [command.usage, ...(command.moreUsage ?? [])];
  return forms.map((form) => `${PROGRAM} ${path} ${form}`.trimEnd()).join("\n\t");
}

export interface CommandHelp {
  readonly command: AnyCommand;
  readonly leaf: Leaf;
  readonly group: Group | undefined;
  readonly path: string;
  readonly width: number;
}

/** What `--help` prints of a command. */
export function commandHelp({ command, leaf, group, path, width }: CommandHelp): string {
  const blocks = [`Usage:  ${usageLine(command, path)}`, command.description ?? leaf.summary];
  if (group?.experimental) blocks.push(experimentalNote(path));
  const names = namesOf(leaf, group);
  if (names.length > 0) blocks.push(`Aliases:\n  ${names.map((name) => `${PROGRAM} ${name}`).join(", ")}`);
  const options = describeFlags(command.flags, width - 1);
  if (options !== "") blocks.push(`Options:\n${options.trimEnd()}`);
  return `${blocks.join("\n\n")}\n`;
}

function experimentalNote(path: string): string {
  return `EXPERIMENTAL:
  ${PROGRAM} ${path} is an experimental feature.
  Experimental features provide early access to product functionality. These
  features may change between releases without warning, or can be removed from a
  future release. Learn more about experimental features in our documentation:
  https://docs.docker.com/go/experimental/`;
}

/** What `--help` prints of a group. */
export function groupHelp(group: Group): string {
  return [
    `Usage:  ${PROGRAM} ${group.name} COMMAND`,
    group.description ?? group.summary,
    ...(group.experimental ? [experimentalNote(group.name)] : []),
    `Commands:\n${rows(group.children)}`,
    `Run '${PROGRAM} ${group.name} COMMAND --help' for more information on a command.\n`,
  ].join("\n\n");
}

/** What `--help` prints of the program. */
export function rootHelp(globals: FlagSet, width: number): string {
  const shorts = [...ROOT_LEAVES, ...GROUPS.flatMap(({ children }) => children.flatMap(shortForm))];
  const common = COMMON_COMMANDS.map((name) => shorts.find((leaf) => leaf.name === name)!);
  const others = shorts.filter(({ name }) => !COMMON_COMMANDS.includes(name));
  return [
    `Usage:  ${PROGRAM} [OPTIONS] COMMAND`,
    "A self-sufficient runtime for containers",
    `Common Commands:\n${rows(common)}`,
    `Management Commands:\n${rows(GROUPS)}`,
    `Commands:\n${rows(others.sort((a, b) => (a.name < b.name ? -1 : 1)))}`,
    `Global Options:\n${describeFlags(globals, width - 1).trimEnd()}`,
    `Run '${PROGRAM} COMMAND --help' for more information on a command.\n`,
  ].join("\n\n");
}

function shortForm(leaf: Leaf): Array<{ name: string; summary: string }> {
  return leaf.short === undefined ? [] : [{ name: leaf.short, summary: leaf.summary }];
}

function rows(items: ReadonlyArray<{ name: string; summary: string }>): string {
  return items.map(({ name, summary }) => `  ${name.padEnd(11)} ${summary}`).join("\n");
}
