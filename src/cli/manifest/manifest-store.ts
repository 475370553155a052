import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fullString, type NamedReference } from "../../spec/reference/reference.ts";
import { ExitError } from "../exit.ts";
import type { LocalManifest } from "./local-manifest.ts";

/** Lists that are not pushed yet, in docker's folder and form: a folder a list, in it a file for each manifest. */
export class ManifestStore {
  readonly #root: string;

  /** `configDir` is `~/.docker`. */
  constructor(configDir: string) {
    this.#root = join(configDir, "manifests");
  }

  /** A manifest of a list; undefined where it is not in it. */
  async find(list: NamedReference, manifest: NamedReference): Promise<LocalManifest | undefined> {
    return await readManifest(join(this.#folder(list), fileName(manifest)));
  }

  /** All manifests of a list, by name; undefined where there is no such list. */
  async findList(list: NamedReference): Promise<LocalManifest[] | undefined> {
    const names = await orUndefined(readdir(this.#folder(list)));
    if (!names) return undefined;
    const read = names.sort().map((name) => readManifest(join(this.#folder(list), name)));
    return (await Promise.all(read)).filter((manifest) => manifest !== undefined);
  }

  /** Errors: ExitError with docker's text where there is no such list. */
  async getList(list: NamedReference): Promise<LocalManifest[]> {
    return (await this.findList(list)) ?? notHere(list);
  }

  /** Adds a manifest to a list, or replaces it. */
  async save(list: NamedReference, name: NamedReference, manifest: LocalManifest): Promise<void> {
    await mkdir(this.#folder(list), { recursive: true });
    await writeFile(join(this.#folder(list), fileName(name)), JSON.stringify(manifest), { mode: 0o644 });
  }

  /** Idempotent. */
  async remove(list: NamedReference): Promise<void> {
    await rm(this.#folder(list), { recursive: true, force: true });
  }

  #folder(list: NamedReference): string {
    return join(this.#root, fileName(list));
  }
}

/** Errors: ExitError with docker's text for what is not stored here. */
export function notHere(reference: NamedReference): never {
  throw new ExitError(1, `No such manifest: ${fullString(reference)}`);
}

function fileName(reference: NamedReference): string {
  return fullString(reference).replaceAll(":", "-").replaceAll("/", "_");
}

async function readManifest(path: string): Promise<LocalManifest | undefined> {
  const text = await orUndefined(readFile(path, "utf8"));
  return text === undefined ? undefined : (JSON.parse(text) as LocalManifest);
}

async function orUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
