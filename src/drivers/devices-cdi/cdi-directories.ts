import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { messageOf } from "../../base/errors.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { type CdiDevice, type CdiDocument, parseCdiDocument, parseKind } from "../../spec/cdi/mod.ts";

/** A device that some file describes. */
export interface KnownDevice {
  readonly device: CdiDevice;
  readonly document: CdiDocument;
  readonly path: string;
}

/** What the directories hold now. */
export interface CdiInventory {
  /** By full name, `vendor.example/class=name`. */
  readonly devices: ReadonlyMap<string, KnownDevice>;
  /** What is wrong with files, by path. */
  readonly errors: ReadonlyMap<string, readonly string[]>;
}

/** Far beyond any real document; a larger one would only fill the memory. */
const MAX_ALIASES = 100;

/**
 * Everything that the files directly in `directories` describe. A later directory's devices take the place of an
 * earlier one's; two files of one directory that describe the same device leave none. Directories that do not exist
 * are empty ones. Source: CDI specification, "Specification files".
 */
export async function readCdiDirectories(directories: readonly string[]): Promise<CdiInventory> {
  const devices = new Map<string, KnownDevice & { readonly priority: number }>();
  const conflicts = new Set<string>();
  const errors = new Map<string, string[]>();
  const fail = (path: string, text: string) => void errors.set(path, [...(errors.get(path) ?? []), text]);
  for (const [priority, directory] of directories.entries()) {
    for (const path of await listDocuments(directory)) {
      let document: CdiDocument;
      try {
        document = await readDocument(path);
      } catch (error) {
        fail(path, `failed to load CDI Spec ${messageOf(error)}`);
        continue;
      }
      const { vendor, class: className } = parseKind(document.kind)!;
      for (const device of document.devices) {
        const name = `${vendor}/${className}=${device.name}`;
        const other = devices.get(name);
        if (other?.priority === priority) {
          conflicts.add(name);
          for (const each of [path, other.path]) {
            fail(each, `conflicting device "${name}" (specs "${path}", "${other.path}")`);
          }
        } else {
          conflicts.delete(name);
          devices.set(name, { device, document, path, priority });
        }
      }
    }
  }
  for (const name of conflicts) devices.delete(name);
  return { devices, errors };
}

async function listDocuments(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);
    return names
      .filter((name) => [".json", ".yaml"].includes(extname(name)))
      .sort()
      .map((name) => join(directory, name));
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

async function readDocument(path: string): Promise<CdiDocument> {
  const text = await readFile(path, "utf8");
  if (extname(path) === ".json") return parseCdiDocument(JSON.parse(text));
  // Large, and most hosts have no such file.
  const { parse } = await import("yaml");
  return parseCdiDocument(parse(text, { maxAliasCount: MAX_ALIASES }));
}
