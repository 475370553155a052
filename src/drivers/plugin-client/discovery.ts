import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { internal, messageOf } from "../../base/errors.ts";

/** Where plug-ins of protocol version 1 announce themselves. Source: docker's "Docker Plugin API", plugin discovery. */
export interface PluginDirectories {
  /** With sockets: `NAME.sock` or `NAME/NAME.sock`. */
  readonly sockets: readonly string[];
  /** With files that name an address: `NAME.spec` and `NAME.json`, or the same in a directory `NAME`. */
  readonly specifications: readonly string[];
}

/** Files that secure the way to a plug-in. */
export interface PluginTls {
  readonly insecureSkipVerify: boolean;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** What a plug-in that runs in a container of its own sees of the host's files. */
export interface PluginScope {
  /** Where a path that the plug-in names is on the host, undefined where there is nothing. */
  hostPath(path: string): Promise<string | undefined>;
}

export interface PluginAddress {
  readonly name: string;
  /** `unix:///path`, `tcp://host:port` or an http or https address. */
  readonly address: string;
  readonly tls?: PluginTls;
  /** Missing for a plug-in that sees the host's files. */
  readonly scope?: PluginScope;
}

const SPECIFICATIONS = [".spec", ".json"] as const;

/** The plug-in of that name, sockets before specifications; undefined where none announces itself. Errors: internal. */
export async function findPlugin(
  directories: PluginDirectories,
  name: string,
): Promise<PluginAddress | undefined> {
  // The name becomes part of a path, and comes from whoever creates a volume.
  if (name === "" || name === "." || name === ".." || name.includes("/")) return undefined;
  for (const directory of directories.sockets) {
    for (const path of pathsOf(directory, name, ".sock")) {
      if ((await kindOfFile(path)) === "socket") return { name, address: `unix://${path}` };
    }
  }
  for (const directory of directories.specifications) {
    for (const extension of SPECIFICATIONS) {
      for (const path of pathsOf(directory, name, extension)) {
        if ((await kindOfFile(path)) === "file") return await readSpecification(name, path);
      }
    }
  }
  return undefined;
}

/** Names of all plug-ins that announce themselves. */
export async function listPlugins(directories: PluginDirectories): Promise<string[]> {
  const names = new Set<string>();
  const collect = async (directory: string, extensions: readonly string[]) => {
    for (const entry of await entriesOf(directory)) {
      const extension = extensions.find((each) => entry.endsWith(each));
      const name = extension === undefined ? entry : entry.slice(0, -extension.length);
      if (name !== "" && (await findPlugin(directories, name).catch(() => undefined))) names.add(name);
    }
  };
  await Promise.all([
    ...directories.sockets.map((directory) => collect(directory, [".sock"])),
    ...directories.specifications.map((directory) => collect(directory, SPECIFICATIONS)),
  ]);
  return [...names].sort();
}

function pathsOf(directory: string, name: string, extension: string): string[] {
  return [join(directory, name + extension), join(directory, name, name + extension)];
}

async function kindOfFile(path: string): Promise<"socket" | "file" | undefined> {
  try {
    const found = await stat(path);
    return found.isSocket() ? "socket" : found.isFile() ? "file" : undefined;
  } catch {
    // Whatever cannot be looked at is no announcement.
    return undefined;
  }
}

async function entriesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch {
    // Most hosts have none of these directories.
    return [];
  }
}

interface JsonSpecification {
  readonly Addr?: unknown;
  readonly TLSConfig?: {
    readonly InsecureSkipVerify?: boolean;
    readonly CAFile?: string;
    readonly CertFile?: string;
    readonly KeyFile?: string;
  } | null;
}

async function readSpecification(name: string, path: string): Promise<PluginAddress> {
  const text = await readFile(path, "utf8");
  if (path.endsWith(".spec")) return { name, address: checkedAddress(text.trim(), path) };
  let json: JsonSpecification;
  try {
    json = JSON.parse(text) as JsonSpecification;
  } catch (error) {
    throw internal(`plugin specification ${path}: ${messageOf(error)}`, { cause: error });
  }
  const address = checkedAddress(String(json.Addr ?? ""), path);
  const tls = json.TLSConfig;
  if (!tls) return { name, address };
  return {
    name,
    address,
    tls: {
      // Without an authority of its own there is nothing to verify against.
      insecureSkipVerify: (tls.InsecureSkipVerify ?? false) || !tls.CAFile,
      ...(tls.CAFile ? { caFile: tls.CAFile } : {}),
      ...(tls.CertFile ? { certFile: tls.CertFile } : {}),
      ...(tls.KeyFile ? { keyFile: tls.KeyFile } : {}),
    },
  };
}

function checkedAddress(address: string, path: string): string {
  if (!/^(unix|tcp|http|https):\/\//.test(address)) {
    throw internal(`plugin specification ${path}: Unknown protocol`);
  }
  return address;
}
