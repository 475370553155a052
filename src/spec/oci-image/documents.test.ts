import { expect, test } from "bun:test";
import { digestOf } from "../../base/digest.ts";
import { isKind } from "../../base/errors.ts";
import { parseArchiveManifest, parseLayout } from "./archive.ts";
import { parseImageConfig } from "./config.ts";
import { parseIndex, rankEntries } from "./index-document.ts";
import { parseManifest } from "./manifest.ts";
import {
  DOCKER_MANIFEST,
  DOCKER_SCHEMA1,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from "./media-types.ts";

const digest = digestOf("x");
const config = { mediaType: OCI_CONFIG, digest, size: 2 };
const layer = { mediaType: OCI_LAYER_GZIP, digest, size: 10 };
const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] };
const index = {
  schemaVersion: 2,
  mediaType: OCI_INDEX,
  manifests: [{ mediaType: OCI_MANIFEST, digest, size: 3 }],
};
const bytes = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));

function refusal(task: () => unknown): string {
  try {
    task();
    return "accepted";
  } catch (error) {
    if (!isKind(error, "invalidArgument")) throw error;
    return error.message;
  }
}

test("a manifest and an index are read", () => {
  expect(parseManifest(bytes(manifest), OCI_MANIFEST).layers[0]!.size).toBe(10);
  expect(parseIndex(bytes(index), OCI_INDEX).manifests.length).toBe(1);
  const { mediaType: _none, ...untyped } = manifest;
  expect(parseManifest(bytes(untyped), OCI_MANIFEST).mediaType).toBe(OCI_MANIFEST);
  const { schemaVersion: _two, ...unversioned } = manifest;
  for (const lax of [unversioned, { ...manifest, schemaVersion: 0 }]) {
    expect(parseManifest(bytes(lax), OCI_MANIFEST).config).toMatchObject({ digest });
  }
  expect(refusal(() => parseManifest(bytes({ ...manifest, schemaVersion: 3 }), OCI_MANIFEST))).toBe(
    "manifest has an unsupported schemaVersion",
  );
});

test("hostile and ambiguous documents are refused", () => {
  const asManifest = (value: unknown, type = OCI_MANIFEST) =>
    refusal(() => parseManifest(bytes(value), type));
  const withLayer = (change: object) => asManifest({ ...manifest, layers: [{ ...layer, ...change }] });
  expect(asManifest({ ...manifest, manifests: [] })).toContain("ambiguous manifest");
  expect(asManifest({ ...manifest, Manifests: [] })).toContain("ambiguous manifest");
  expect(refusal(() => parseIndex(bytes({ ...index, layers: [] }), OCI_INDEX))).toContain(
    "ambiguous image index",
  );
  expect(refusal(() => parseIndex(bytes({ ...index, config }), OCI_INDEX))).toContain(
    "ambiguous image index",
  );
  expect(asManifest(manifest, DOCKER_MANIFEST)).toContain("media type mismatch");
  expect(asManifest({ ...manifest, mediaType: OCI_INDEX })).toContain("media type mismatch");
  expect(asManifest(manifest, DOCKER_SCHEMA1)).toContain("schema 1 support has been removed");
  expect(withLayer({ size: -1 })).toContain("invalid size");
  expect(withLayer({ size: 1e300 })).toContain("invalid size");
  expect(withLayer({ size: 1.5 })).toContain("invalid size");
  expect(withLayer({ size: "1" })).toContain("invalid size");
  expect(withLayer({ digest: "sha256:../../etc" })).toContain("invalid digest");
  expect(withLayer({ mediaType: "text/html\r\nX: y" })).toContain("invalid media type");
  expect(asManifest({ ...manifest, layers: Array(2000).fill(layer) })).toContain("more than 1024 entries");
  expect(asManifest({ ...manifest, layers: undefined })).toContain("no list of layers");
  expect(
    refusal(() => parseIndex(bytes({ ...index, manifests: Array(2000).fill(config) }), OCI_INDEX)),
  ).toContain("more than 1024");
  expect(asManifest(Buffer.alloc(4 * 1024 * 1024 + 1, 32).toString())).toContain("larger than");
  expect(asManifest("[".repeat(100_000))).toContain("nested too deeply");
  expect(asManifest(`{"a":`.repeat(100_000))).toContain("nested too deeply");
  expect(asManifest("{")).toContain("not valid JSON");
  expect(asManifest("[]")).toContain("not a JSON object");
  expect(refusal(() => parseManifest(Buffer.from([0xff, 0xfe]), OCI_MANIFEST))).toContain("not valid JSON");
  const twice = JSON.stringify(manifest).replace('"layers"', '"Layers":[],"layers"');
  expect(asManifest(twice)).toContain('more than one "layers" field');
});

