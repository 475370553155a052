import type { Digest } from "../../base/digest.ts";
import type { Identity } from "../../spec/engine-api/mod.ts";
import type { ImageParts } from "./parts.ts";
import { hostsOf } from "./variants.ts";

/**
 * Where the image is known to come from: repositories it was pulled from or pushed to, whatever it is called now; undefined
 * where nothing is known. Source: Engine API v1.53, `Identity`.
 */
export function identityOf(parts: ImageParts, id: Digest): Identity | undefined {
  const digests = [id, ...hostsOf(parts, id)].flatMap((each) => parts.images.repoDigestsOf(each));
  const repositories = [...new Set(digests.map(({ repository }) => repository))];
  if (repositories.length === 0) return undefined;
  return { Pull: repositories.map((Repository) => ({ Repository })) };
}
