import { basename } from "node:path";
import { messageOf } from "../../base/errors.ts";
import { run } from "../../os/linux/spawn.ts";
import { findDocumentError } from "../../spec/go-json/mod.ts";
import { isCommand } from "../tree.ts";
import { PLUGIN_PREFIX } from "./plugin-paths.ts";

/** What a plug-in says of itself. Source: docker's `cli-plugins/metadata`. */
export interface PluginMetadata {
  readonly SchemaVersion?: string;
  readonly Vendor?: string;
  readonly Version?: string;
  readonly ShortDescription?: string;
  readonly URL?: string;
  /** Left out of help. */
  readonly Hidden?: boolean;
}

/** A plug-in of the command line, or what cannot be one. */
export interface CliPlugin extends PluginMetadata {
  readonly Name: string;
  readonly Path: string;
  /** Why it is none. */
  readonly Err?: string;
  /** Plug-ins of the same name in folders that come later. */
  readonly ShadowedPaths?: readonly string[];
}

const NAME = "^[a-z][a-z0-9]*$";

export function isPluginName(name: string): boolean {
  return new RegExp(NAME).test(name);
}

/** Asks the program at `path` whether it is a plug-in. */
export async function readPlugin(path: string): Promise<CliPlugin> {
  const Name = basename(path).slice(PLUGIN_PREFIX.length);
  const plugin = { Name, Path: path };
  if (!isPluginName(Name))
    return {
      ...plugin,
      Err: `plugin candidate ${JSON.stringify(Name)} did not match ${JSON.stringify(NAME)}`,
    };
  if (isCommand(Name)) return { ...plugin, Err: `plugin ${JSON.stringify(Name)} duplicates builtin command` };
  try {
    const metadata = await askMetadata(path);
    const Err = problemOf(metadata);
    return { ...metadata, ...plugin, ...(Err === undefined ? {} : { Err }) };
  } catch (error) {
    return { ...plugin, Err: messageOf(error) };
  }
}

async function askMetadata(path: string): Promise<PluginMetadata> {
  const exit = await run({ command: path, args: ["docker-cli-plugin-metadata"], stdout: "collect" }).catch(
    (error) => {
      throw new Error(`failed to fetch metadata: ${messageOf(error)}`);
    },
  );
  if (exit.code !== 0) {
    const reason = exit.code === undefined ? `signal: ${exit.signal}` : `exit status ${exit.code}`;
    throw new Error(`failed to fetch metadata: ${reason}`);
  }
  return parseMetadata(exit.stdout.toString().trim());
}

function parseMetadata(text: string): PluginMetadata {
  const problem = findDocumentError(text);
  if (problem !== undefined) throw new Error(`invalid metadata: ${problem}`);
  return (JSON.parse(text) ?? {}) as PluginMetadata;
}

/** What keeps a program with such metadata from being a plug-in. */
function problemOf({ SchemaVersion = "", Vendor = "" }: PluginMetadata): string | undefined {
  const quoted = JSON.stringify(SchemaVersion);
  if (SchemaVersion === "") return "plugin SchemaVersion version cannot be empty";
  const major = /^([+-]?\d+)\./.exec(SchemaVersion)?.[1];
  if (major === undefined)
    return `plugin SchemaVersion ${quoted} has wrong format: must be <major>.<minor>.<patch>`;
  if (Number(major) > 1) return `plugin SchemaVersion ${quoted} is not supported: must be lower than 2.0.0`;
  return Vendor === "" ? "plugin metadata does not define a vendor" : undefined;
}