test("a config is read; a malformed one is refused", () => {
  const document = {
    architecture: "amd64",
    os: "linux",
    config: { Env: ["A=1"], Volumes: { "/data": {} }, Unknown: 1, Labels: JSON.parse('{"__proto__":"x"}') },
    rootfs: { type: "layers", diff_ids: [digest] },
    history: [{ created_by: "x", empty_layer: true }],
  };
  const parsed = parseImageConfig(bytes(document));
  expect(parsed.config.Env).toEqual(["A=1"]);
  expect(Object.keys(parsed.config.Labels!)).toEqual(["__proto__"]);
  expect(Object.keys(parsed.config)).not.toContain("Unknown");
  const refused = (change: object) => refusal(() => parseImageConfig(bytes({ ...document, ...change })));
  expect(refused({ rootfs: { type: "layers", diff_ids: ["x"] } })).toContain("invalid diff_id");
  expect(refused({ rootfs: { type: "other" } })).toContain("unsupported rootfs type");
  expect(refused({ config: { Env: "A=1" } })).toContain("not a list");
  expect(refused({ config: { Cmd: [1] } })).toContain("not a string");
  expect(refused({ config: { Healthcheck: { Interval: -1 } } })).toContain("not a positive number");
  expect(refused({ history: Array(5000).fill({}) })).toContain("more than 4096 entries");
});

test("entries are chosen by platform", () => {
  const entry = (architecture: string, variant: string | undefined, text: string, annotations?: object) => ({
    mediaType: OCI_MANIFEST,
    digest: digestOf(text),
    size: 1,
    platform: { os: "linux", architecture, ...(variant && { variant }) },
    ...(annotations && { annotations }),
  });
  const entries = [
    entry("unknown", undefined, "attestation", { "vnd.docker.reference.type": "attestation-manifest" }),
    entry("arm", "v6", "v6"),
    entry("amd64", undefined, "amd64"),
    entry("arm", "v7", "v7"),
    entry("arm64", "v8", "arm64"),
    entry("386", undefined, "386"),
  ];
  const parsed = parseIndex(bytes({ ...index, manifests: entries }), OCI_INDEX);
  const chosen = (architecture: string, variant?: string) =>
    rankEntries(parsed, { os: "linux", architecture, ...(variant && { variant }) }).map(
      ({ digest: found }) => found,
    );
  expect(chosen("amd64")).toEqual([digestOf("amd64"), digestOf("386")]);
  expect(chosen("x86_64")).toEqual([digestOf("amd64"), digestOf("386")]);
  expect(chosen("arm64")).toEqual([digestOf("arm64"), digestOf("v7"), digestOf("v6")]);
  expect(chosen("arm")).toEqual([digestOf("v7"), digestOf("v6")]);
  expect(chosen("arm", "v6")).toEqual([digestOf("v6")]);
  expect(chosen("s390x")).toEqual([]);
});

test("archive descriptions", () => {
  expect(parseArchiveManifest(bytes([{ Config: "c", RepoTags: null, Layers: ["l"] }]))).toEqual([
    { Config: "c", RepoTags: [], Layers: ["l"] },
  ]);
  expect(refusal(() => parseArchiveManifest(bytes({})))).toContain("not a list");
  expect(refusal(() => parseLayout(bytes({ imageLayoutVersion: "2.0.0" })))).toContain(
    "unsupported OCI image layout",
  );
});
