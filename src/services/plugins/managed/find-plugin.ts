import type { ManagedPluginRecord, ManagedPluginStore } from "../../../core/plugins/managed-plugin.ts";
import { familiarString, parseNormalized, tagNameOnly } from "../../../spec/reference/reference.ts";
import { ambiguousPlugin, noSuchPlugin } from "./errors.ts";

/** The plug-in that a name, an id or the beginning of an id means. Errors: notFound, invalidArgument. */
export function findPlugin(store: ManagedPluginStore, text: string): ManagedPluginRecord {
  const exact = /^[0-9a-f]{64}$/.test(text) ? store.get(text) : undefined;
  if (exact) return exact;
  const plugins = store.list();
  const name = fullNameOf(text);
  const named = plugins.find((plugin) => plugin.name === name);
  if (named) return named;
  const matches = text === "" ? [] : plugins.filter(({ id }) => id.startsWith(text));
  if (matches.length > 1) throw ambiguousPlugin(text);
  if (!matches[0]) throw noSuchPlugin(text);
  return matches[0];
}

/** The name with its tag; undefined for what cannot be a plug-in's name. */
export function fullNameOf(text: string): string | undefined {
  try {
    const reference = parseNormalized(text);
    return reference.digest === undefined ? familiarString(tagNameOnly(reference)) : undefined;
  } catch {
    // Whatever is no reference is no plug-in's name.
    return undefined;
  }
}
