import { EngineError, type ErrorKind } from "../../base/errors.ts";
import {
  describeStrangeBody,
  formatRegistryErrors,
  parseErrorBody,
  type RegistryErrorEntry,
} from "../../spec/distribution/error-body.ts";
import { familiarName, familiarString, type NamedReference } from "../../spec/reference/reference.ts";
import type { HttpAnswer } from "./transport.ts";

const MAX_ERROR_BYTES = 64 * 1024;

/** What a registry refused, with its status and codes. */
export class RegistryError extends EngineError {
  readonly status: number;
  readonly codes: readonly string[];

  constructor(kind: ErrorKind, message: string, status: number, codes: readonly string[]) {
    super(kind, message);
    this.status = status;
    this.codes = codes;
  }
}

function kindFor(status: number, codes: readonly string[]): ErrorKind {
  if (codes.includes("UNAUTHORIZED") || status === 401) return "unauthenticated";
  if (codes.includes("DENIED") || status === 403) return "permissionDenied";
  if (status === 404) return "notFound";
  if (status === 400 || status === 405 || status === 413 || status === 415) return "invalidArgument";
  return "unavailable";
}

const CODE_BY_STATUS: Readonly<Record<number, RegistryErrorEntry>> = {
  401: { code: "UNAUTHORIZED", message: "authentication required" },
  403: { code: "DENIED", message: "requested access to the resource is denied" },
  404: { code: "NOT_FOUND", message: "not found" },
  429: { code: "TOOMANYREQUESTS", message: "too many requests" },
};

/** The error that an answer with an error status stands for. Reads the body. */
export async function readRegistryError(answer: HttpAnswer, method: string): Promise<RegistryError> {
  const { status } = answer;
  const body = await readBody(answer);
  const told = parseErrorBody(body);
  const known = CODE_BY_STATUS[status];
  const entries = told.length === 0 && known ? [known] : told;
  const codes = entries.map((entry) => entry.code);
  // A page that says why is worth more than the status; of a 401 docker shows the code.
  const isStrange = told.length === 0 && body.byteLength > 0 && status < 500 && status !== 401;
  const message = isStrange
    ? describeStrangeBody(status, body)
    : entries.length > 0
      ? formatRegistryErrors(entries)
      : `received unexpected HTTP status: ${status} (${method} ${answer.url.origin}${answer.url.pathname})`;
  return new RegistryError(kindFor(status, codes), message, status, codes);
}

async function readBody(answer: HttpAnswer): Promise<Uint8Array> {
  try {
    return await answer.readAll(MAX_ERROR_BYTES);
  } catch {
    return Buffer.of(); // A body that breaks off or is too long explains nothing; the status is left.
  }
}

/** Docker's words for what went wrong when `reference` was looked up. Other errors are returned as they are. */
export function explainPullError(error: unknown, reference: NamedReference): unknown {
  if (!(error instanceof RegistryError)) return error;
  const wrap = (kind: ErrorKind, text: string) => new RegistryError(kind, text, error.status, error.codes);
  if (error.codes.includes("MANIFEST_UNKNOWN")) {
    return wrap("notFound", `manifest for ${familiarString(reference)} not found: ${error.message}`);
  }
  if (error.codes.includes("NAME_UNKNOWN")) {
    return wrap("notFound", `repository ${familiarName(reference)} not found: ${error.message}`);
  }
  if (error.codes.includes("DENIED")) {
    return wrap(
      "notFound",
      `pull access denied for ${familiarName(reference)}, repository does not exist or may require 'docker login': ${error.message}`,
    );
  }
  if (error.status === 404) {
    return wrap("notFound", `manifest for ${familiarString(reference)} not found: ${error.message}`);
  }
  return error;
}
