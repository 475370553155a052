import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { mutations } from "../../../test/fixtures/mutations.ts";
import { isKind } from "../../base/errors.ts";
import { parseArchiveManifest, parseLayout } from "./archive.ts";
import { encodeImageConfig, parseImageConfig, platformOfConfig } from "./config.ts";
import { parseIndex, rankEntries } from "./index-document.ts";
import { parseManifest } from "./manifest.ts";
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from "./media-types.ts";
import { compatiblePlatforms, formatPlatform } from "./platform.ts";

/** `GANTRY_FUZZ_ROUNDS` looks further; what it finds becomes a file of the golden folder. */
const ROUNDS = Number(process.env["GANTRY_FUZZ_ROUNDS"] ?? 15_000);
const SLOW_MS = 250;

type Parse = (bytes: Uint8Array) => unknown;

/** Every reader of documents that strangers wrote, and what is done with what it read. */
const PARSERS: Readonly<Record<string, Parse>> = {
  manifest: (bytes) => parseManifest(bytes, OCI_MANIFEST),
  "docker-manifest": (bytes) => parseManifest(bytes, DOCKER_MANIFEST),
  index: (bytes) => {
    const index = parseIndex(bytes, OCI_INDEX);
    rankEntries(index, { os: "linux", architecture: "amd64", variant: "v3" });
    return index;
  },
  "docker-list": (bytes) => parseIndex(bytes, DOCKER_LIST),
  config: (bytes) => {
    const config = parseImageConfig(bytes);
    formatPlatform(platformOfConfig(config));
    compatiblePlatforms(platformOfConfig(config));
    expect(parseImageConfig(encodeImageConfig(config))).toEqual(config);
    return config;
  },
  archive: parseArchiveManifest,
  layout: parseLayout,
};

/** `kind.name.json` is accepted by its parser, `kind.name.refused.json` is not. */
const golden = readdirSync(join(import.meta.dir, "golden")).map((file) => ({
  file,
  kind: file.split(".", 1)[0]!,
  refused: file.endsWith(".refused.json"),
  bytes: readFileSync(join(import.meta.dir, "golden", file)),
}));

/** Whether the document was read. Whatever else than a refusal is thrown is a fault. */
function isAccepted(parse: Parse, bytes: Uint8Array): boolean {
  try {
    parse(bytes);
    return true;
  } catch (error) {
    if (isKind(error, "invalidArgument")) return false;
    throw error;
  }
}

test.each(golden)("$file", ({ kind, refused, bytes }) => {
  expect(isAccepted(PARSERS[kind]!, bytes)).toBe(!refused);
  for (const parse of Object.values(PARSERS)) isAccepted(parse, bytes);
});

test.each(Object.keys(PARSERS))("%s: whatever a stranger sends is read or refused, and soon", (kind) => {
  const samples = golden.filter((sample) => sample.kind === kind).map(({ bytes }) => bytes);
  expect(samples.length).toBeGreaterThan(1);
  const variants = mutations(samples, 4_711);
  let accepted = 0;
  for (let round = 0; round < ROUNDS / Object.keys(PARSERS).length; round++) {
    const bytes = variants.next().value!;
    const startMs = performance.now();
    try {
      if (isAccepted(PARSERS[kind]!, bytes)) accepted++;
    } catch (cause) {
      throw new Error(`${kind}: ${JSON.stringify(bytes.toString("latin1"))}`, { cause });
    }
    if (performance.now() - startMs > SLOW_MS) throw new Error(`slow: ${bytes.toString("base64")}`);
  }
  // Variants that are all refused would test the first check alone.
  expect(accepted).toBeGreaterThan(0);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});
