import { readFile, writeFile } from "node:fs/promises";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { EndpointRecord } from "../../../core/networks/network-record.ts";
import type { ContainerParts } from "../parts.ts";
import { ownHostsEntries, resolvConfOf } from "../run/write-files.ts";

/**
 * The files of a running container know of an endpoint that it got. Lines that somebody wrote stay; the files are
 * written in place, since the container has them mounted. `hadResolver`: it asked the engine for names before.
 */
export async function addToFiles(
  parts: ContainerParts,
  record: ContainerRecord,
  endpoint: EndpointRecord,
  hadResolver: boolean,
): Promise<void> {
  const path = parts.paths.hostsFile(record.id);
  const text = await readFile(path, "utf8");
  const added = hostsLines(record, endpoint).filter((line) => !text.split("\n").includes(line));
  if (added.length > 0) {
    const separator = text === "" || text.endsWith("\n") ? "" : "\n";
    await writeFile(path, `${text}${separator}${added.map((line) => `${line}\n`).join("")}`);
  }
  await followResolver(parts, record, hadResolver);
}

/** Undoes `addToFiles`. */
export async function removeFromFiles(
  parts: ContainerParts,
  record: ContainerRecord,
  endpoint: EndpointRecord,
  hadResolver: boolean,
): Promise<void> {
  const path = parts.paths.hostsFile(record.id);
  const text = await readFile(path, "utf8");
  const removed = hostsLines(record, endpoint);
  const kept = text.split("\n").filter((line) => !removed.includes(line));
  if (kept.join("\n") !== text) await writeFile(path, kept.join("\n"));
  await followResolver(parts, record, hadResolver);
}

function hostsLines(record: ContainerRecord, endpoint: EndpointRecord): string[] {
  return ownHostsEntries(record, [endpoint]).map(({ address, names }) => `${address}\t${names.join(" ")}`);
}

/** A resolv.conf that nobody edited names the engine's resolver while there is one. */
async function followResolver(
  parts: ContainerParts,
  record: ContainerRecord,
  hadResolver: boolean,
): Promise<void> {
  const hasResolver = parts.networks.hasResolver(record.id);
  if (hasResolver === hadResolver) return;
  const path = parts.paths.resolvConfFile(record.id);
  if ((await readFile(path, "utf8")) !== (await resolvConfOf(parts, record, false, hadResolver))) return;
  await writeFile(path, await resolvConfOf(parts, record, false, hasResolver));
}
