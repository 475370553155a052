import { invalidArgument } from "../../base/errors.ts";
import { type Filters, matchesExactly, matchesLabels, matchesPattern } from "../../base/filters.ts";
import type { VolumeRecord } from "../../core/volumes/volume.ts";

/** A label of every volume that nobody named. */
export const ANONYMOUS_LABEL = "com.docker.volume.anonymous";

const TRUE = ["1", "t", "T", "true", "TRUE", "True"];
const FALSE = ["0", "f", "F", "false", "FALSE", "False"];

/** Whether a volume is one that a list request asks for; `references` is asked only where it matters. Errors: invalidArgument. */
export function listFilter(
  filters: Filters,
  references: () => ReadonlyMap<string, unknown>,
): (volume: VolumeRecord) => boolean {
  const dangling = danglingFilter(filters);
  const used = dangling === undefined ? undefined : references();
  return (volume) =>
    matchesPattern(filters, "name", volume.name) &&
    matchesExactly(filters, "driver", volume.driver) &&
    matchesLabelFilters(filters, volume) &&
    (used === undefined || used.has(volume.name) !== dangling);
}

/**
 * Whether a volume may be pruned where nothing uses it: a plain directory of this host, and unless the filter `all` is true
 * one that nobody named. Errors: invalidArgument.
 */
export function pruneFilter(filters: Filters): (volume: VolumeRecord) => boolean {
  const named = allFilter(filters);
  return (volume) =>
    volume.driver === "local" &&
    Object.keys(volume.options).length === 0 &&
    (named || volume.labels[ANONYMOUS_LABEL] !== undefined) &&
    matchesLabelFilters(filters, volume);
}

function matchesLabelFilters(filters: Filters, { labels }: VolumeRecord): boolean {
  if (!matchesLabels(filters, "label", labels)) return false;
  return !filters.has("label!") || !matchesLabels(filters, "label!", labels);
}

function danglingFilter(filters: Filters): boolean | undefined {
  const values = filters.get("dangling");
  if (values === undefined || values.length === 0) return undefined;
  const isTrue = values.some((value) => value === "1" || value === "true");
  const isFalse = values.some((value) => value === "0" || value === "false");
  if (isTrue === isFalse) throw invalidArgument(`invalid filter 'dangling=[${values.join(" ")}]'`);
  return isTrue;
}

function allFilter(filters: Filters): boolean {
  const values = filters.get("all") ?? [];
  if (values.length > 1) {
    throw invalidArgument(`invalid filter 'all=[${values.join(" ")}]': only one value is expected`);
  }
  const [value] = values;
  if (value === undefined || FALSE.includes(value)) return false;
  if (TRUE.includes(value)) return true;
  throw invalidArgument(
    `invalid filter 'all': strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
  );
}
