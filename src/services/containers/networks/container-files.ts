import { readFile, writeFile } from "node:fs/promises";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { ContainerParts } from "../parts.ts";
import { ownHostsEntries, resolvConfOf } from "../run/write-files.ts";

/**
 * The files of a running container name its places in networks as they are now, and no others. Lines that somebody wrote
 * stay; the files are written in place, since the container has them mounted. Idempotent.
 */
export async function followEndpoints(parts: ContainerParts, record: ContainerRecord): Promise<void> {
  await followInHosts(parts, record);
  await followInResolvConf(parts, record);
}

async function followInHosts(parts: ContainerParts, record: ContainerRecord): Promise<void> {
  const path = parts.paths.hostsFile(record.id);
  const text = await readFile(path, "utf8");
  const entries = ownHostsEntries(record, parts.networks.endpointsOf(record.id));
  const wanted = entries.map(({ address, names }) => `${address}\t${names.join(" ")}`);
  const own = `\t${ownNames(record)}`;
  const kept = text.split("\n").filter((line) => !line.endsWith(own) || wanted.includes(line));
  const added = wanted.filter((line) => !kept.includes(line));
  if (kept.at(-1) === "") kept.pop();
  const followed = [...kept, ...added].map((line) => `${line}\n`).join("");
  if (followed !== text) await writeFile(path, followed);
}

function ownNames(record: ContainerRecord): string {
  const somewhere = { ipv4Address: "0.0.0.0", ipv6Address: "" };
  return ownHostsEntries(record, [somewhere])[0]!.names.join(" ");
}

/** A resolv.conf that nobody edited names the engine's resolver while there is one. */
async function followInResolvConf(parts: ContainerParts, record: ContainerRecord): Promise<void> {
  const hasResolver = parts.networks.hasResolver(record.id);
  const path = parts.paths.resolvConfFile(record.id);
  if ((await readFile(path, "utf8")) !== (await resolvConfOf(parts, record, false, !hasResolver))) return;
  await writeFile(path, await resolvConfOf(parts, record, false, hasResolver));
}
