import { invalidArgument } from "../../base/errors.ts";
import { listOf, MAX_DOCUMENT_BYTES, objectOf, parseDocument, textOf, textsOf } from "./document.ts";

/**
 * Images as files: an OCI layout and docker's archive, which `docker save` writes into one tar.
 * Source: OCI image-spec v1.1, image-layout.md; Docker image specification v1.3, "Combined Image JSON + Filesystem Changeset Format".
 */
export interface OciLayout {
  readonly imageLayoutVersion: "1.0.0";
}

/** One image of a docker archive's `manifest.json`. Paths are relative to the archive. */
export interface DockerArchiveEntry {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  /** Lowest first. */
  readonly Layers: readonly string[];
  /** Id of the image in the same archive that this one was made from. */
  readonly Parent?: string;
}

export const LAYOUT_FILE = "oci-layout";
export const LAYOUT_INDEX = "index.json";
export const ARCHIVE_MANIFEST = "manifest.json";
export const ARCHIVE_REPOSITORIES = "repositories";
/** Annotation of an index entry: tag, and the full name as containerd writes it. */
export const REF_NAME_ANNOTATION = "org.opencontainers.image.ref.name";
export const IMAGE_NAME_ANNOTATION = "io.containerd.image.name";
/** Annotation of an index entry: digest of what it refers to, as containerd writes it. */
export const SUBJECT_ANNOTATION = "io.containerd.manifest.subject";

const MAX_IMAGES = 1024;

/** The `oci-layout` file. Errors: invalidArgument for another version. */
export function parseLayout(bytes: Uint8Array): OciLayout {
  const version = parseDocument(bytes, LAYOUT_FILE)["imageLayoutVersion"];
  if (version !== "1.0.0")
    throw invalidArgument(`unsupported OCI image layout version ${JSON.stringify(version)}`);
  return { imageLayoutVersion: version };
}

/** The images of a docker archive's `manifest.json`. Errors: invalidArgument. */
export function parseArchiveManifest(bytes: Uint8Array): DockerArchiveEntry[] {
  if (bytes.byteLength > MAX_DOCUMENT_BYTES) throw invalidArgument(`${ARCHIVE_MANIFEST} is too large`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalidArgument(`${ARCHIVE_MANIFEST} is not valid JSON`, { cause });
  }
  return listOf(value, ARCHIVE_MANIFEST, MAX_IMAGES).map((entry) => {
    const object = objectOf(entry, `${ARCHIVE_MANIFEST} entry`);
    const parent = textOf(object["Parent"], "Parent");
    return {
      Config: textOf(object["Config"], "Config") ?? "",
      RepoTags: textsOf(object["RepoTags"], "RepoTags", MAX_IMAGES) ?? [],
      Layers: textsOf(object["Layers"], "Layers", MAX_IMAGES) ?? [],
      ...(parent && { Parent: parent }),
    };
  });
}
