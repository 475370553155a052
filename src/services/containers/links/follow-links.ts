import { readFile, writeFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { HostsEntry } from "../files/hosts-file.ts";
import { type ContainerParts, isRunning } from "../parts.ts";
import { isLinkedTo, linkedPorts, linkHostsEntries } from "./legacy-links.ts";

/**
 * Running containers that have links to this one, which has started or ended, find it where it is: their hosts files name
 * its address, and on a bridge that keeps containers apart they reach its ports and nobody's who has its address after it.
 * Source: docker, "Updating the /etc/hosts file".
 */
export async function followLinks(parts: ContainerParts, moved: ContainerRecord): Promise<void> {
  for (const { id } of parts.store.list().filter((record) => isLinkedTo(record, moved))) {
    using _turn = await parts.locks.acquire(id);
    const record = parts.store.get(id);
    if (!record || !isRunning(record)) continue;
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
