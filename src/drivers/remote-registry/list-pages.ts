import { unavailable } from "../../base/errors.ts";
import { parseNextLink } from "../../spec/distribution/range.ts";
import type { RegistryClient } from "./registry-client.ts";
import type { HttpAnswer } from "./transport.ts";

const MAX_PAGES = 1000;
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

export interface PagedList {
  readonly target: string;
  readonly scopes: readonly string[];
  /** The field of each page that holds the texts. */
  readonly key: string;
}

/**
 * The texts of a list that a registry serves in pages. Errors: what the registry says; unavailable for what is no list.
 * Source: OCI distribution-spec v1.1, "Listing Tags"; Docker Registry HTTP API V2, "Catalog".
 */
export async function* listPages(client: RegistryClient, list: PagedList): AsyncGenerator<string> {
  let target: string | URL | undefined = list.target;
  for (let pages = 0; target !== undefined && pages < MAX_PAGES; pages++) {
    const answer = await client.request({
      method: "GET",
      target,
      scopes: list.scopes,
      expect: [200],
    });
    yield* parsePage(await answer.readAll(MAX_PAGE_BYTES), list.key);
    target = nextPage(answer);
  }
}

function parsePage(bytes: Uint8Array, key: string): string[] {
  let page: Record<string, unknown> | null;
  try {
    page = JSON.parse(Buffer.from(bytes).toString("utf8")) as Record<string, unknown> | null;
  } catch (cause) {
    throw unavailable(`the registry's list of ${key} is not JSON`, { cause });
  }
  const texts = page?.[key];
  if (texts == null) return [];
  if (!Array.isArray(texts)) throw unavailable(`the registry's list of ${key} is malformed`);
  return texts.filter((text): text is string => typeof text === "string");
}

function nextPage(answer: HttpAnswer): URL | undefined {
  const { link } = answer.headers;
  const next = parseNextLink(Array.isArray(link) ? link.join(", ") : link);
  if (next === undefined || !URL.canParse(next, answer.url.href)) return undefined;
  const url = new URL(next, answer.url);
  // Another origin would be asked in the registry's name.
  return url.origin === answer.url.origin ? url : undefined;
}
