import { invalidArgument } from "../../base/errors.ts";
import {
  booleanFilter,
  type Filters,
  matchesExactly,
  matchesLabels,
  matchesPattern,
} from "../../base/filters.ts";
import { readGoBool } from "../../base/go-bool.ts";
import type { VolumeRecord } from "../../core/volumes/volume.ts";

/** A label of every volume that nobody named. */
export const ANONYMOUS_LABEL = "com.docker.volume.anonymous";

/** Whether a volume is one that a list request asks for; `references` is asked only where it matters. Errors: invalidArgument. */
export function listFilter(
  filters: Filters,
  references: () => ReadonlyMap<string, unknown>,
): (volume: VolumeRecord) => boolean {
  const dangling = booleanFilter(filters, "dangling");
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

function allFilter(filters: Filters): boolean {
  const values = filters.get("all") ?? [];
  if (values.length > 1) {
    throw invalidArgument(`invalid filter 'all=[${values.join(" ")}]': only one value is expected`);
  }
  const [value] = values;
  if (value === undefined) return false;
  const all = readGoBool(value);
  if (all !== undefined) return all;
  throw invalidArgument(
    `invalid filter 'all': strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
  );
}
