import { createHash } from "node:crypto";
import { posix } from "node:path";
import { Readable } from "node:stream";
import type { Digest } from "../../base/digest.ts";
import { invalidArgument } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import type { ContentWriter } from "../../core/content/content-store.ts";
import type { Lease } from "../../core/leases/lease-store.ts";
import { decompressor, detectArchiveCompression } from "../../drivers/layers/decompress.ts";
import { type TarEntry, type TarHandler, TarReader, textOf } from "../../spec/tar/mod.ts";
import { claimContent } from "./claims.ts";
import type { ImageParts } from "./parts.ts";

/** A file of an archive that was taken into the store. */
export interface ArchivedFile {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

const MAX_FILES = 65_536;
const MAX_LINKS = 16;

/** The files of an image archive, by their path in it. Names are only looked up, never opened: none can lead outside. */
export class ArchiveFiles {
  readonly #files = new Map<string, ArchivedFile>();
  readonly #links = new Map<string, string>();

  addFile(name: string, file: ArchivedFile): void {
    this.#files.set(normalize(name), file);
    this.#refuseTooMany();
  }

  addLink(name: string, target: string): void {
    this.#links.set(normalize(name), target);
    this.#refuseTooMany();
  }

  /** The file at `path`, links followed; undefined where there is none. Errors: invalidArgument for links in a circle. */
  find(path: string): ArchivedFile | undefined {
    let at = normalize(path);
    for (let hops = 0; hops <= MAX_LINKS; hops++) {
      const target = this.#links.get(at);
      if (target === undefined) return this.#files.get(at);
      at = normalize(target);
    }
    throw invalidArgument(`too many links at ${JSON.stringify(path)} in the archive`);
  }

  #refuseTooMany(): void {
    if (this.#files.size + this.#links.size > MAX_FILES) {
      throw invalidArgument(`the archive has more than ${MAX_FILES} files`);
    }
  }
}

/** Archives are looked up as if `/` were their root. */
function normalize(path: string): string {
  return posix.normalize(`/${path}`).slice(1);
}

/** What the parser found and the store has yet to take: parsing is synchronous, storing is not. */
type Step =
  | { readonly kind: "entry"; readonly entry: TarEntry }
  | { readonly kind: "data"; readonly bytes: Buffer }
  | { readonly kind: "end" };

class StepCollector implements TarHandler {
  steps: Step[] = [];
  #position = 0;

  entry(entry: TarEntry): void {
    this.#position = 0;
    this.steps.push({ kind: "entry", entry });
  }

  data(bytes: Buffer, offsetBytes: number): void {
    if (offsetBytes !== this.#position) throw invalidArgument("image archives must not have sparse files");
    this.#position += bytes.byteLength;
    this.steps.push({ kind: "data", bytes: Buffer.from(bytes) });
  }

  end(): void {
    this.steps.push({ kind: "end" });
  }
}

/**
 * Reads an image archive, packed with gzip, zstd or not at all, and stores each of its files as a blob under the lease.
 * Errors: invalidArgument for what is no archive or a hostile one; whatever `content` throws.
 */
export async function readArchive(
  parts: ImageParts,
  lease: Lease,
  content: AsyncIterable<Uint8Array>,
): Promise<ArchiveFiles> {
  const collector = new StepCollector();
  const reader = new TarReader(collector);
  await using intake = new ArchiveIntake(parts, lease);
  const takeSteps = async () => {
    const { steps } = collector;
    collector.steps = [];
    for (const step of steps) await intake.take(step);
  };
  for await (const chunk of decompressed(content)) {
    reader.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    await takeSteps();
  }
  reader.finish();
  await takeSteps();
  return intake.files;
}

/** The stream without the compression that its first bytes tell of; with `layersStay` those that a layer may have are kept. */
export async function* decompressed(
  content: AsyncIterable<Uint8Array>,
  { layersStay = false } = {},
): AsyncGenerator<Uint8Array> {
  const iterator = content[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let sizeBytes = 0;
  while (sizeBytes < 6) {
    const { done, value } = await iterator.next();
    if (done) break;
    first.push(value);
    sizeBytes += value.byteLength;
  }
  const start = Buffer.concat(first);
  const whole = async function* () {
    yield start;
    yield* { [Symbol.asyncIterator]: () => iterator };
  };
  const compression = detectArchiveCompression(start);
  const stays = layersStay && (compression === "gzip" || compression === "zstd");
  const stage = stays ? undefined : decompressor(compression);
  if (!stage) {
    yield* whole();
    return;
  }
  const source = Readable.from(whole(), { objectMode: false });
  source.on("error", (error) => stage.destroy(error));
  try {
    yield* source.pipe(stage) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    if (/^(?:Z_|ZSTD_|ERR_ZLIB)/.test(code))
      throw invalidArgument("the archive cannot be decompressed", { cause });
    throw cause;
  } finally {
    source.destroy();
    stage.destroy();
  }
}

class ArchiveIntake implements AsyncDisposable {
  readonly files = new ArchiveFiles();
  readonly #parts: ImageParts;
  readonly #lease: Lease;
  #open:
    | { readonly name: string; readonly writer: ContentWriter; readonly hash: ReturnType<typeof createHash> }
    | undefined;

  constructor(parts: ImageParts, lease: Lease) {
    this.#parts = parts;
    this.#lease = lease;
  }

  async take(step: Step): Promise<void> {
    if (step.kind === "entry") await this.#begin(step.entry);
    else if (step.kind === "data") await this.#write(step.bytes);
    else await this.#finish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return;
    const { writer } = this.#open;
    this.#open = undefined;
    await writer.close();
    await this.#parts.content.abortIngest(writer.ref);
  }

  async #begin(entry: TarEntry): Promise<void> {
    const name = textOf(entry.name);
    if (entry.type === "symlink")
      this.files.addLink(name, posix.join(posix.dirname(name), textOf(entry.linkName)));
    else if (entry.type === "hardlink") this.files.addLink(name, textOf(entry.linkName));
    else if (entry.type === "file") {
      const ref = `archive-${newId()}`;
      this.#lease.add({ kind: "ingest", key: ref });
      const writer = await this.#parts.content.openIngest(ref, { totalBytes: entry.sizeBytes });
      this.#open = { name, writer, hash: createHash("sha256") };
    }
    // Directories say nothing, and devices have no place in an image archive.
  }

  async #write(bytes: Buffer): Promise<void> {
    if (!this.#open) return;
    this.#open.hash.update(bytes);
    await this.#open.writer.write(bytes);
  }

  async #finish(): Promise<void> {
    if (!this.#open) return;
    const { name, writer, hash } = this.#open;
    const digest = `sha256:${hash.digest("hex")}` as Digest;
    const sizeBytes = writer.offsetBytes;
    refuseFalseName(name, digest);
    await claimContent(this.#parts, this.#lease, digest);
    await writer.commit({ digest, sizeBytes });
    await writer.close();
    this.#open = undefined;
    this.files.addFile(name, { digest, sizeBytes });
  }
}

/** In an OCI layout a blob's path is its digest. Errors: invalidArgument where the bytes have another. */
function refuseFalseName(name: string, digest: Digest): void {
  const hex = /^blobs\/sha256\/([^/]+)$/.exec(normalize(name))?.[1];
  if (hex !== undefined && `sha256:${hex}` !== digest) {
    throw invalidArgument(`${JSON.stringify(name)} of the archive has the digest ${digest}`);
  }
}
