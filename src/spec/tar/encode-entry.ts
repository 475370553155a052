import { formatPaxRecord } from "./pax-records.ts";
import { BLOCK_BYTES, bytesOf, type TarEntry, type TarEntryType } from "./tar-entry.ts";

const FLAGS: Readonly<Record<TarEntryType, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  charDevice: "3",
  blockDevice: "4",
  directory: "5",
  fifo: "6",
};

const MAX_SIZE = 0o77777777777;
const MAX_ID = 0o7777777;

/** The two blocks of zeros that end an archive. */
export const END_OF_ARCHIVE: Buffer = Buffer.alloc(2 * BLOCK_BYTES);

/**
 * The header blocks of a member: a ustar header, with a PAX header before it where names, numbers, a fraction of a
 * second or extended attributes need one. The file's bytes and `paddingOf` them follow.
 * Source: POSIX.1-2024, pax.
 */
export function encodeEntry(entry: TarEntry): Buffer {
  const records = paxRecordsOf(entry);
  const header = encodeHeader(entry, FLAGS[entry.type], entry.sizeBytes);
  if (records === "") return header;
  const body = bytesOf(records);
  const paxEntry = { ...entry, name: `PaxHeaders/${lastPart(entry.name)}`, linkName: "", mode: 0o644 };
  return Buffer.concat([encodeHeader(paxEntry, "x", body.length), body, paddingOf(body.length), header]);
}

/** The zeros that fill the last block of `sizeBytes` of contents. */
export function paddingOf(sizeBytes: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

function paxRecordsOf(entry: TarEntry): string {
  let records = "";
  const add = (key: string, value: string) => {
    records += formatPaxRecord(key, value);
  };
  // An xattr is bytes, and so are names: a byte string goes into the header as it is.
  if (splitName(entry.name) === undefined) add("path", entry.name);
  if (entry.linkName.length > 100) add("linkpath", entry.linkName);
  if (entry.sizeBytes > MAX_SIZE) add("size", String(entry.sizeBytes));
  if (entry.uid > MAX_ID) add("uid", String(entry.uid));
  if (entry.gid > MAX_ID) add("gid", String(entry.gid));
  const outOfRange = entry.mtimeSeconds < 0 || entry.mtimeSeconds > MAX_SIZE;
  if (entry.mtimeNanoseconds !== 0 || outOfRange) add("mtime", formatPaxTime(entry));
  for (const name of [...entry.xattrs.keys()].sort()) add(`SCHILY.xattr.${name}`, entry.xattrs.get(name)!);
  return records;
}

function formatPaxTime({ mtimeSeconds, mtimeNanoseconds }: TarEntry): string {
  const total = BigInt(mtimeSeconds) * 1_000_000_000n + BigInt(mtimeNanoseconds);
  const size = total < 0n ? -total : total;
  const fraction = (size % 1_000_000_000n).toString().padStart(9, "0").replace(/0+$/, "");
  const whole = `${total < 0n ? "-" : ""}${size / 1_000_000_000n}`;
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

function encodeHeader(entry: TarEntry, flag: string, sizeBytes: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const [prefix, name] = splitName(entry.name) ?? ["", entry.name.slice(0, 100)];
  block.write(name, 0, 100, "latin1");
  writeOctal(block, entry.mode, 100, 8);
  writeOctal(block, entry.uid > MAX_ID ? 0 : entry.uid, 108, 8);
  writeOctal(block, entry.gid > MAX_ID ? 0 : entry.gid, 116, 8);
  writeOctal(block, sizeBytes > MAX_SIZE ? 0 : sizeBytes, 124, 12);
  writeOctal(block, Math.min(Math.max(entry.mtimeSeconds, 0), MAX_SIZE), 136, 12);
  block.fill(32, 148, 156);
  block.write(flag, 156, 1, "latin1");
  block.write(entry.linkName.slice(0, 100), 157, 100, "latin1");
  block.write("ustar\x0000", 257, 8, "latin1");
  writeOctal(block, entry.deviceMajor, 329, 8);
  writeOctal(block, entry.deviceMinor, 337, 8);
  block.write(prefix, 345, 155, "latin1");
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, 8, "latin1");
  return block;
}

/** Prefix and name fields of a path; undefined where it does not fit into them. */
function splitName(path: string): readonly [prefix: string, name: string] | undefined {
  if (path.length <= 100) return ["", path];
  if (path.length > 256) return undefined;
  const slash = path.indexOf("/", path.length - 101);
  // The slash at a directory's end belongs to its name.
  if (slash <= 0 || slash > 155 || slash === path.length - 1) return undefined;
  return [path.slice(0, slash), path.slice(slash + 1)];
}

function lastPart(path: string): string {
  const trimmed = path.endsWith("/") ? path.slice(0, -1) : path;
  return trimmed.slice(trimmed.lastIndexOf("/") + 1).slice(0, 80);
}

function writeOctal(block: Buffer, value: number, start: number, length: number): void {
  block.write(value.toString(8).padStart(length - 1, "0"), start, length - 1, "latin1");
}
