import { EngineError } from "../base/errors.ts";
import { Cli, type Outputs } from "./cli.ts";
import type { AnyCommand } from "./command.ts";
import { EXIT_USAGE, ExitError } from "./exit.ts";
import { FlagError, type ParsedFlags, parseFlags } from "./flags/parse.ts";
import { globalFlags } from "./globals.ts";
import type { OpenRemotes } from "./open-remotes.ts";
import { PROGRAM } from "./program.ts";
import type { StandardOutput } from "./streams/standard-output.ts";
import { type Found, findCommand } from "./tree.ts";
import { CLIENT_VERSION, GIT_COMMIT } from "./version.ts";

type FoundLeaf = Extract<Found, { kind: "leaf" }>;
type FoundGroup = Extract<Found, { kind: "group" }>;
type FoundCommand = FoundLeaf | FoundGroup;
type ParsedGlobals = ParsedFlags<ReturnType<typeof globalFlags>>;

/** Runs one command line. The result is the exit code; everything was written, if not yet flushed. */
export async function main(
  process: NodeJS.Process,
  outputs: Outputs,
  openRemotes: OpenRemotes,
): Promise<number> {
  try {
    return await dispatch(process, outputs, openRemotes);
  } catch (error) {
    return report(process, outputs, error);
  }
}

function report(process: NodeJS.Process, { err }: Outputs, error: unknown): number {
  if (error instanceof ExitError) {
    if (error.message !== "") err.write(`${error.message}\n`);
    return error.code;
  }
  if (error instanceof EngineError) {
    err.write(`${error.message}\n${error.hint === undefined ? "" : `hint: ${error.hint}\n`}`);
    return 1;
  }
  const trace = process.env["GANTRY_TRACE"] && error instanceof Error ? error.stack : undefined;
  err.write(`${trace ?? (error instanceof Error ? error.message : String(error))}\n`);
  return 1;
}

async function dispatch(
  process: NodeJS.Process,
  outputs: Outputs,
  openRemotes: OpenRemotes,
): Promise<number> {
  const argv = process.argv.slice(2);
  const parsed = parseGlobals(process.env, argv, false);
  const cli = new Cli(process, outputs, parsed.values, parsed.given, openRemotes);
  const [first, ...topic] = parsed.args;
  // docker tells of the old form on stderr where it stands in front of a command, on stdout behind one.
  if (parsed.shortHelp) warnShortHelp(cli.err);
  if (first === undefined) return await runRoot(cli, parsed);
  if (first === "help") return await runHelp(cli, topic, argv);
  const found = findCommand(parsed.args);
  if (found.kind === "unknown") return await runUnknown(cli, found.name, argv);
  return await runFound(cli, found, parsed.help);
}

function parseGlobals(env: NodeJS.ProcessEnv, argv: readonly string[], interspersed: boolean): ParsedGlobals {
  const flags = globalFlags(env);
  return parseOrExit(() => parseFlags(flags, argv, { interspersed }), "[OPTIONS] COMMAND [ARG...]", "");
}

/** What the program does where nothing that it can run stands behind its options. */
async function runRoot(cli: Cli, { values, args, help }: ParsedGlobals): Promise<number> {
  if (help) return await printRootHelp(cli, cli.out);
  if (values.version) {
    cli.print(`Docker version ${CLIENT_VERSION}, build ${GIT_COMMIT}`);
    return 0;
  }
  if (args.length > 0) throw unknownCommand(args[0]!);
  // Who did not ask for help gets it where errors go.
  return await printRootHelp(cli, cli.err);
}

/** A plug-in may have the command; where none has, the program's own options count wherever they stand. */
async function runUnknown(cli: Cli, name: string, argv: readonly string[]): Promise<number> {
  const { findPlugin } = await import("./cli-plugins/find-plugin.ts");
  const plugin = await findPlugin(cli, name);
  if (!plugin) {
    const parsed = parseGlobals(cli.env, argv, true);
    if (parsed.shortHelp) warnShortHelp(cli.out);
    return await runRoot(cli, parsed);
  }
  const { runPlugin } = await import("./cli-plugins/run-plugin.ts");
  return await runPlugin(cli, plugin, argv);
}

/** `help run` means `run --help`; what is not a command is no topic. */
async function runHelp(cli: Cli, topic: readonly string[], argv: readonly string[]): Promise<number> {
  if (topic.length === 0) return await printRootHelp(cli, cli.out);
  const found = findCommand(topic);
  if (found.kind !== "unknown") {
    if (found.rest.length > 0) throw unknownTopic(found.rest);
    return await runFound(cli, found, true);
  }
  const { findPlugin } = await import("./cli-plugins/find-plugin.ts");
  const plugin = await findPlugin(cli, found.name);
  if (!plugin) throw unknownTopic(topic);
  const { runPlugin } = await import("./cli-plugins/run-plugin.ts");
  return await runPlugin(cli, plugin, argv);
}

