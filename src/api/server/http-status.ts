import { type ErrorKind, kindOf } from "../../base/errors.ts";

/** The one table from what went wrong to an HTTP status. */
const STATUS: Readonly<Record<ErrorKind, number>> = {
  notModified: 304,
  invalidArgument: 400,
  unauthenticated: 401,
  permissionDenied: 403,
  notFound: 404,
  conflict: 409,
  alreadyExists: 409,
  canceled: 500,
  internal: 500,
  notImplemented: 501,
  unavailable: 503,
};

/** The HTTP status of anything that was thrown. */
export function httpStatusOf(error: unknown): number {
  return STATUS[kindOf(error)];
}
