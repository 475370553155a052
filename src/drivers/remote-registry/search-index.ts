import { unavailable } from "../../base/errors.ts";
import type { RegistryCredentials } from "../../core/remotes/remote.ts";
import type { ImageSearchItem } from "../../spec/engine-api/mod.ts";
import { readRegistryError } from "./registry-error.ts";
import type { HttpSender } from "./transport.ts";

const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const MAX_TEXT = 1024;

export interface SearchQuery {
  /** Search index, such as `https://index.docker.io/`. */
  readonly base: URL;
  readonly term: string;
  /** How many results at the most. */
  readonly limit: number;
  readonly credentials: RegistryCredentials;
  readonly signal: AbortSignal | undefined;
}

/** What a search index finds. Errors: unavailable, and what the index refuses. Source: Docker Registry API v1, "Search". */
export async function searchIndex(transport: HttpSender, query: SearchQuery): Promise<ImageSearchItem[]> {
  const url = new URL("v1/search", query.base);
  url.searchParams.set("q", query.term);
  url.searchParams.set("n", String(query.limit));
  const { username = "", password = "" } = query.credentials;
  const user = Buffer.from(`${username}:${password}`).toString("base64");
  const headers: Record<string, string> = username === "" ? {} : { authorization: `Basic ${user}` };
  const answer = await transport.send({ method: "GET", url, headers, signal: query.signal });
  if (answer.status !== 200) throw await readRegistryError(answer, "GET");
  return parseResults(await answer.readAll(MAX_ANSWER_BYTES)).slice(0, query.limit);
}

function parseResults(bytes: Uint8Array): ImageSearchItem[] {
  let results: unknown;
  try {
    results = (JSON.parse(Buffer.from(bytes).toString("utf8")) as { results?: unknown } | null)?.results;
  } catch (cause) {
    throw unavailable("the search index's answer is not JSON", { cause });
  }
  if (!Array.isArray(results)) throw unavailable("the search index's answer has no results");
  return results.flatMap((result) => toItem(result as Record<string, unknown> | null));
}

function toItem(result: Record<string, unknown> | null): ImageSearchItem[] {
  const text = (key: string) => (typeof result?.[key] === "string" ? result[key].slice(0, MAX_TEXT) : "");
  if (text("name") === "") return [];
  const stars = result?.["star_count"];
  return [
    {
      name: text("name"),
      description: text("description"),
      is_official: result?.["is_official"] === true,
      is_automated: false,
      star_count: typeof stars === "number" ? stars : 0,
    },
  ];
}
