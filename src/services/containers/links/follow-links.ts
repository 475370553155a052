import { readFile, writeFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { HostsEntry } from "../files/hosts-file.ts";
import { type ContainerParts, isRunning } from "../parts.ts";
import { isLinkedTo, linkedPorts, linkHostsEntries } from "./legacy-links.ts";

/**
 * Running containers that have links to this one find it where it is since its start: their hosts files name its address,
 * and they reach its ports on a bridge that keeps containers apart. Source: docker, "Updating the /etc/hosts file".
 */
export async function followLinks(parts: ContainerParts, started: ContainerRecord): Promise<void> {
  for (const { id } of parts.store.list().filter((record) => isLinkedTo(record, started))) {
    using _turn = await parts.locks.acquire(id);
    const record = parts.store.get(id);
    const target = parts.store.get(started.id);
    if (!record || !isRunning(record) || !target || !isRunning(target)) continue;
    await moveHostsEntries(parts.paths.hostsFile(id), linkHostsEntries(parts, record));
    await parts.networks.changeReach(id, linkedPorts(parts, record));
  }
}

/** Lines of these names have these addresses. Lines that somebody wrote stay; the file is written in place. */
async function moveHostsEntries(path: string, entries: readonly HostsEntry[]): Promise<void> {
  const text = await readFile(path, "utf8");
  const moved = text
    .split("\n")
    .map((line) => {
      const [address = "", names] = line.split("\t");
      const entry = entries.find(
        (each) => each.names.join(" ") === names && isIPv6(each.address) === isIPv6(address),
      );
      return entry ? `${entry.address}\t${names}` : line;
    })
    .join("\n");
  if (moved !== text) await writeFile(path, moved);
}
