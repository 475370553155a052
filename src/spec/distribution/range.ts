/** Byte ranges, both ends included. Source: RFC 9110, section 14; OCI distribution-spec v1.1, "Pushing a blob in chunks". */
export interface ContentRange {
  readonly firstByte: number;
  readonly lastByte: number;
  /** Undefined where the server does not say (`*`). */
  readonly totalBytes: number | undefined;
}

/** The `Content-Range` of a 206 answer; undefined for what is malformed or contradicts itself. */
export function parseContentRange(header: string | undefined): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(header?.trim() ?? "");
  if (!match) return undefined;
  const firstByte = Number(match[1]);
  const lastByte = Number(match[2]);
  const totalBytes = match[3] === "*" ? undefined : Number(match[3]);
  if (lastByte < firstByte || (totalBytes !== undefined && lastByte >= totalBytes)) return undefined;
  return { firstByte, lastByte, totalBytes };
}

/** `Range` header that asks for everything from `offsetBytes` on. */
export function rangeFrom(offsetBytes: number): string {
  return `bytes=${offsetBytes}-`;
}

/** How many bytes an upload session holds, from its `Range: 0-N` header; undefined where it is malformed. */
export function parseUploadedBytes(header: string | undefined): number | undefined {
  const match = /^(?:bytes=)?0-(\d{1,15})$/.exec(header?.trim() ?? "");
  return match ? Number(match[1]) + 1 : undefined;
}

/** `Content-Range` of an uploaded chunk: no unit, as the distribution protocol has it. */
export function uploadRange(offsetBytes: number, sizeBytes: number): string {
  return `${offsetBytes}-${offsetBytes + sizeBytes - 1}`;
}

/** Wait that a `Retry-After` header asks for; undefined where there is none or it is malformed. */
export function parseRetryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,6}$/.test(header.trim())) return Number(header) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

/** The address of the next page in a `Link: <…>; rel="next"` header. Source: RFC 8288. */
export function parseNextLink(header: string | undefined): string | undefined {
  for (const match of (header ?? "").slice(0, 8192).matchAll(/<([^<>]*)>([^<]*)/g)) {
    if (/;\s*rel="?next"?/i.test(match[2]!)) return match[1];
  }
  return undefined;
}
