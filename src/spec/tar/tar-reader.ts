import { invalidArgument } from "../../base/errors.ts";
import { parsePaxRecords, parsePaxTime } from "./pax-records.ts";
import {
  checkFragments,
  oldSparseSize,
  pairFragments,
  parseDecimal,
  parseSparseSlots,
  type SparseFragment,
  SparseMapText,
} from "./sparse-map.ts";
import { BLOCK_BYTES, type TarEntry, type TarEntryType } from "./tar-entry.ts";
import { invalidHeader, parseTarHeader, type TarHeader } from "./tar-header.ts";

/** Takes the members of an archive, in its order: `entry`, then `data` any number of times, then `end`. */
export interface TarHandler {
  /** `contentOffset`: where the member's contents begin in the archive; what `data` brings stands there without gaps. */
  entry(entry: TarEntry, contentOffset: number): void;
  /** Bytes of the member at that offset of the file; only valid during the call. Bytes that no call brings are holes. */
  data(bytes: Buffer, offsetBytes: number): void;
  end(): void;
}

const TYPES: Readonly<Record<string, TarEntryType>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  S: "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "charDevice",
  "4": "blockDevice",
  "5": "directory",
  "6": "fifo",
};

const XATTR_KEY = "SCHILY.xattr.";
// Extended headers are kept in memory: the limit that Go's reader, and so docker, has.
const MAX_EXTENSION_BYTES = 1024 * 1024;

/** Extensions that were read and belong to the next member. */
interface Extensions {
  longName: string | undefined;
  longLink: string | undefined;
  pax: Map<string, string>;
  xattrs: Map<string, string>;
  /** Offsets and lengths of PAX sparse format 0.0, whose keys repeat. */
  sparsePairs: string[];
}

/**
 * Reads an archive that is pushed in pieces of any size and calls the handler as it goes; nothing of a file's bytes is
 * copied or kept. Understands V7, ustar, PAX and GNU archives with long names and all forms of sparse files.
 * Whatever follows the end mark is ignored.
 *
 * Errors: invalidArgument for what is no archive (`archive/tar: invalid tar header …`) and for one that ends in the
 * middle (`unexpected EOF`); whatever the handler throws. The reader cannot be used after an error.
 * Source: POSIX.1-2024, pax; GNU tar manual, "Tar Internals".
 */
export class TarReader {
  readonly #handler: TarHandler;
  readonly #staging = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #staged = 0;
  /** What the next whole block is; undefined while bytes of a member or of an extension are read. */
  #expects: "header" | "sparseSlots" | "sparseMap" | "body" | "end" = "header";
  #bodyLeft = 0;
  #paddingLeft = 0;
  /** Collects the body of an extended header; undefined while a member's body is read. */
  #extension: { readonly flag: string; readonly parts: Buffer[] } | undefined;
  #pending = emptyExtensions();
  #member:
    | { header: TarHeader; realSize: number; fragments: SparseFragment[]; map: SparseMapText }
    | undefined;
  #fragments: readonly SparseFragment[] | undefined;
  #fragmentIndex = 0;
  #fragmentDone = 0;
  #position = 0;
  #readBytes = 0;
  /** Bytes of the archive up to the end of the block that was read last. */
  #contentOffset = 0;

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  /** Whether the end mark was read. */
  get ended(): boolean {
    return this.#expects === "end";
  }

  /** Reads the next piece of the archive. */
  push(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#expects === "end") return;
      if (this.#expects === "body") offset += this.#takeBody(chunk, offset);
      else offset += this.#takeBlock(chunk, offset);
    }
    this.#readBytes += chunk.length;
  }

  /** The archive has no more bytes. */
  finish(): void {
    const complete = this.#expects === "end" || (this.#expects === "header" && this.#staged === 0);
    if (!complete) throw invalidArgument("unexpected EOF");
  }

