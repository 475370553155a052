/**
 * The one error class of the engine. A kind says what went wrong in the engine's own terms; which HTTP status a
 * kind becomes is decided in `api/server/http-status.ts` and nowhere else.
 */
export type ErrorKind =
  | "invalidArgument"
  | "notFound"
  | "conflict"
  | "alreadyExists"
  | "notModified"
  | "permissionDenied"
  | "unauthenticated"
  | "unavailable"
  | "notImplemented"
  | "canceled"
  | "internal";

export interface EngineErrorOptions {
  /** What made this error happen; kept for logs, never shown to a client. */
  readonly cause?: unknown;
  /** One sentence that tells the reader what to do about it. */
  readonly hint?: string;
}

/** An error with a kind. The message is what a client sees, word for word. */
export class EngineError extends Error {
  readonly kind: ErrorKind;
  readonly hint: string | undefined;

  constructor(kind: ErrorKind, message: string, options: EngineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "EngineError";
    this.kind = kind;
    this.hint = options.hint;
  }
}

function factory(kind: ErrorKind) {
  return (message: string, options?: EngineErrorOptions): EngineError =>
    new EngineError(kind, message, options);
}

export const invalidArgument = factory("invalidArgument");
export const notFound = factory("notFound");
export const conflict = factory("conflict");
export const alreadyExists = factory("alreadyExists");
export const notModified = factory("notModified");
export const permissionDenied = factory("permissionDenied");
export const unauthenticated = factory("unauthenticated");
export const unavailable = factory("unavailable");
export const notImplemented = factory("notImplemented");
export const canceled = factory("canceled");
export const internal = factory("internal");

/** The kind of anything that was thrown: `internal` for what is not an EngineError, `canceled` for an aborted signal. */
export function kindOf(error: unknown): ErrorKind {
  if (error instanceof EngineError) return error.kind;
  if (error instanceof Error && error.name === "AbortError") return "canceled";
  return "internal";
}

/** Whether `error` is an EngineError of that kind. */
export function isKind(error: unknown, kind: ErrorKind): error is EngineError {
  return error instanceof EngineError && error.kind === kind;
}

/** The message of anything that was thrown; both messages where clearing up after a failure failed as well. */
export function messageOf(error: unknown): string {
  if (error instanceof SuppressedError)
    return `${messageOf(error.suppressed)}; then ${messageOf(error.error)}`;
  return error instanceof Error ? error.message : String(error);
}
