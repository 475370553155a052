import { invalidArgument } from "../../base/errors.ts";
import { booleanFilter, type Filters } from "../../base/filters.ts";
import type { RegistryCredentials } from "../../core/remotes/remote.ts";
import type { ImageSearchItem } from "../../spec/engine-api/mod.ts";
import type { ImageParts } from "./parts.ts";

export interface SearchOptions {
  /** 0 for the registry's default. */
  readonly limit: number;
  /** `is-official`, `is-automated` and `stars`. */
  readonly filters: Filters;
  readonly credentials: RegistryCredentials | undefined;
  readonly signal: AbortSignal;
}

/** What a registry's index finds for a term, less what the filters leave out. Errors: invalidArgument, unavailable. */
export async function searchImages(
  parts: ImageParts,
  term: string,
  options: SearchOptions,
): Promise<ImageSearchItem[]> {
  const { filters, limit, credentials, signal } = options;
  const official = booleanFilter(filters, "is-official");
  const automated = booleanFilter(filters, "is-automated");
  const stars = Math.max(0, ...(filters.get("stars") ?? []).map(parseStars));
  const found = await parts.remotes.search(term, { limit, signal, ...(credentials && { credentials }) });
  return found.filter(
    (item) =>
      (official === undefined || item.is_official === official) &&
      (automated === undefined || item.is_automated === automated) &&
      item.star_count >= stars,
  );
}

function parseStars(text: string): number {
  if (!/^\d+$/.test(text)) throw invalidArgument(`invalid filter 'stars=[${text}]'`);
  return Number(text);
}