  #takeBlock(chunk: Buffer, offset: number): number {
    if (this.#staged === 0 && chunk.length - offset >= BLOCK_BYTES) {
      this.#contentOffset = this.#readBytes + offset + BLOCK_BYTES;
      this.#readBlock(chunk.subarray(offset, offset + BLOCK_BYTES));
      return BLOCK_BYTES;
    }
    const taken = Math.min(BLOCK_BYTES - this.#staged, chunk.length - offset);
    chunk.copy(this.#staging, this.#staged, offset, offset + taken);
    this.#staged += taken;
    if (this.#staged === BLOCK_BYTES) {
      this.#staged = 0;
      this.#contentOffset = this.#readBytes + offset + taken;
      this.#readBlock(this.#staging);
    }
    return taken;
  }

  #readBlock(block: Buffer): void {
    if (this.#expects === "sparseSlots") this.#readSparseSlots(block);
    else if (this.#expects === "sparseMap") this.#readSparseMap(block);
    else this.#readHeader(block);
  }

  #readHeader(block: Buffer): void {
    const header = parseTarHeader(block);
    if (!header) {
      this.#expects = "end";
      return;
    }
    if ("xgLK".includes(header.typeFlag)) {
      this.#startExtension(header);
      return;
    }
    this.#member = { header, realSize: header.sizeBytes, fragments: [], map: new SparseMapText() };
    if (header.typeFlag === "S") {
      this.#member.realSize = oldSparseSize(block);
      this.#member.fragments = parseSparseSlots(block, 386, 4);
      if (block[482] === 1) this.#expects = "sparseSlots";
      else this.#startMember(this.#member.fragments);
      return;
    }
    const { pax } = this.#pending;
    if (pax.get("GNU.sparse.major") === "1" && pax.get("GNU.sparse.minor") === "0")
      this.#expects = "sparseMap";
    else this.#startMember(this.#paxFragments());
  }

  #startExtension(header: TarHeader): void {
    if (header.sizeBytes > MAX_EXTENSION_BYTES) throw invalidHeader("an extended header is too large");
    this.#extension = { flag: header.typeFlag, parts: [] };
    this.#startBody(header.sizeBytes);
  }

