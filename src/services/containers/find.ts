import type { ContainerRecord, ContainerStore } from "../../core/containers/container-record.ts";
import { ambiguousContainer, noSuchContainer } from "./errors.ts";

/** The container that an id, a name (with or without its slash) or an id prefix names. Errors: notFound, invalidArgument. */
export function findContainer(store: ContainerStore, idOrName: string): ContainerRecord {
  const exact = store.get(idOrName) ?? store.getByName(idOrName.replace(/^\//, ""));
  if (exact) return exact;
  const [first, second] = idOrName === "" ? [] : store.findByIdPrefix(idOrName);
  if (!first) throw noSuchContainer(idOrName);
  if (second) throw ambiguousContainer(idOrName);
  return first;
}
