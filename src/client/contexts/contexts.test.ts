import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { makeTempDir } from "../../../test/fixtures/temp-dir.ts";
import { tarOf } from "../../spec/tar/tar.fixture.ts";
import { checkContextName } from "./context-name.ts";
import { contextPaths, listContexts, readContext } from "./context-store.ts";
import { listTlsFiles, readContextTls, readTlsFiles } from "./context-tls.ts";
import { packContext } from "./pack-context.ts";
import { MAX_CONTEXT_BYTES, unpackContext } from "./unpack-context.ts";
import { removeContext, replaceTlsFiles, writeContext } from "./write-context.ts";

const FAR = {
  Name: "far",
  Metadata: { Description: "not here", StackOrchestrator: "none" },
  Endpoints: { docker: { Host: "tcp://far:2376", SkipTLSVerify: false }, kubernetes: { Host: "x" } },
};
const TLS = {
  docker: { "ca.pem": Buffer.from("authority"), "key.pem": Buffer.from("secret") },
  kubernetes: { "cert.pem": Buffer.from("certificate") },
};

describe("names", () => {
  test.each([
    ["", "context name cannot be empty"],
    ["default", '"default" is a reserved context name'],
    ["a", 'context name "a" is invalid, names are validated against regexp "^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$"'],
    ["../x", 'context name "../x" is invalid, names'],
  ])("%j is refused", (name, problem) => {
    expect(() => checkContextName(name)).toThrow(problem);
  });

  test("others are not", () => {
    for (const name of ["ab", "A.b_c+d-e", "09"]) checkContextName(name);
  });
});

describe("the store", () => {
  let folder: ReturnType<typeof makeTempDir>;
  beforeEach(() => {
    folder = makeTempDir("contexts");
  });
  afterEach(() => folder[Symbol.dispose]());

  test("keeps what it is given until it is removed, keys for their owner only", async () => {
    expect(listContexts(folder.path)).toEqual([]);
    await writeContext(folder.path, FAR);
    await replaceTlsFiles(folder.path, "far", TLS);
    expect(readContext(folder.path, "far")).toEqual(FAR);
    expect(listContexts(folder.path)).toEqual([FAR]);
    expect(listTlsFiles(folder.path, "far")).toEqual({
      docker: ["ca.pem", "key.pem"],
      kubernetes: ["cert.pem"],
    });
    expect(readTlsFiles(folder.path, "far")).toEqual(TLS);
    expect(readContextTls(folder.path, FAR)).toEqual({ verify: true, ca: "authority", key: "secret" });
    const paths = contextPaths(folder.path, "far");
    // Where docker looks for it: the folder is named by the SHA-256 of the name.
    expect(paths.meta).toBe(
      join(folder.path, "contexts/meta/512eea46ceb3921dff4363c7069d89d4964d1d9fccaa0f411851a7aa60a5c868"),
    );
    expect(statSync(join(paths.tls, "docker")).mode & 0o777).toBe(0o700);
    expect(statSync(join(paths.tls, "docker/key.pem")).mode & 0o777).toBe(0o600);
    await replaceTlsFiles(folder.path, "far", { docker: TLS.docker });
    expect(Object.keys(listTlsFiles(folder.path, "far"))).toEqual(["docker"]);
    await removeContext(folder.path, "far");
    expect(readdirSync(join(folder.path, "contexts/meta"))).toEqual([]);
    expect(readdirSync(join(folder.path, "contexts/tls"))).toEqual([]);
  });

  test("a folder whose file is gone is no context", async () => {
    mkdirSync(join(folder.path, "contexts/meta/abc"), { recursive: true });
    expect(listContexts(folder.path)).toEqual([]);
  });

  test("a context that is not there is told of with the file that was looked for", () => {
    expect(() => readContext(folder.path, "far")).toThrow(
      `context "far": context not found: open ${contextPaths(folder.path, "far").meta}/meta.json: no such file or directory`,
    );
  });
});

describe("archives", () => {
  test("what was packed is unpacked, under another name", () => {
    expect(unpackContext(packContext(FAR, TLS), "near")).toEqual({
      metadata: { ...FAR, Name: "near" },
      tls: TLS,
    });
  });

  test("zip archives, stored and deflated", () => {
    const zip = zipOf(
      { name: "meta.json", content: JSON.stringify(FAR), deflated: true },
      { name: "tls/", content: "" },
      { name: "tls/docker/ca.pem", content: "authority" },
    );
    expect(unpackContext(zip, "far")).toEqual({
      metadata: FAR,
      tls: { docker: { "ca.pem": TLS.docker["ca.pem"] } },
    });
  });

  const meta = { name: "meta.json", content: "{}" };
  test.each([
    ["nothing", tarOf(), "invalid context: no metadata found"],
    ["no archive", Buffer.from("hello"), "unexpected EOF"],
    ["a foreign file", tarOf(meta, { name: "etc/passwd" }), "etc/passwd: unexpected context file"],
    ["a way out", tarOf(meta, { name: "tls/../../x" }), "tls/../../x: unexpected path format"],
    ["a backslash", tarOf(meta, { name: "tls/a\\b" }), "tls/a\\b: unexpected '\\' in path"],
    ["a file too high", tarOf(meta, { name: "tls/ca.pem" }), "archive format is invalid"],
    ["a file too deep", tarOf(meta, { name: "tls/a/b/c" }), "archive format is invalid"],
    ["too much", Buffer.alloc(MAX_CONTEXT_BYTES + 1), "read exceeds the defined limit"],
    ["a broken zip", Buffer.from("PK\u0003\u0004 and no more of it, sadly"), "zip: not a valid zip file"],
  ])("%s is refused", (_, archive, problem) => {
    expect(() => unpackContext(archive, "far")).toThrow(problem);
  });

  test("a zip that promises little and brings much is refused", () => {
    const bomb = zipOf({ name: "meta.json", content: "0".repeat(1_000_000), deflated: true, sizeBytes: 10 });
    expect(() => unpackContext(bomb, "far")).toThrow("zip: ");
  });
});

interface ZippedFile {
  readonly name: string;
  readonly content: string;
  readonly deflated?: boolean;
  /** What the archive says of the size. */
  readonly sizeBytes?: number;
}

/** A zip archive as Unix programs write them. Source: PKWARE, "APPNOTE.TXT". */
function zipOf(...files: readonly ZippedFile[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, content, deflated = false, sizeBytes = content.length } of files) {
    const data = deflated ? deflateRawSync(content) : Buffer.from(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(deflated ? 8 : 0, 4);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(sizeBytes, 18);
    common.writeUInt16LE(name.length, 22);
    const header = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), data]);
    const entry = Buffer.alloc(46);
    entry.write("PK\x01\x02");
    entry.writeUInt8(3, 5);
    common.copy(entry, 6);
    entry.writeUInt32LE((name.endsWith("/") ? 0o040700 : 0o100600) * 0x10000, 38);
    entry.writeUInt32LE(offset, 42);
    local.push(header);
    central.push(entry, Buffer.from(name));
    offset += header.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}
