import { type Digest, isDigest } from "../../base/digest.ts";
import { invalidArgument } from "../../base/errors.ts";

/**
 * Names of images: `[domain/]path[:tag][@digest]`.
 * Source: distribution/reference, "Grammar" and "Normalized references"; OCI distribution-spec v1.1, "Pulling manifests".
 */
export interface NamedReference {
  /** Registry host with its port: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly domain: string;
  /** Repository on that registry: `library/busybox`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

export const DEFAULT_DOMAIN = "docker.io";
const DEFAULT_TAG = "latest";
const LEGACY_DEFAULT_DOMAIN = "index.docker.io";
const OFFICIAL_PREFIX = "library/";
const MAX_PATH_LENGTH = 255;
/** Longest text worth matching: host, path, tag and digest at their limits. Bounds the work on hostile input. */
const MAX_REFERENCE_LENGTH = 2048;

const ALPHANUMERIC = "[a-z0-9]+";
const SEPARATOR = "(?:[._]|__|-+)";
const PATH_COMPONENT = `${ALPHANUMERIC}(?:${SEPARATOR}${ALPHANUMERIC})*`;
const DOMAIN_COMPONENT = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const DOMAIN = `(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const PATH = `${PATH_COMPONENT}(?:/${PATH_COMPONENT})*`;
const TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";

const REFERENCE = new RegExp(`^(${DOMAIN})/(${PATH})(?::(${TAG}))?(?:@(${DIGEST}))?$`);
const TAG_ONLY = new RegExp(`^${TAG}$`);
const BARE_DIGEST_HEX = /^[a-f0-9]{64}$/;

function invalid(detail?: string): Error {
  return invalidArgument(detail ? `invalid reference format: ${detail}` : "invalid reference format");
}

/** Whether the part before the first slash is a registry, and not the first part of a path. */
function looksLikeHost(first: string): boolean {
  return first === "localhost" || /[.:]/.test(first) || first.toLowerCase() !== first;
}

function splitDomain(text: string): [domain: string, rest: string] {
  const slash = text.indexOf("/");
  if (slash < 0) return [DEFAULT_DOMAIN, OFFICIAL_PREFIX + text];
  const first = text.slice(0, slash);
  const rest = text.slice(slash + 1);
  const isHost = looksLikeHost(first);
  if (isHost && first !== LEGACY_DEFAULT_DOMAIN && first !== DEFAULT_DOMAIN) return [first, rest];
  const path = isHost ? rest : text;
  return [DEFAULT_DOMAIN, path.includes("/") ? path : OFFICIAL_PREFIX + path];
}

function checkDigest(text: string | undefined): Digest | undefined {
  if (text === undefined || isDigest(text)) return text;
  const algorithm = text.slice(0, text.indexOf(":"));
  const known = algorithm === "sha256" || algorithm === "sha384" || algorithm === "sha512";
  throw invalid(known ? "invalid checksum digest length" : "unsupported digest algorithm");
}

/**
 * The full reference that a user's text means: `busybox` is `docker.io/library/busybox`. No tag is added.
 * Errors: invalidArgument with distribution/reference's texts.
 */
export function parseNormalized(text: string): NamedReference {
  if (BARE_DIGEST_HEX.test(text)) {
    throw invalidArgument(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  if (text === "" || text.length > MAX_REFERENCE_LENGTH) throw invalid();
  const [domain, rest] = splitDomain(text);
  const path = rest.split(/[:@]/, 1)[0]!;
  const colon = rest.indexOf(":");
  const lowerCasePart = colon < 0 ? rest : rest.slice(0, colon);
  if (lowerCasePart.toLowerCase() !== lowerCasePart) {
    throw invalid(`repository name (${lowerCasePart}) must be lowercase`);
  }
  if (path.length > MAX_PATH_LENGTH) throw invalid("repository name must not be more than 255 characters");
  const match = REFERENCE.exec(`${domain}/${rest}`);
  if (!match) throw invalid();
  const digest = checkDigest(match[4]);
  return {
    domain,
    path: match[2]!,
    ...(match[3] === undefined ? {} : { tag: match[3] }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Whether `text` can be a tag. */
export function isTag(text: string): boolean {
  return TAG_ONLY.test(text);
}

/** Repository with its domain, without tag and digest: `docker.io/library/busybox`. */
export function fullName(reference: NamedReference): string {
  return `${reference.domain}/${reference.path}`;
}

/** The whole reference: `docker.io/library/busybox:latest@sha256:…`. */
export function fullString(reference: NamedReference): string {
  return fullName(reference) + suffixOf(reference);
}

/** Repository as users write it: `busybox`, `user/app`, `localhost:5000/app`. */
export function familiarName(reference: NamedReference): string {
  if (reference.domain !== DEFAULT_DOMAIN) return fullName(reference);
  const official = reference.path.startsWith(OFFICIAL_PREFIX)
    ? reference.path.slice(OFFICIAL_PREFIX.length)
    : undefined;
  const short = official !== undefined && !official.includes("/") ? official : reference.path;
  return isMisleading(short) ? fullName(reference) : short;
}

/** Docker leaves its own registry's name away here, too, and then reads the rest as another registry's name or as an id. */
function isMisleading(name: string): boolean {
  const [first, ...rest] = name.split("/");
  return (rest.length > 0 && looksLikeHost(first!)) || BARE_DIGEST_HEX.test(name);
}

/** The whole reference as users write it: `busybox:latest`. */
export function familiarString(reference: NamedReference): string {
  return familiarName(reference) + suffixOf(reference);
}

function suffixOf(reference: NamedReference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  return reference.digest === undefined ? tag : `${tag}@${reference.digest}`;
}

/** Without tag and digest. */
export function trimNamed(reference: NamedReference): NamedReference {
  return { domain: reference.domain, path: reference.path };
}

/** With `latest` where the reference has neither tag nor digest. */
export function tagNameOnly(reference: NamedReference): NamedReference {
  if (reference.tag !== undefined || reference.digest !== undefined) return reference;
  return { ...reference, tag: DEFAULT_TAG };
}

/** The same repository under `tag`, without digest. Errors: invalidArgument. */
export function withTag(reference: NamedReference, tag: string): NamedReference {
  if (!isTag(tag)) throw invalidArgument("invalid tag format");
  return { ...trimNamed(reference), tag };
}

/** The same repository at `digest`, without tag. */
export function withDigest(reference: NamedReference, digest: Digest): NamedReference {
  return { ...trimNamed(reference), digest };
}

/** What a registry is asked for: the digest where there is one, or the tag. */
export function tagOrDigestOf(reference: NamedReference): string {
  return reference.digest ?? reference.tag ?? DEFAULT_TAG;
}

/**
 * Whether `pattern` (a reference, its last part a glob as Go's `path.Match` reads it) names this reference: with its
 * familiar form, the form without tag, or the full form. As docker's `reference` filter.
 */
export function familiarMatches(pattern: string, reference: NamedReference): boolean {
  const matcher = globToRegExp(pattern);
  return matcher.test(familiarString(reference)) || matcher.test(familiarName(reference));
}

/** Errors: invalidArgument for a pattern Go's `path.Match` refuses. */
function globToRegExp(pattern: string): RegExp {
  let source = "";
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    if (char === "*") {
      // A run of stars means what one star means; collapsing it keeps the expression linear.
      if (pattern[at - 1] !== "*") source += "[^/]*";
    } else if (char === "?") source += "[^/]";
    else if (char === "[") {
      const end = pattern.indexOf("]", at + 1);
      if (end < 0) throw invalidArgument("syntax error in pattern");
      source += characterClass(pattern.slice(at + 1, end));
      at = end;
    } else if (char === "\\") {
      if (at + 1 >= pattern.length) throw invalidArgument("syntax error in pattern");
      source += escapeRegExp(pattern[++at]!);
    } else source += escapeRegExp(char);
  }
  return new RegExp(`^${source}$`);
}

function characterClass(body: string): string {
  if (body === "" || body === "^") throw invalidArgument("syntax error in pattern");
  const negated = body.startsWith("^");
  const members = (negated ? body.slice(1) : body).replace(/[\\\][^]/g, "\\$&");
  try {
    new RegExp(`[${members}]`);
  } catch (cause) {
    throw invalidArgument("syntax error in pattern", { cause });
  }
  return `[${negated ? "^" : ""}${members}]`;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
