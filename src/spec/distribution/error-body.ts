import { findDocumentError } from "../go-json/mod.ts";

/**
 * Errors as registries answer them.
 * Source: OCI distribution-spec v1.1, "Error Codes".
 */
export interface RegistryErrorEntry {
  readonly code: string;
  readonly message: string;
  readonly detail?: unknown;
}

/** What distribution says where a registry gives a code without a message. */
const DEFAULT_MESSAGE: Readonly<Record<string, string>> = {
  BLOB_UNKNOWN: "blob unknown to registry",
  BLOB_UPLOAD_INVALID: "blob upload invalid",
  BLOB_UPLOAD_UNKNOWN: "blob upload unknown to registry",
  DENIED: "requested access to the resource is denied",
  DIGEST_INVALID: "provided digest did not match uploaded content",
  MANIFEST_BLOB_UNKNOWN: "blob unknown to registry",
  MANIFEST_INVALID: "manifest invalid",
  MANIFEST_UNKNOWN: "manifest unknown",
  NAME_INVALID: "invalid repository name",
  NAME_UNKNOWN: "repository name not known to registry",
  SIZE_INVALID: "provided length did not match content length",
  TOOMANYREQUESTS: "too many requests",
  UNAUTHORIZED: "authentication required",
  UNSUPPORTED: "The operation is unsupported.",
};

const MAX_ENTRIES = 16;
const MAX_MESSAGE = 1024;

/** The errors in a response body; empty for a body that is not an error document (an HTML page, say). */
export function parseErrorBody(body: Uint8Array): RegistryErrorEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return []; // Proxies answer with pages of their own; the status says enough then.
  }
  const { errors } = fieldsOf(value);
  if (!Array.isArray(errors)) return singleError(value);
  return errors.slice(0, MAX_ENTRIES).flatMap(toEntry);
}

/** Fields by their names in lower case: some token servers write `Code`, which Go's decoder takes. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value ?? {}).map(([name, field]) => [name.toLowerCase(), field]));
}

function toEntry(value: unknown): RegistryErrorEntry[] {
  if (typeof value !== "object" || value === null) return [];
  const { code, message, detail } = fieldsOf(value);
  const name = typeof code === "string" && code !== "" ? code : "UNKNOWN";
  const text =
    typeof message === "string" && message !== "" ? message : (DEFAULT_MESSAGE[name] ?? "unknown error");
  return [{ code: name, message: text.slice(0, MAX_MESSAGE), ...(detail != null && { detail }) }];
}

/** Token servers and some registries answer `{"details": …}` or `{"message": …}`. */
function singleError(value: unknown): RegistryErrorEntry[] {
  const { details, message, error_description: described } = fieldsOf(value);
  const text = [details, described, message].find((field) => typeof field === "string" && field !== "");
  return text === undefined ? [] : [{ code: "UNKNOWN", message: (text as string).slice(0, MAX_MESSAGE) }];
}

/** What docker says of an error status whose body is no error document. */
export function describeStrangeBody(status: number, body: Uint8Array): string {
  const text = Buffer.from(body).toString("utf8");
  const reason = findDocumentError(text) ?? "no error details found in HTTP response body";
  return `error parsing HTTP ${status} response body: ${reason}: ${JSON.stringify(text.slice(0, MAX_MESSAGE))}`;
}

/** One error as docker prints it: `manifest unknown: manifest unknown`. */
function formatRegistryError(entry: RegistryErrorEntry): string {
  return `${entry.code.toLowerCase().replaceAll("_", " ")}: ${entry.message}`;
}

/** All errors as docker prints them. */
export function formatRegistryErrors(entries: readonly RegistryErrorEntry[]): string {
  if (entries.length === 1) return formatRegistryError(entries[0]!);
  return `errors:\n${entries.map((entry) => `${formatRegistryError(entry)}\n`).join("")}`;
}
