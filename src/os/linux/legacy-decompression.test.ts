import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { decompressLegacy, type LegacyCompression } from "./legacy-decompression.ts";

const SAMPLE = Buffer.concat([randomBytes(300_000), Buffer.alloc(5_000_000, "abc"), randomBytes(100)]);

function compress(format: LegacyCompression, bytes: Buffer): Buffer {
  const { status, stdout } = spawnSync(format, ["-c", "-1"], { input: bytes, maxBuffer: 1 << 26 });
  expect(status).toBe(0);
  return stdout;
}

async function undo(format: LegacyCompression, bytes: Uint8Array, pieceBytes: number): Promise<Buffer> {
  const pieces = (async function* () {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  })();
  const out: Uint8Array[] = [];
  for await (const piece of decompressLegacy(format, pieces)) out.push(piece);
  return Buffer.concat(out);
}

for (const format of ["xz", "bzip2"] as const) {
  test(`${format}: whole and concatenated streams in pieces of any size; broken ones are refused`, async () => {
    const packed = compress(format, SAMPLE);
    expect((await undo(format, packed, 65_536)).equals(SAMPLE)).toBe(true);
    expect((await undo(format, packed, 997)).equals(SAMPLE)).toBe(true);
    const twice = Buffer.concat([packed, compress(format, Buffer.from("more"))]);
    expect((await undo(format, twice, 100_000)).equals(Buffer.concat([SAMPLE, Buffer.from("more")]))).toBe(
      true,
    );
    const failure = (bytes: Uint8Array) =>
      undo(format, bytes, 4096).then(
        () => "none",
        (error) => error.code,
      );
    expect(await failure(packed.subarray(0, packed.length - 20))).toBe("ERR_ZLIB_LEGACY");
    const corrupt = Buffer.from(packed);
    corrupt.fill(0, 1000, 2000);
    expect(await failure(corrupt)).toBe("ERR_ZLIB_LEGACY");
  });
}
