import { type EngineError, invalidArgument } from "../../base/errors.ts";
import { NEWEST_API_VERSION, OLDEST_API_VERSION } from "../../spec/engine-api/api-versions.ts";

/** A version of the Engine API, such as 1.44. */
export class ApiVersion {
  readonly text: string;
  readonly #parts: readonly number[];

  constructor(text: string) {
    this.text = text;
    this.#parts = text.split(".").map(Number);
  }

  atLeast(other: string): boolean {
    return this.#compare(knownVersion(other)) >= 0;
  }

  below(other: string): boolean {
    return !this.atLeast(other);
  }

  newerThan(other: string): boolean {
    return this.#compare(knownVersion(other)) > 0;
  }

  #compare(other: ApiVersion): number {
    const length = Math.max(this.#parts.length, other.#parts.length);
    for (let at = 0; at < length; at++) {
      const difference = (this.#parts[at] ?? 0) - (other.#parts[at] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }
}

/** Versions that the code names, parsed once: rules are looked at on every request. */
const knownVersions = new Map<string, ApiVersion>();

function knownVersion(text: string): ApiVersion {
  let version = knownVersions.get(text);
  if (!version) {
    version = new ApiVersion(text);
    knownVersions.set(text, version);
  }
  return version;
}

/** What is wrong with asking for this version; undefined where it is served. Texts are docker's. */
export function refuseVersion(version: ApiVersion): EngineError | undefined {
  if (version.below(OLDEST_API_VERSION)) {
    return invalidArgument(
      `client version ${version.text} is too old. Minimum supported API version is ${OLDEST_API_VERSION}, please upgrade your client to a newer version`,
    );
  }
  if (version.newerThan(NEWEST_API_VERSION)) {
    return invalidArgument(
      `client version ${version.text} is too new. Maximum supported API version is ${NEWEST_API_VERSION}`,
    );
  }
  return undefined;
}

/** One difference between versions of a request or an answer; `apply` changes a copy that belongs to it. */
export interface VersionRule<T> {
  /** Applies to versions before this one … */
  readonly below?: string;
  /** … or to this one and later ones. */
  readonly from?: string;
  apply(value: T): void;
}

/**
 * `value` as `version` writes it: a copy with all rules applied that hold for it, in their order, or `value` itself
 * where none does. Backends may hand out shared records, so they are never changed. `copy` is for values of which there
 * are many: it need copy only what the rules change.
 */
export function adapt<T>(
  rules: readonly VersionRule<T>[],
  version: ApiVersion,
  value: T,
  copy: (value: T) => T = structuredClone,
): T {
  if (!rules.some((rule) => holds(rule, version))) return value;
  const adapted = copy(value);
  applyRules(rules, version, adapted);
  return adapted;
}

/** Changes `value` itself by all rules that hold for `version`, in their order. */
export function applyRules<T>(rules: readonly VersionRule<T>[], version: ApiVersion, value: T): void {
  for (const rule of rules) {
    if (holds(rule, version)) rule.apply(value);
  }
}

function holds<T>(rule: VersionRule<T>, version: ApiVersion): boolean {
  if (rule.below !== undefined && !version.below(rule.below)) return false;
  return rule.from === undefined || version.atLeast(rule.from);
}
