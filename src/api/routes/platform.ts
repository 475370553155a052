import { invalidArgument, messageOf } from "../../base/errors.ts";
import type { OCIPlatform } from "../../spec/engine-api/mod.ts";
import type { Query } from "../server/query.ts";
import { parseJson } from "../server/request-body.ts";

const HOST_ARCHITECTURE: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", loong64: "loong64" };
const ALIASES: Readonly<Record<string, readonly [architecture: string, variant: string]>> = {
  x86_64: ["amd64", ""],
  "x86-64": ["amd64", ""],
  i386: ["386", ""],
  aarch64: ["arm64", ""],
  armhf: ["arm", "v7"],
  armel: ["arm", "v6"],
};
const SYSTEMS = new Set(["linux", "windows", "darwin", "freebsd"]);

/** The platform that `os[/architecture[/variant]]` or an architecture alone spells. Errors: invalidArgument. */
export function parsePlatform(text: string): OCIPlatform {
  const parts = text.toLowerCase().split("/");
  if (parts.length > 3 || !parts.every((part) => /^[a-z0-9_.-]+$/.test(part))) {
    throw invalidArgument(`${JSON.stringify(text)}: cannot parse platform specifier: invalid argument`);
  }
  const [first, second, third] = parts as [string, string?, string?];
  if (second === undefined) {
    if (SYSTEMS.has(first)) return normalize(first, hostArchitecture(), "");
    return normalize("linux", first, "");
  }
  return normalize(first, second, third ?? "");
}

function hostArchitecture(): string {
  return HOST_ARCHITECTURE[process.arch] ?? process.arch;
}

function normalize(os: string, architecture: string, variant: string): OCIPlatform {
  const [name, aliasVariant] = ALIASES[architecture] ?? [architecture, ""];
  let version = variant || aliasVariant;
  if (/^\d+$/.test(version)) version = `v${version}`;
  // arm64 is v8 unless it says otherwise, and arm is v7.
  if (name === "arm64" && version === "v8") version = "";
  if (name === "arm" && version === "") version = "v7";
  return version === "" ? { os, architecture: name } : { os, architecture: name, variant: version };
}

/** The platform of a query parameter in the text form; undefined where it is missing. Errors: invalidArgument. */
export function platformText(query: Query, name: string): OCIPlatform | undefined {
  const text = query.text(name);
  return text === "" ? undefined : parsePlatform(text);
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
