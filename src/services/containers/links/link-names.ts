import { isKind } from "../../../base/errors.ts";
import type { ContainerStore } from "../../../core/containers/container-record.ts";
import { findContainer } from "../find.ts";
import { parseLink } from "./parse-link.ts";

/** What containers are called by those that have links to them, `container/alias`, by their ids. */
export function linkNames(store: ContainerStore): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const { name, hostConfig } of store.list()) {
    // On networks that have names a link is no more than an alias there.
    if (hostConfig.NetworkMode !== "bridge") continue;
    for (const { target, alias } of (hostConfig.Links ?? []).map(parseLink)) {
      const id = idOf(store, target);
      if (id !== undefined) names.set(id, [...(names.get(id) ?? []), `${name}/${alias}`]);
    }
  }
  return names;
}

function idOf(store: ContainerStore, target: string): string | undefined {
  try {
    return findContainer(store, target).id;
  } catch (error) {
    // It was removed: the link leads nowhere.
    if (isKind(error, "notFound")) return undefined;
    throw error;
  }
}
