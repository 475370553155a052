import type { Digest } from "../../base/digest.ts";
import type { Platform } from "../../spec/oci-image/platform.ts";
import type { NamedReference } from "../../spec/reference/reference.ts";
import { fullString, parseNormalized, tagNameOnly } from "../../spec/reference/reference.ts";

/** A blob that a manifest names. */
export interface BlobEntry {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

/** The part of a manifest that commands look at; the rest is shown as it came. */
export interface ManifestBody {
  readonly config: BlobEntry;
  readonly layers: readonly BlobEntry[];
}

/**
 * An image manifest as docker's command line keeps it in `~/.docker/manifests` and shows it with `--verbose`. Keys are in
 * the order in which they are printed. Source: docker/cli, cli/manifest/types.
 */
export interface LocalManifest {
  readonly Ref: string;
  readonly Descriptor: {
    readonly mediaType: string;
    readonly digest: Digest;
    readonly size: number;
    readonly platform?: Platform;
  };
  /** The manifest's bytes in base64; missing in what old clients wrote. */
  readonly Raw?: string;
  readonly SchemaV2Manifest?: ManifestBody;
  readonly OCIManifest?: ManifestBody;
}

/** The manifest in either form. */
export function bodyOf(manifest: LocalManifest): ManifestBody {
  const body = manifest.OCIManifest ?? manifest.SchemaV2Manifest;
  if (!body) throw new Error(`${manifest.Ref} has no payload`);
  return body;
}

/** The bytes that the manifest's digest is of. */
export function rawOf(manifest: LocalManifest): Buffer {
  if (manifest.Raw) return Buffer.from(manifest.Raw, "base64");
  // Clients that kept no bytes kept what registries of their time had written with such an indent.
  const indent = manifest.OCIManifest ? 2 : 3;
  return Buffer.from(JSON.stringify(bodyOf(manifest), null, indent));
}

/** A name as users write it, with `latest` where it has neither tag nor digest. Errors: invalidArgument. */
export function manifestReference(text: string): NamedReference {
  const reference = parseNormalized(text);
  return reference.digest === undefined ? tagNameOnly(reference) : reference;
}

/** The platform's fields in the order of OCI's type, empty ones left out but for the first two. */
export function orderPlatform(platform: Partial<Platform>): Platform {
  const features = platform["os.features"] ?? [];
  return {
    architecture: platform.architecture ?? "",
    os: platform.os ?? "",
    ...(platform["os.version"] && { "os.version": platform["os.version"] }),
    ...(features.length > 0 && { "os.features": [...features] }),
    ...(platform.variant && { variant: platform.variant }),
  };
}

/** Docker's message where nothing has the name. */
export function noSuchManifest(reference: NamedReference): string {
  return `no such manifest: ${fullString(reference)}`;
}
