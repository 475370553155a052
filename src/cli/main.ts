import { EngineError } from "../base/errors.ts";
import { Cli, type Outputs } from "./cli.ts";
import type { AnyCommand } from "./command.ts";
import { EXIT_USAGE, ExitError } from "./exit.ts";
import { FlagError, parseFlags } from "./flags/parse.ts";
import { globalFlags } from "./globals.ts";
import type { OpenRemotes } from "./open-remotes.ts";
import { PROGRAM } from "./program.ts";
import { type Found, findCommand } from "./tree.ts";
import { CLIENT_VERSION, GIT_COMMIT } from "./version.ts";

type FoundLeaf = Extract<Found, { kind: "leaf" }>;

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
  const flags = globalFlags(process.env);
  const parsed = parseOrExit(
    () => parseFlags(flags, process.argv.slice(2), { interspersed: false }),
    "[OPTIONS] COMMAND [ARG...]",
    "",
  );
  if (parsed.shortHelp) warnShortHelp(outputs);
  if (parsed.values.version) {
    outputs.out.write(`Docker version ${CLIENT_VERSION}, build ${GIT_COMMIT}\n`);
    return 0;
  }
  if (parsed.help || parsed.args.length === 0) return await printRootHelp(process, outputs);
  const words = parsed.args[0] === "help" ? helpWords(parsed.args.slice(1)) : parsed.args;
  if (words.length === 0) return await printRootHelp(process, outputs);
  const cli = new Cli(process, outputs, parsed.values, parsed.given, openRemotes);
  const found = findCommand(words);
  if (found.kind === "unknown") throw unknownCommand(found);
  if (found.kind === "group") return await runGroup(outputs, found);
  return await runLeaf(outputs, cli, found);
}

/** `help run` means `run --help`; what is not a command is no topic. */
function helpWords(topic: readonly string[]): readonly string[] {
  if (topic.length === 0) return [];
  const found = findCommand(topic);
  const extra = found.kind === "unknown" ? topic : found.rest;
  if (extra.length > 0) throw new ExitError(1, `unknown help topic: ${extra.join(" ")}`);
  return [...topic, "--help"];
}

function unknownCommand(found: Extract<Found, { kind: "unknown" }>): ExitError {
  const usage = found.group ? `Usage:  ${PROGRAM} ${found.group.name}\n\n` : "";
  const parent = found.group ? ` ${found.group.name}` : "";
  return new ExitError(
    1,
    `${PROGRAM}: unknown command: ${PROGRAM} ${found.path}\n\n${usage}Run '${PROGRAM}${parent} --help' for more information`,
  );
}

async function runGroup(
  outputs: Outputs,
  { group, rest }: Extract<Found, { kind: "group" }>,
): Promise<number> {
  const parsed = parseOrExit(() => parseFlags({}, rest), "COMMAND", group.name);
  if (parsed.shortHelp) warnShortHelp(outputs);
  const { groupHelp } = await import("./help.ts");
  outputs.out.write(groupHelp(group));
  return 0;
}

async function runLeaf(outputs: Outputs, cli: Cli, found: FoundLeaf): Promise<number> {
  const { command } = await found.leaf.load();
  const options = { interspersed: command.interspersed ?? true };
  const usage = [command.usage, ...(command.moreUsage ?? [])];
  const parsed = parseOrExit(
    () => parseFlags(command.flags, found.rest, options),
    usage.join("\n\t"),
    found.path,
  );
  if (parsed.shortHelp) warnShortHelp(outputs);
  if (parsed.help) {
    const { commandHelp } = await import("./help.ts");
    outputs.out.write(
      commandHelp({
        command,
        leaf: found.leaf,
        group: found.group,
        path: found.path,
        width: helpWidth(outputs),
      }),
    );
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
  const { min, max } = command.args;
  if (count >= min && (max === undefined || count <= max)) return;
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

async function printRootHelp(process: NodeJS.Process, outputs: Outputs): Promise<number> {
  const { rootHelp } = await import("./help.ts");
  outputs.out.write(rootHelp(globalFlags(process.env), helpWidth(outputs)));
  return 0;
}

function warnShortHelp({ err }: Outputs): void {
  err.write("Flag shorthand -h has been deprecated, use --help\n");
}

function helpWidth({ out }: Outputs): number {
  return out.stream.isTTY ? out.stream.columns || 80 : 80;
}