function unknownTopic(words: readonly string[]): ExitError {
  return new ExitError(1, `unknown help topic: ${words.join(" ")}`);
}

function unknownCommand(name: string, group = ""): ExitError {
  const parent = group === "" ? PROGRAM : `${PROGRAM} ${group}`;
  const usage = group === "" ? "" : `Usage:  ${parent}\n\n`;
  return new ExitError(
    1,
    `${PROGRAM}: unknown command: ${parent} ${name}\n\n${usage}Run '${parent} --help' for more information`,
  );
}

async function runFound(cli: Cli, found: FoundCommand, help: boolean): Promise<number> {
  return found.kind === "group" ? await runGroup(cli, found, help) : await runLeaf(cli, found, help);
}

async function runGroup(cli: Cli, { group, rest }: FoundGroup, help: boolean): Promise<number> {
  const parsed = parseOrExit(() => parseFlags({}, rest), "", group.name);
  if (parsed.shortHelp) warnShortHelp(cli.out);
  const asked = help || parsed.help;
  if (!asked && parsed.args.length > 0) throw unknownCommand(parsed.args[0]!, group.name);
  const { groupHelp } = await import("./help.ts");
  (asked ? cli.out : cli.err).write(groupHelp(group));
  return 0;
}

async function runLeaf(cli: Cli, found: FoundLeaf, help: boolean): Promise<number> {
  const { command } = await found.leaf.load();
  const options = { interspersed: command.interspersed ?? true };
  const usage = [command.usage, ...(command.moreUsage ?? [])];
  const parsed = parseOrExit(
    () => parseFlags(command.flags, found.rest, options),
    usage.join("\n\t"),
    found.path,
  );
  if (parsed.shortHelp) warnShortHelp(cli.out);
  if (help || parsed.help) {
    const { commandHelp } = await import("./help.ts");
    const { leaf, group, path } = found;
    cli.write(commandHelp({ command, leaf, group, path, width: helpWidth(cli) }));
    return 0;
  }
  checkArgCount(command, found.path, parsed.args.length);
  const code = await command.run(cli, {
    flags: parsed.values,
    given: parsed.given,
    args: parsed.args,
    path: found.path,
  });
  return code ?? 0;
}

function parseOrExit<T>(parse: () => T, usage: string, path: string): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    const name = path === "" ? PROGRAM : `${PROGRAM} ${path}`;
    throw new ExitError(
      EXIT_USAGE,
      `${error.message}\n\nUsage:  ${`${name} ${usage}`.trimEnd()}\n\nRun '${name} --help' for more information`,
    );
  }
}

function checkArgCount(command: AnyCommand, path: string, count: number): void {
  const { min, max, plain } = command.args;
  if (count >= min && (max === undefined || count <= max)) return;
  if (plain) throw new ExitError(1, `accepts ${min} arg(s), received ${count}`);
  const name = `${PROGRAM} ${path}`;
  const usage = [command.usage, ...(command.moreUsage ?? [])].map((form) => `${name} ${form}`.trimEnd());
  const [demand, verb] = argDemand(min, max);
  throw new ExitError(
    1,
    `${PROGRAM}: '${name}' ${demand}\n\nUsage:  ${usage.join("\n\t")}\n\n${verb} '${name} --help' for more information`,
  );
}

/** What is asked of the number of arguments, and the verb that docker's message goes on with. */
function argDemand(min: number, max: number | undefined): [demand: string, verb: string] {
  const plural = (count: number) => `${count} ${count === 1 ? "argument" : "arguments"}`;
  if (max === 0) return ["accepts no arguments", "Run"];
  if (max === undefined) return [`requires at least ${plural(min)}`, "See"];
  if (min === max) return [`requires ${plural(min)}`, "Run"];
  if (min === 0) return [`requires at most ${plural(max)}`, "Run"];
  return [`requires at least ${min} and at most ${plural(max)}`, "Run"];
}

async function printRootHelp(cli: Cli, target: StandardOutput): Promise<number> {
  const { rootHelp } = await import("./help.ts");
  const { listPlugins } = await import("./cli-plugins/find-plugin.ts");
  target.write(rootHelp(globalFlags(cli.env), await listPlugins(cli), helpWidth(cli)));
  return 0;
}

function warnShortHelp(target: StandardOutput): void {
  target.write("Flag shorthand -h has been deprecated, use --help\n");
}

function helpWidth({ out }: Outputs): number {
  return out.stream.isTTY ? out.stream.columns || 80 : 80;
}
