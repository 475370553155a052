import { chmod, chown, readdir } from "node:fs/promises";
import { isKind } from "../../base/errors.ts";
import type { LayerWorkers } from "../../drivers/layers/mod.ts";
import { packTree } from "../../drivers/layers/mod.ts";
import type { Volume } from "../../spec/engine-api/mod.ts";
import { type TarEntry, TarReader } from "../../spec/tar/mod.ts";
import { volumeExists, volumeNotEmpty } from "./copy-errors.ts";
import type { VolumeService } from "./volume-service.ts";

/** Of which volume a snapshot is one. */
const SNAPSHOT_LABEL = "gantry.volume.snapshot-of";

export interface VolumeCopiesParts {
  readonly volumes: VolumeService;
  readonly workers: LayerWorkers;
}

/**
 * Volumes as archives and as copies of each other, with owners, modes, times, links, devices and extended attributes. A
 * volume that a container is writing to meanwhile is taken as it is found, file by file.
 */
export class VolumeCopies {
  readonly #parts: VolumeCopiesParts;

  constructor(parts: VolumeCopiesParts) {
    this.#parts = parts;
  }

  /** An uncompressed tar of the volume, its own directory first. Errors: notFound, canceled. */
  async export(
    name: string,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<AsyncIterable<Uint8Array>> {
    const { volumes, workers } = this.#parts;
    await volumes.find(name);
    async function* read(): AsyncGenerator<Uint8Array> {
      await using held = await volumes.borrow(name);
      yield* packTree(workers, { kind: "node", root: held.directory, path: "/", as: "." }, { signal });
    }
    return read();
  }

  /**
   * A volume that is new, or was empty, holds what the tar (plain, gzip or zstd) has; where the archive names the directory
   * itself, its owner and mode too. After an error a new volume is gone; in one that was there a part may be left.
   * Errors: conflict (not empty), invalidArgument (broken archive), canceled.
   */
  async import(
    name: string,
    tar: AsyncIterable<Uint8Array>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Volume> {
    const { volumes, workers } = this.#parts;
    const isNew = !(await this.#exists(name));
    await volumes.create({ Name: name });
    try {
      await using held = await volumes.borrow(name);
      if ((await readdir(held.directory)).length > 0) throw volumeNotEmpty(name);
      const top = new TopDirectory();
      const target = {
        ...{ root: held.directory, directory: "", noOverwriteDirNonDir: false, owner: undefined },
        // An archive does not tell of the holes that files had.
        zerosAreHoles: true,
      };
      await workers.run("extract", target, { feed: top.watch(tar), signal });
      await top.applyTo(held.directory);
    } catch (error) {
      if (isNew) await volumes.removeIfUnused(name);
      throw error;
    }
    return await volumes.inspect(name);
  }

  /**
   * A new volume `target` has everything that `source` has; blocks are shared where the file system can, which takes no
   * time and no space. After an error there is no such volume. Errors: notFound, alreadyExists.
   */
  async clone(
    source: string,
    target: string,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<Volume> {
    const { volumes, workers } = this.#parts;
    const { record } = await volumes.find(source);
    if (await this.#exists(target)) throw volumeExists(target);
    // A copy of what is on a device is a directory of this host.
    const { type: _type, device: _device, o: _o, ...options } = record.options;
    const DriverOpts = record.driver === "local" ? options : {};
    await volumes.create({ Name: target, Labels: { ...record.labels, ...labels }, DriverOpts });
    try {
      await using from = await volumes.borrow(source);
      await using to = await volumes.borrow(target);
      await workers.run("copy", { source: from.directory, target: to.directory });
    } catch (error) {
      await volumes.removeIfUnused(target);
      throw error;
    }
    return await volumes.inspect(target);
  }

  /** As `VolumeService.rename`. */
  rename(name: string, target: string): Promise<Volume> {
    return this.#parts.volumes.rename(name, target);
  }

  /** As `clone`, with a label that says of what; the name is the volume's with the time behind it unless one is given. */
  async snapshot(source: string, name: string): Promise<Volume> {
    const time = new Date().toISOString().replace(/[-:]/g, "").replace(/\..*/, "").replace("T", "-");
    return await this.clone(source, name || `${source}-${time}`, { [SNAPSHOT_LABEL]: source });
  }

  async #exists(name: string): Promise<boolean> {
    try {
      await this.#parts.volumes.find(name);
      return true;
    } catch (error) {
      if (isKind(error, "notFound")) return false;
      throw error;
    }
  }
}

/** Looks for the archive's own directory among its members as they pass by. */
class TopDirectory {
  #entry: TarEntry | undefined;
  #done = false;

  async *watch(tar: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const reader = new TarReader({
      entry: (entry) => {
        // Whoever writes the directory writes it first.
        if (entry.type === "directory" && /^(\.\/?)+$/.test(entry.name)) this.#entry = entry;
        this.#done = true;
      },
      data: () => {},
      end: () => {},
    });
    for await (const chunk of tar) {
      if (!this.#done) this.#look(reader, chunk);
      yield chunk;
    }
  }

  async applyTo(directory: string): Promise<void> {
    if (!this.#entry) return;
    await chown(directory, this.#entry.uid, this.#entry.gid);
    await chmod(directory, this.#entry.mode);
  }

  #look(reader: TarReader, chunk: Uint8Array): void {
    try {
      reader.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    } catch {
      // Compressed, or broken: whoever extracts it knows better.
      this.#done = true;
    }
  }
}
