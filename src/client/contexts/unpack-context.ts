import { posix } from "node:path";
import { invalidArgument } from "../../base/errors.ts";
import { type TarEntry, TarReader, textOf } from "../../spec/tar/mod.ts";
import { isZip, readZip } from "../../spec/zip/mod.ts";
import type { ContextMetadata } from "./context-store.ts";
import type { ContextTls } from "./context-tls.ts";

/** How large an archive may be, and each file in it. */
export const MAX_CONTEXT_BYTES = 10 * 1024 * 1024;

export interface UnpackedContext {
  readonly metadata: ContextMetadata;
  readonly tls: ContextTls;
}

/**
 * The context in an archive, tar or zip, that `docker context export` wrote, under the name that it shall have here.
 * Errors: invalidArgument for anything else, for more than `MAX_CONTEXT_BYTES`, and for names that a context has not.
 */
export function unpackContext(archive: Buffer, name: string): UnpackedContext {
  if (archive.length > MAX_CONTEXT_BYTES) throw invalidArgument("read exceeds the defined limit");
  let metadata: ContextMetadata | undefined;
  const tls: Record<string, Record<string, Buffer>> = {};
  for (const [path, content] of isZip(archive) ? filesOfZip(archive) : filesOfTar(archive)) {
    checkPath(path);
    if (path === "meta.json") metadata = { ...parseMetadata(content), Name: name };
    else {
      const [endpoint, file, ...more] = path.slice("tls/".length).split("/");
      if (!endpoint || !file || more.length > 0) throw invalidArgument("archive format is invalid");
      tls[endpoint] = { ...tls[endpoint], [file]: content };
    }
  }
  if (!metadata) throw invalidArgument("invalid context: no metadata found");
  return { metadata, tls };
}

function parseMetadata(content: Buffer): ContextMetadata {
  const { Metadata, Endpoints } = JSON.parse(content.toString()) as Partial<ContextMetadata>;
  return { Name: "", Metadata: Metadata ?? {}, Endpoints: Endpoints ?? {} };
}

function checkPath(path: string): void {
  const refuse = (reason: string) => invalidArgument(`${path}: ${reason}`);
  if (path !== "meta.json" && !path.startsWith("tls/")) throw refuse("unexpected context file");
  if (posix.normalize(path) !== path || path.endsWith("/")) throw refuse("unexpected path format");
  if (path.includes("\\")) throw refuse("unexpected '\\' in path");
}

function filesOfTar(archive: Buffer): Array<[path: string, content: Buffer]> {
  const files: Array<[string, Buffer]> = [];
  let current: Buffer | undefined;
  const reader = new TarReader({
    entry(entry: TarEntry) {
      current = undefined;
      if (entry.type !== "file") return;
      // A sparse file may be larger than its archive.
      if (entry.sizeBytes > MAX_CONTEXT_BYTES) throw invalidArgument("read exceeds the defined limit");
      current = Buffer.alloc(entry.sizeBytes);
      files.push([textOf(entry.name), current]);
    },
    data(bytes, offsetBytes) {
      current?.set(bytes, offsetBytes);
    },
    end() {},
  });
  reader.push(archive);
  reader.finish();
  return files;
}

function filesOfZip(archive: Buffer): Array<[path: string, content: Buffer]> {
  return readZip(archive)
    .filter(({ isFile }) => isFile)
    .map((member) => [member.name, member.read(MAX_CONTEXT_BYTES)]);
}
