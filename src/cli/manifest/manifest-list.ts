import { DOCKER_LIST, OCI_INDEX, OCI_MANIFEST } from "../../spec/oci-image/media-types.ts";
import { type NamedReference, parseNormalized } from "../../spec/reference/reference.ts";
import { ExitError } from "../exit.ts";
import type { LocalManifest } from "./local-manifest.ts";

/** A list as it is shown and pushed. Keys are in docker's order. */
export interface ManifestList {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly manifests: readonly object[];
}

/** The list of the manifests; OCI's index where the first is OCI's. Errors: ExitError for a manifest of another registry. */
export function buildManifestList(target: NamedReference, manifests: readonly LocalManifest[]): ManifestList {
  const entries = manifests.map(({ Ref, Descriptor: { mediaType, size, digest, platform } }) => {
    const { domain } = parseNormalized(Ref);
    if (domain !== target.domain) {
      throw new ExitError(
        1,
        `cannot use source images from a different registry than the target image: ${domain} != ${target.domain}`,
      );
    }
    return { mediaType, size, digest, platform: platform ?? { architecture: "", os: "" } };
  });
  const isOci = manifests[0]?.Descriptor.mediaType === OCI_MANIFEST;
  return { schemaVersion: 2, mediaType: isOci ? OCI_INDEX : DOCKER_LIST, manifests: entries };
}
