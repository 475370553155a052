import type { CliPlugin } from "./cli-plugins/cli-plugin.ts";
import type { AnyCommand } from "./command.ts";
import { COMMON_COMMANDS, GROUPS, type Group, type Leaf, ROOT_LEAVES } from "./command-tree.ts";
import type { FlagSet } from "./flags/flag.ts";
import { describeFlags } from "./flags/help.ts";
import { PROGRAM } from "./program.ts";
import { namesOf } from "./tree.ts";

const NAME_WIDTH = 11;

type Row = Pick<Leaf, "name" | "summary">;

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
    `Commands:\n${rows(group.children.filter(({ hidden }) => !hidden))}`,
    `Run '${PROGRAM} ${group.name} COMMAND --help' for more information on a command.\n`,
  ].join("\n\n");
}

/** What `--help` prints of the program; the commands of plug-ins stand among those that manage things. */
export function rootHelp(globals: FlagSet, plugins: readonly CliPlugin[], width: number): string {
  const shorts = [...ROOT_LEAVES, ...GROUPS.flatMap(({ children }) => children.flatMap(shortForm))];
  const common = COMMON_COMMANDS.map((name) => shorts.find((leaf) => leaf.name === name)!);
  const others = shorts.filter(({ name }) => !COMMON_COMMANDS.includes(name));
  const valid = plugins.filter(({ Err, Hidden }) => Err === undefined && !Hidden);
  const broken = plugins.filter(({ Err }) => Err !== undefined);
  const managing = [
    ...GROUPS,
    ...valid.map(({ Name, ShortDescription = "" }) => ({ name: `${Name}*`, summary: ShortDescription })),
  ];
  const padding = Math.max(NAME_WIDTH, ...plugins.map(({ Name }) => Name.length));
  return [
    `Usage:  ${PROGRAM} [OPTIONS] COMMAND`,
    "A self-sufficient runtime for containers",
    `Common Commands:\n${rows(common, padding)}`,
    `Management Commands:\n${rows(managing.sort(byName), padding)}`,
    `Commands:\n${rows(others.sort(byName), padding)}`,
    ...(broken.length === 0 ? [] : [`Invalid Plugins:\n${rows(broken.map(brokenRow), padding)}`]),
    `Global Options:\n${describeFlags(globals, width - 1).trimEnd()}`,
    `Run '${PROGRAM} COMMAND --help' for more information on a command.\n`,
  ].join("\n\n");
}

function shortForm(leaf: Leaf): Row[] {
  return leaf.short === undefined ? [] : [{ name: leaf.short, summary: leaf.summary }];
}

function brokenRow({ Name, Err = "" }: CliPlugin): Row {
  return { name: Name, summary: Err };
}

function byName(a: Row, b: Row): number {
  return a.name < b.name ? -1 : 1;
}

/** Names are in a column of that width; the mark of a plug-in sticks out by its one character. */
function rows(items: readonly Row[], padding = NAME_WIDTH): string {
  return items.map(({ name, summary }) => `  ${name.padEnd(padding + 1)}${summary}`).join("\n");
}
