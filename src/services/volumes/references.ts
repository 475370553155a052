import type { ContainerRecord } from "../../core/containers/container-record.ts";

/** Ids of the containers that have a volume among their mounts, by the volume's name. */
export function volumeReferences(containers: readonly ContainerRecord[]): Map<string, string[]> {
  const references = new Map<string, string[]>();
  for (const { id, mounts } of containers) {
    const names = new Set(mounts.flatMap((mount) => (mount.type === "volume" ? [mount.name] : [])));
    for (const name of names) {
      const ids = references.get(name);
      if (ids) ids.push(id);
      else references.set(name, [id]);
    }
  }
  return references;
}
