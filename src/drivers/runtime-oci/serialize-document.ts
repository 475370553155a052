import { UNLIMITED } from "./spec/rlimits.ts";

const ROUNDED = JSON.stringify(UNLIMITED);
/** RLIM_INFINITY. Source: getrlimit(2). */
const INFINITE_LIMIT = "18446744073709551615";

/** An OCI document as JSON, with "no limit" exactly as the kernel has it: runtimes read 64-bit integers. */
export function serializeDocument(document: object): string {
  // Inside a string the quotes would be escaped, so only numbers of these two fields match.
  return JSON.stringify(document).replaceAll(
    new RegExp(`"(soft|hard)":${ROUNDED}(?=[,}])`, "g"),
    (_, field: string) => `"${field}":${INFINITE_LIMIT}`,
  );
}
