import type { ContainerRecord, ContainerStore } from "../../core/containers/container-record.ts";
import { ambiguousContainer, noSuchContainer } from "./errors.ts";
import { parseLink } from "./links/parse-link.ts";

/**
 * The container that an id, a name (with or without its slash), a link (`container/alias`) or an id prefix names.
 * Errors: notFound, invalidArgument.
 */
export function findContainer(store: ContainerStore, idOrName: string): ContainerRecord {
  const name = idOrName.replace(/^\//, "");
  const exact = store.get(idOrName) ?? store.getByName(name) ?? findLinked(store, name);
  if (exact) return exact;
  const [first, second] = idOrName === "" ? [] : store.findByIdPrefix(idOrName);
  if (!first) throw noSuchContainer(idOrName);
  if (second) throw ambiguousContainer(idOrName);
  return first;
}

function findLinked(store: ContainerStore, path: string): ContainerRecord | undefined {
  const slash = path.lastIndexOf("/");
  if (slash < 0) return undefined;
  const holder = store.getByName(path.slice(0, slash));
  const link = (holder?.hostConfig.Links ?? [])
    .map(parseLink)
    .find(({ alias }) => alias === path.slice(slash + 1));
  return link ? findContainer(store, link.target) : undefined;
}
