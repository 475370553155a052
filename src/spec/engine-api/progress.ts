/**
 * Messages of long work (pull, push, load, import, build), one JSON object after the other.
 * Source: Docker Engine API v1.51–v1.55, `CreateImageInfo`, `PushImageInfo`, `BuildInfo`.
 */

export interface ErrorDetail {
  code?: number;
  message?: string;
}

export interface ProgressDetail {
  current?: number;
  total?: number;
  /** Seconds since the Unix epoch. */
  start?: number;
  /** Hides the numbers behind the bar. */
  hidecounts?: boolean;
  /** Unit of the numbers; bytes where it is missing. */
  units?: string;
}

export interface ProgressMessage {
  /** Text that is printed as it is. */
  stream?: string;
  status?: string;
  id?: string;
  /** The bar as text, for clients that cannot draw. Deprecated. */
  progress?: string;
  progressDetail?: ProgressDetail;
  /** Deprecated; `errorDetail` carries the same. */
  error?: string;
  errorDetail?: ErrorDetail;
  /** A result for programs: `{ID}` of an image built, `{Tag, Digest, Size}` of one pushed. */
  aux?: unknown;
}
