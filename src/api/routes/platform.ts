import { invalidArgument, messageOf } from "../../base/errors.ts";
import type { OCIPlatform } from "../../spec/engine-api/mod.ts";
import { parsePlatform } from "../../spec/oci-image/platform.ts";
import type { Query } from "../server/query.ts";
import { parseJson } from "../server/request-body.ts";

/** The platform of a query parameter in the text form; undefined where it is missing. Errors: invalidArgument. */
export function platformText(query: Query, name: string): OCIPlatform | undefined {
  const text = query.text(name);
  if (text === "") return undefined;
  const { "os.features": _none, ...platform } = parsePlatform(text);
  return platform;
}

/** Platforms of a query parameter in the JSON form. Errors: invalidArgument. */
export function platformDocuments(query: Query, name: string): OCIPlatform[] {
  return query
    .all(name)
    .filter((text) => text !== "")
    .map(decodePlatform);
}

function decodePlatform(text: string): OCIPlatform {
  let value: unknown;
  try {
    value = parseJson(Buffer.from(text));
  } catch (cause) {
    throw invalidArgument(`failed to parse platform: ${messageOf(cause)}`, { cause });
  }
  if (typeof value !== "object" || value === null) throw invalidArgument("failed to parse platform");
  const { os, architecture, variant } = value as Partial<OCIPlatform>;
  if (!os && !architecture && variant) {
    throw invalidArgument("optional platform fields provided, but OS and Architecture are missing");
  }
  if (typeof os !== "string" || typeof architecture !== "string" || !os || !architecture) {
    throw invalidArgument("both OS and Architecture must be provided");
  }
  return value as OCIPlatform;
}
