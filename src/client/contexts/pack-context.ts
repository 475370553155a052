import { END_OF_ARCHIVE, encodeEntry, paddingOf, type TarEntry } from "../../spec/tar/mod.ts";
import type { ContextMetadata } from "./context-store.ts";
import type { ContextTls } from "./context-tls.ts";

/** A context, its certificates included, as the archive that `docker context export` writes. */
export function packContext(metadata: ContextMetadata, tls: ContextTls): Buffer {
  const blocks = [member("meta.json", 0o644, Buffer.from(JSON.stringify(metadata))), member("tls", 0o700)];
  for (const [endpoint, files] of Object.entries(tls)) {
    blocks.push(member(`tls/${endpoint}`, 0o700));
    for (const [file, content] of Object.entries(files))
      blocks.push(member(`tls/${endpoint}/${file}`, 0o600, content));
  }
  return Buffer.concat([...blocks, END_OF_ARCHIVE]);
}

/** The blocks of a file, or of a folder where there is no content. */
function member(name: string, mode: number, content?: Uint8Array): Buffer {
  const sizeBytes = content?.length ?? 0;
  const entry: TarEntry = {
    type: content === undefined ? "directory" : "file",
    name,
    linkName: "",
    mode,
    uid: 0,
    gid: 0,
    mtimeSeconds: 0,
    mtimeNanoseconds: 0,
    sizeBytes,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: new Map(),
  };
  return Buffer.concat([encodeEntry(entry), content ?? Buffer.alloc(0), paddingOf(sizeBytes)]);
}