  #finishExtension(flag: string, body: Buffer): void {
    if (flag === "L") this.#pending.longName = untilNul(body);
    else if (flag === "K") this.#pending.longLink = untilNul(body);
    else if (flag === "x") this.#pending = { ...this.#pending, ...readPaxRecords(body) };
    // Global headers ("g") carry comments in practice (git's commit id); docker leaves them out as well.
  }

  #readSparseSlots(block: Buffer): void {
    const member = this.#member!;
    member.fragments.push(...parseSparseSlots(block, 0, 21));
    if (member.fragments.length > MAX_EXTENSION_BYTES) throw invalidHeader("a sparse map is too large");
    if (block[504] !== 1) this.#startMember(member.fragments);
  }

  /** PAX sparse format 1.0: the map stands before the contents, as lines of decimal numbers padded to whole blocks. */
  #readSparseMap(block: Buffer): void {
    const member = this.#member!;
    const fragments = member.map.add(block);
    if (!fragments) return;
    member.fragments = fragments;
    this.#startMember(fragments, member.map.sizeBytes);
  }

  #paxFragments(): readonly SparseFragment[] | undefined {
    const { pax, sparsePairs } = this.#pending;
    if (sparsePairs.length > 0) return pairFragments(sparsePairs);
    const map = pax.get("GNU.sparse.map");
    if (map !== undefined) return pairFragments(map === "" ? [] : map.split(","));
    return undefined;
  }

  #startMember(fragments: readonly SparseFragment[] | undefined, mapBytes = 0): void {
    const { header, realSize } = this.#member!;
    const { pax } = this.#pending;
    const storedSize = (pax.has("size") ? parseDecimal(pax.get("size")!) : header.sizeBytes) - mapBytes;
    const sparseSize = pax.get("GNU.sparse.realsize") ?? pax.get("GNU.sparse.size");
    const isSparse = fragments !== undefined;
    const fileSize = !isSparse
      ? storedSize
      : header.typeFlag === "S"
        ? realSize
        : parseDecimal(sparseSize ?? String(storedSize));
    const entry = toEntry(header, this.#pending, fileSize);
    this.#pending = emptyExtensions();
    this.#member = undefined;
    // Links, directories and devices have no contents, whatever size their header names.
    const bodyBytes = entry.type === "file" ? storedSize : 0;
    if (isSparse) checkFragments(fragments, fileSize, bodyBytes);
    this.#fragments = fragments;
    this.#fragmentIndex = 0;
    this.#fragmentDone = 0;
    this.#position = 0;
    this.#extension = undefined;
    this.#handler.entry(entry, this.#contentOffset);
    this.#startBody(bodyBytes);
  }

  #startBody(sizeBytes: number): void {
    this.#bodyLeft = sizeBytes;
    this.#paddingLeft = (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
    this.#expects = "body";
    if (sizeBytes === 0) this.#finishBody();
  }

  #takeBody(chunk: Buffer, offset: number): number {
    const taken = Math.min(this.#bodyLeft, chunk.length - offset);
    if (taken > 0) {
      const bytes = chunk.subarray(offset, offset + taken);
      // An extension is kept beyond this call, and the caller may use its buffer again.
      if (this.#extension) this.#extension.parts.push(Buffer.from(bytes));
      else this.#deliver(bytes);
      this.#bodyLeft -= taken;
    }
    if (this.#bodyLeft > 0) return taken;
    const skipped = Math.min(this.#paddingLeft, chunk.length - offset - taken);
    this.#paddingLeft -= skipped;
    if (this.#paddingLeft === 0) this.#finishBody();
    return taken + skipped;
  }

  #deliver(bytes: Buffer): void {
    if (!this.#fragments) {
      this.#handler.data(bytes, this.#position);
      this.#position += bytes.length;
      return;
    }
    for (let offset = 0; offset < bytes.length; ) {
      const fragment = this.#fragments[this.#fragmentIndex]!;
      const taken = Math.min(fragment.lengthBytes - this.#fragmentDone, bytes.length - offset);
      if (taken > 0) {
        this.#handler.data(bytes.subarray(offset, offset + taken), fragment.offsetBytes + this.#fragmentDone);
      }
      offset += taken;
      this.#fragmentDone += taken;
      if (this.#fragmentDone === fragment.lengthBytes) {
        this.#fragmentIndex++;
        this.#fragmentDone = 0;
      }
    }
  }

  #finishBody(): void {
    this.#expects = "header";
    if (this.#extension) {
      const { flag, parts } = this.#extension;
      this.#extension = undefined;
      this.#finishExtension(flag, Buffer.concat(parts));
    } else {
      this.#handler.end();
    }
  }
}

function emptyExtensions(): Extensions {
  return { longName: undefined, longLink: undefined, pax: new Map(), xattrs: new Map(), sparsePairs: [] };
}

/** What an extended header says; of several before one member the last counts, so that they cannot pile up. */
function readPaxRecords(body: Buffer): Pick<Extensions, "pax" | "xattrs" | "sparsePairs"> {
  const extensions = emptyExtensions();
  for (const [key, value] of parsePaxRecords(body)) {
    if (key.startsWith(XATTR_KEY)) extensions.xattrs.set(key.slice(XATTR_KEY.length), value);
    else if (key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes") extensions.sparsePairs.push(value);
    else if (value === "") extensions.pax.delete(key);
    else extensions.pax.set(key, value);
  }
  const { pax, xattrs, sparsePairs } = extensions;
  return { pax, xattrs, sparsePairs };
}

function toEntry(
  header: TarHeader,
  { pax, xattrs, longName, longLink }: Extensions,
  fileSize: number,
): TarEntry {
  const name = pax.get("GNU.sparse.name") ?? pax.get("path") ?? longName ?? header.name;
  const type = typeOf(header.typeFlag, name);
  const isLink = type === "hardlink" || type === "symlink";
  const time = pax.get("mtime");
  const mtime = time === undefined ? { seconds: header.mtimeSeconds, nanoseconds: 0 } : parsePaxTime(time);
  return {
    type,
    name,
    linkName: isLink ? (pax.get("linkpath") ?? longLink ?? header.linkName) : "",
    mode: header.mode & 0o7777,
    uid: idOf(pax.get("uid"), header.uid),
    gid: idOf(pax.get("gid"), header.gid),
    mtimeSeconds: mtime.seconds,
    mtimeNanoseconds: mtime.nanoseconds,
    sizeBytes: type === "file" ? fileSize : 0,
    deviceMajor: header.deviceMajor,
    deviceMinor: header.deviceMinor,
    xattrs,
  };
}

function typeOf(flag: string, name: string): TarEntryType {
  const type = TYPES[flag];
  if (!type) throw invalidArgument(`unhandled tar header type ${flag.charCodeAt(0)}`);
  // Archives older than ustar mark directories by the name alone.
  return type === "file" && name.endsWith("/") ? "directory" : type;
}

function idOf(pax: string | undefined, plain: number): number {
  const id = pax === undefined ? plain : parseDecimal(pax);
  // 2³² − 1 means "leave it as it is" to chown(2): no file can belong to it.
  if (id < 0 || id >= 0xffffffff) throw invalidHeader("an owner is out of range");
  return id;
}

function untilNul(body: Buffer): string {
  const end = body.indexOf(0);
  return body.toString("latin1", 0, end < 0 ? body.length : end);
}
