import type { Digest } from "../../base/digest.ts";
import { isKind } from "../../base/errors.ts";
import type { RemoteRepository } from "../../core/remotes/remote.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { encodeIndex, parseIndex } from "../../spec/oci-image/index-document.ts";
import { OCI_INDEX } from "../../spec/oci-image/media-types.ts";
import { type NamedReference, withTag } from "../../spec/reference/reference.ts";

/**
 * Where a registry cannot tell what refers to a manifest, the list is kept under a tag that is made of its digest; afterwards
 * `descriptors` are in it beside those that were. Source: OCI distribution-spec v1.1, "Referrers Tag Schema".
 */
export async function listByTag(
  remote: RemoteRepository,
  repository: NamedReference,
  subject: Digest,
  descriptors: readonly Descriptor[],
): Promise<void> {
  if ((await remote.listReferrers(subject)) !== undefined) return;
  const tag = subject.replace(":", "-");
  const known = await readList(remote, withTag(repository, tag));
  const added = descriptors.filter(({ digest }) => !known.some((entry) => entry.digest === digest));
  if (added.length === 0) return;
  await remote.pushManifest(encodeIndex({ manifests: [...known, ...added] }), OCI_INDEX, tag);
}

async function readList(remote: RemoteRepository, list: NamedReference): Promise<readonly Descriptor[]> {
  try {
    const { bytes } = await remote.resolve(list);
    return parseIndex(bytes, OCI_INDEX).manifests;
  } catch (error) {
    if (isKind(error, "notFound")) return [];
    throw error;
  }
}
