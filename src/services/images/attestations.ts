import type { AttestationStatement, OCIPlatform } from "../../spec/engine-api/mod.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { parseDocument } from "../../spec/oci-image/document.ts";
import { attestationsOf } from "../../spec/oci-image/index-document.ts";
import { parseManifest } from "../../spec/oci-image/manifest.ts";
import { isManifestType } from "../../spec/oci-image/media-types.ts";
import { normalizePlatform } from "../../spec/oci-image/platform.ts";
import { toApiDescriptor } from "./api-descriptor.ts";
import { readTarget } from "./image-documents.ts";
import type { ImageParts } from "./parts.ts";
import { resolveImage } from "./resolve.ts";

const PREDICATE_TYPE = "in-toto.io/predicate-type";

export interface AttestationQuery {
  readonly platform: OCIPlatform | undefined;
  /** Empty for all. */
  readonly predicateTypes: readonly string[];
  /** Fills `Statement`. */
  readonly statement: boolean;
}

/**
 * The in-toto statements about an image that are stored beside it. Errors: notFound, invalidArgument.
 * Source: BuildKit, "Image attestation storage"; Engine API v1.55, `ImageAttestations`.
 */
export async function imageAttestations(
  parts: ImageParts,
  name: string,
  query: AttestationQuery,
): Promise<AttestationStatement[]> {
  const platform = query.platform && normalizePlatform(query.platform);
  const { manifest, target } = resolveImage(parts, name, platform);
  const { index } = await readTarget(parts, target);
  const entries = index ? attestationsOf(index, manifest) : [];
  const statements: AttestationStatement[] = [];
  for (const entry of entries) {
    for (const layer of await statementsOf(parts, entry)) {
      const PredicateType = layer.annotations?.[PREDICATE_TYPE] ?? "";
      if (query.predicateTypes.length > 0 && !query.predicateTypes.includes(PredicateType)) continue;
      statements.push({
        Descriptor: toApiDescriptor(layer),
        PredicateType,
        ...(query.statement && {
          Statement: parseDocument(await parts.content.readAll(layer.digest), "attestation"),
        }),
      });
    }
  }
  return statements;
}

/** Statements that are stored; a pull brings only the image itself, a load all that the archive has. */
async function statementsOf(parts: ImageParts, entry: Descriptor): Promise<Descriptor[]> {
  if (!isManifestType(entry.mediaType) || !(await parts.content.has(entry.digest))) return [];
  const { layers } = parseManifest(await parts.content.readAll(entry.digest), entry.mediaType);
  const stored: Descriptor[] = [];
  for (const layer of layers) if (await parts.content.has(layer.digest)) stored.push(layer);
  return stored;
}
