import { invalidArgument } from "../../base/errors.ts";
import { RootDir } from "../../os/linux/root-dir.ts";
import { type TarEntry, type TarHandler, TarReader, textOf } from "../../spec/tar/mod.ts";
import { peek, readableError } from "./apply-layer.ts";
import { decompress, decompressor, detectArchiveCompression } from "./decompress.ts";
import { joinEntryPath, parseEntryPath, toFilePath } from "./entry-path.ts";
import { LayerWriter } from "./layer-writer.ts";

/** Where an archive is extracted, and how. */
export interface ExtractTarget {
  /** Path of the root directory on the host; `/proc/PID/root` and `/proc/self/fd/N` as well. */
  readonly root: string;
  /** Clean path of an existing directory in the root, a byte string without slashes at its ends. */
  readonly directory: string;
  /** Refuse to replace a directory by something else, or something else by a directory. */
  readonly noOverwriteDirNonDir: boolean;
  /** Owner of everything that is extracted; undefined for the owners that the archive names. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** Blocks of zeros become holes of files, as a copy of files that had them wants. Default false. */
  readonly zerosAreHoles?: boolean;
}

/**
 * Extracts a tar (plain, or compressed with gzip, zstd, xz or bzip2) into a directory of a root that a container may be changing meanwhile: links in the
 * root are followed inside the root only. What is in the way is replaced; directories are merged. Whiteouts mean
 * nothing here. Runs on this thread. Errors: invalidArgument for a broken or hostile archive; SyscallError.
 */
export async function extractArchive(
  source: AsyncIterable<Uint8Array>,
  target: ExtractTarget,
): Promise<undefined> {
  const { start, whole, stop } = await peek(source);
  // An empty body is an empty archive, as for docker.
  if (start.byteLength === 0) return undefined;
  const stage = decompressor(detectArchiveCompression(start));
  using extractor = new ArchiveExtractor(target);
  const reader = new TarReader(extractor);
  const consume = async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) {
      reader.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    }
  };
  try {
    if (stage) await decompress(whole, stage, consume, stop);
    else await consume(whole);
    reader.finish();
  } catch (error) {
    throw readableError(error, "the archive");
  }
  extractor.finish();
  return undefined;
}

/** Passes the members of an archive on to a layer's writer under their place in the root. */
class ArchiveExtractor implements TarHandler, Disposable {
  readonly #target: ExtractTarget;
  readonly #root: RootDir;
  readonly #writer: LayerWriter;
  #skipped = false;

  constructor(target: ExtractTarget) {
    this.#target = target;
    this.#root = RootDir.open(target.root);
    this.#writer = new LayerWriter(
      { directory: target.root, whiteouts: "direct" },
      { whiteoutsAreFiles: true, zerosAreHoles: target.zerosAreHoles ?? false },
    );
  }

  entry(entry: TarEntry): void {
    const path = cleanPath(entry.name);
    // The directory that is extracted into stays what it is.
    this.#skipped = path === "";
    if (this.#skipped) return;
    const name = joinEntryPath(this.#target.directory, path);
    if (this.#target.noOverwriteDirNonDir) this.#checkReplacement(entry, name);
    this.#writer.entry({
      ...entry,
      ...this.#target.owner,
      name,
      linkName:
        entry.type === "hardlink"
          ? joinEntryPath(this.#target.directory, cleanPath(entry.linkName))
          : entry.linkName,
    });
  }

  data(bytes: Buffer, offsetBytes: number): void {
    if (!this.#skipped) this.#writer.data(bytes, offsetBytes);
  }

  end(): void {
    if (!this.#skipped) this.#writer.end();
  }

  finish(): void {
    this.#writer.finish();
  }

  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
    this.#root.close();
  }

  #checkReplacement(entry: TarEntry, name: string): void {
    const existing = this.#root.statIfExists(toFilePath(name));
    if (!existing || (existing.type === "directory") === (entry.type === "directory")) return;
    const path = JSON.stringify(`/${textOf(name)}`);
    const directory = JSON.stringify(`/${textOf(this.#target.directory)}`);
    throw invalidArgument(
      existing.type === "directory"
        ? `cannot overwrite directory ${path} with non-directory ${directory}`
        : `cannot overwrite non-directory ${path} with directory ${directory}`,
    );
  }
}

function cleanPath(name: string): string {
  const { parent, name: last } = parseEntryPath(name);
  return joinEntryPath(parent, last);
}
