import type { ImageSummary } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { encodeFilters, type Filters } from "../query.ts";

export interface ListImagesOptions {
  /** Intermediate images too. */
  readonly all?: boolean;
  readonly filters?: Filters;
  readonly sharedSize?: boolean;
  /** Fills `Manifests`. */
  readonly manifests?: boolean;
}

/** Images, newest first. */
export function listImages(client: ApiClient, options: ListImagesOptions = {}): Promise<ImageSummary[]> {
  const query = {
    all: options.all,
    filters: encodeFilters(options.filters),
    "shared-size": options.sharedSize,
    manifests: options.manifests,
  };
  return client.json({ method: "GET", path: "/images/json", query });
}
