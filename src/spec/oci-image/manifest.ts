import { invalidArgument } from "../../base/errors.ts";
import { type Descriptor, parseDescriptor } from "./descriptor.ts";
import { type JsonObject, listOf, parseDocument, textMapOf, textOf } from "./document.ts";
import { DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED, isManifestType, OCI_MANIFEST } from "./media-types.ts";

/**
 * One image (or artefact): a config and layers, lowest first.
 * Source: OCI image-spec v1.1, manifest.md; Docker Image Manifest Version 2, Schema 2.
 */
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** More layers than any snapshotter can stack. */
const MAX_LAYERS = 1024;

/**
 * The manifest in `bytes`, which came under `mediaType`.
 * Errors: invalidArgument for a document that is too large, malformed, of another type than announced, or that also
 * reads as an index (CVE-2021-41190).
 */
export function parseManifest(bytes: Uint8Array, mediaType: string): Manifest {
  const object = parseDocument(bytes, "manifest");
  const own = declaredType(object, mediaType, "manifest");
  if (!isManifestType(own)) throw invalidArgument(`unsupported manifest media type ${JSON.stringify(own)}`);
  refuseKeys(object, ["manifests", "fsLayers", "history"], "manifest");
  const subject =
    object["subject"] == null ? undefined : parseDescriptor(object["subject"], "manifest subject");
  const annotations = textMapOf(object["annotations"], "manifest annotations");
  const artifactType = textOf(object["artifactType"], "manifest artifactType");
  if (!Array.isArray(object["layers"])) throw invalidArgument("manifest has no list of layers");
  return {
    schemaVersion: 2,
    mediaType: own,
    config: parseDescriptor(object["config"], "manifest config"),
    layers: listOf(object["layers"], "manifest layers", MAX_LAYERS).map((layer, index) =>
      parseDescriptor(layer, `manifest layer ${index}`),
    ),
    ...(subject && { subject }),
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations && { annotations }),
  };
}

/** The type a document has: its own word and the one it came under must agree. Errors: invalidArgument. */
export function declaredType(object: JsonObject, announced: string, what: string): string {
  if (object["schemaVersion"] === 1 || announced === DOCKER_SCHEMA1 || announced === DOCKER_SCHEMA1_SIGNED) {
    throw invalidArgument(
      "Docker Image Format v1, and Docker Image manifest version 2, schema 1 support has been removed",
    );
  }
  // Docker's readers go by the media type alone, and some writers leave the version out or at 0.
  if (![2, 0, undefined].includes(object["schemaVersion"] as number | undefined))
    throw invalidArgument(`${what} has an unsupported schemaVersion`);
  const own = textOf(object["mediaType"], `${what} mediaType`);
  if (own !== undefined && own !== "" && own !== announced) {
    throw invalidArgument(
      `${what} media type mismatch: the document says ${JSON.stringify(own)}, it came as ${JSON.stringify(announced)}`,
    );
  }
  return announced;
}

/** Errors: invalidArgument where the document has one of `keys`, in any case: another reader could take it for something else. */
export function refuseKeys(object: JsonObject, keys: readonly string[], what: string): void {
  for (const key of Object.keys(object)) {
    if (!keys.some((refused) => refused.toLowerCase() === key.toLowerCase())) continue;
    throw invalidArgument(`ambiguous ${what}: it must not have a ${JSON.stringify(key)} field`);
  }
}

/** The bytes of an OCI manifest, keys in the order of the specification. */
export function encodeManifest(manifest: Omit<Manifest, "schemaVersion" | "mediaType">): Uint8Array {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, ...manifest }));
}
