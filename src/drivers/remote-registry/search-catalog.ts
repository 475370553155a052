import type { ImageSearchItem } from "../../spec/engine-api/mod.ts";
import { listPages } from "./list-pages.ts";
import type { RegistryClient } from "./registry-client.ts";

/** Repositories looked at; who has more has an index. */
const MAX_REPOSITORIES = 100_000;

/**
 * Repositories of a registry without a search index whose name contains the term, in the catalog's order. A catalog knows
 * neither descriptions nor stars. Errors: what the registry refuses. Source: Docker Registry HTTP API V2, "Catalog".
 */
export async function searchCatalog(
  client: RegistryClient,
  term: string,
  limit: number,
): Promise<ImageSearchItem[]> {
  const wanted = term.toLowerCase();
  const found: ImageSearchItem[] = [];
  let seen = 0;
  const list = { target: "v2/_catalog?n=1000", scopes: ["registry:catalog:*"], key: "repositories" };
  for await (const name of listPages(client, list)) {
    if (name.includes(wanted)) {
      found.push({ name, description: "", is_official: false, is_automated: false, star_count: 0 });
    }
    if (found.length >= limit || ++seen >= MAX_REPOSITORIES) break;
  }
  return found;
}
