import { END_OF_ARCHIVE, encodeEntry, paddingOf } from "./encode-entry.ts";
import type { TarEntry } from "./tar-entry.ts";

/** A member of an archive that is made for a test; what is left out is as of a plain file of root. */
export type Member = Partial<TarEntry> & {
  readonly name: string;
  /** A byte string. */
  readonly content?: string;
};

/** The whole entry that a member is. */
export function entryOf({ content = "", ...fields }: Member): TarEntry {
  return {
    type: "file",
    linkName: "",
    mode: fields.type === "directory" ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    mtimeSeconds: 1_500_000_000,
    mtimeNanoseconds: 0,
    sizeBytes: content.length,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: new Map(),
    ...fields,
  };
}

/** The blocks of one member. */
export function memberBlocks(member: Member): Buffer {
  const content = Buffer.from(member.content ?? "", "latin1");
  return Buffer.concat([encodeEntry(entryOf(member)), content, paddingOf(content.length)]);
}

/** A whole archive. */
export function tarOf(...members: readonly Member[]): Buffer {
  return Buffer.concat([...members.map(memberBlocks), END_OF_ARCHIVE]);
}

/** A header with bytes changed and its checksum made right again. */
export function patchHeader(header: Buffer, patch: (block: Buffer) => void): Buffer {
  const block = Buffer.from(header);
  patch(block);
  block.fill(32, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
