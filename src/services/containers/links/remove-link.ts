import { readFile, writeFile } from "node:fs/promises";
import { internal } from "../../../base/errors.ts";
import { noSuchContainer } from "../errors.ts";
import { findContainer } from "../find.ts";
import { type ContainerParts, changeRecord, isRunning } from "../parts.ts";
import { linkedPorts } from "./legacy-links.ts";
import { parseLink } from "./parse-link.ts";

/**
 * The link of that name, `/container/alias`, is gone from its container; a running one's hosts file forgets it, and ports
 * that only the link opened are closed. Errors: notFound, internal for a container's own name (docker's text).
 */
export async function removeLink(parts: ContainerParts, name: string): Promise<void> {
  const path = name.startsWith("/") ? name : `/${name}`;
  const slash = path.lastIndexOf("/");
  if (slash === 0) {
    findContainer(parts.store, name);
    throw internal("Conflict, cannot remove the default link name of the container");
  }
  const holder = parts.store.getByName(path.slice(1, slash));
  if (!holder) throw noSuchContainer(name);
  const alias = path.slice(slash + 1);
  using _turn = await parts.locks.acquire(holder.id);
  const kept = (holder.hostConfig.Links ?? []).filter((link) => parseLink(link).alias !== alias);
  if (kept.length === (holder.hostConfig.Links ?? []).length) throw noSuchContainer(name);
  const changed = changeRecord(parts, holder.id, ({ hostConfig }) => ({
    hostConfig: { ...hostConfig, Links: kept },
  }));
  if (!isRunning(changed)) return;
  await forgetAlias(parts.paths.hostsFile(holder.id), alias);
  await parts.networks.changeReach(holder.id, linkedPorts(parts, changed));
}

/** A link's line has the alias first and other names after it; one that the user added has a single name. */
async function forgetAlias(path: string, alias: string): Promise<void> {
  const isOfLink = (line: string) => {
    const [, first, ...others] = line.split(/\s+/);
    return first === alias && others.length > 0;
  };
  const lines = (await readFile(path, "utf8")).split("\n");
  // In place: the container has the file mounted.
  await writeFile(path, lines.filter((line) => !isOfLink(line)).join("\n"));
}
