import { type Digest, isDigest } from "../../base/digest.ts";
import { invalidArgument } from "../../base/errors.ts";
import { listOf, objectOf, textMapOf, textOf, textsOf } from "./document.ts";
import { type Platform, parsePlatformObject } from "./platform.ts";

/**
 * Points to content by digest, with its type and size in bytes.
 * Source: OCI image-spec v1.1, descriptor.md.
 */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  /** Places outside the registry. Kept, never fetched: they would take credentials to strangers. */
  readonly urls?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** The content itself, base64. */
  readonly data?: string;
  readonly platform?: Platform;
  readonly artifactType?: string;
}

const MEDIA_TYPE = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;
/** Largest content a descriptor may announce: 1 PiB, far below where numbers lose precision. */
const MAX_SIZE = 2 ** 50;

/** The descriptor in `value`. Errors: invalidArgument for a missing or malformed field, a negative or absurd size. */
export function parseDescriptor(value: unknown, what = "descriptor"): Descriptor {
  const object = objectOf(value, what);
  const mediaType = textOf(object["mediaType"], `${what} mediaType`) ?? "";
  if (!MEDIA_TYPE.test(mediaType)) {
    throw invalidArgument(`${what} has an invalid media type ${JSON.stringify(mediaType.slice(0, 128))}`);
  }
  const digest = textOf(object["digest"], `${what} digest`) ?? "";
  if (!isDigest(digest))
    throw invalidArgument(`${what} has an invalid digest ${JSON.stringify(digest.slice(0, 160))}`);
  const size = object["size"];
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0 || size > MAX_SIZE) {
    throw invalidArgument(`${what} has an invalid size ${JSON.stringify(size)}`);
  }
  const urls = textsOf(listOrUndefined(object["urls"], what), `${what} urls`);
  const annotations = textMapOf(object["annotations"], `${what} annotations`);
  const data = textOf(object["data"], `${what} data`);
  const artifactType = textOf(object["artifactType"], `${what} artifactType`);
  const platform = object["platform"] == null ? undefined : parsePlatformObject(object["platform"]);
  return {
    mediaType,
    digest,
    size,
    ...(urls && { urls }),
    ...(annotations && { annotations }),
    ...(data !== undefined && { data }),
    ...(platform && { platform }),
    ...(artifactType !== undefined && { artifactType }),
  };
}

function listOrUndefined(value: unknown, what: string): unknown {
  return value == null ? undefined : listOf(value, `${what} urls`, 1024);
}
