import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { invalidArgument } from "../../../base/errors.ts";
import { shortId } from "../../../base/ids.ts";
import type { RegistryCredentials, RemoteRepository } from "../../../core/remotes/remote.ts";
import { unpackLayer } from "../../../drivers/layers/mod.ts";
import type { PluginConfig } from "../../../spec/engine-api/mod.ts";
import type { Descriptor } from "../../../spec/oci-image/descriptor.ts";
import { type Manifest, parseManifest } from "../../../spec/oci-image/manifest.ts";
import { PLUGIN_CONFIG_MEDIA_TYPE, parsePluginConfig } from "../../../spec/plugin-config/mod.ts";
import {
  familiarName,
  fullString,
  type NamedReference,
  parseNormalized,
  tagNameOnly,
  tagOrDigestOf,
} from "../../../spec/reference/reference.ts";
import type { Report } from "../../images/mod.ts";
import { fetchBlob, storeDocument } from "./blobs.ts";
import type { PluginSources } from "./create-plugin.ts";
import type { ManagedPluginParts } from "./managed-plugin-parts.ts";

export interface RemotePlugin {
  /** As the user gave it. */
  readonly remote: string;
  readonly credentials: RegistryCredentials | undefined;
  readonly signal: AbortSignal;
}

/** The reference that a user means; a tag is left out where there is a digest. Errors: invalidArgument. */
export function parseRemote(remote: string): NamedReference {
  return tagNameOnly(parseNormalized(remote));
}

/** What a plug-in in a registry asks for. Errors: those of the registry; invalidArgument where it is none. */
export async function fetchConfig(parts: ManagedPluginParts, plugin: RemotePlugin): Promise<PluginConfig> {
  const reference = parseRemote(plugin.remote);
  const remote = openRemote(parts, reference, plugin);
  const { manifest } = await fetchManifest(remote, reference);
  return await readConfig(parts, remote, manifest.config, plugin.signal);
}

/**
 * All blobs of a plug-in are stored, its layers unpacked below `directory`. Whoever calls holds the blobs' lock.
 * Errors: as fetchConfig; invalidArgument for a broken or hostile layer.
 */
export async function fetchPlugin(
  parts: ManagedPluginParts,
  plugin: RemotePlugin,
  directory: string,
  report: Report,
  check: (config: PluginConfig) => void,
): Promise<PluginSources> {
  const { signal } = plugin;
  const reference = parseRemote(plugin.remote);
  const remote = openRemote(parts, reference, plugin);
  const { manifest, descriptor, bytes } = await fetchManifest(remote, reference);
  report({ status: `Pulling from ${familiarName(reference)}`, id: tagOrDigestOf(reference) });
  report({ status: `Digest: ${descriptor.digest}` });
  const config = await readConfig(parts, remote, manifest.config, signal);
  check(config);
  for (const layer of manifest.layers) await fetchBlob(parts, remote, layer, report, signal);
  const tree = join(directory, "rootfs");
  await mkdir(tree, { mode: 0o755 });
  for (const { digest } of manifest.layers) {
    const id = shortId(digest);
    report({ status: "Extracting", id, progressDetail: {} });
    const target = { directory: tree, whiteouts: "direct" as const };
    await unpackLayer(parts.workers, { path: parts.content.pathOf(digest) }, target, { signal });
    report({ status: "Complete", id, progressDetail: {} });
  }
  await storeDocument(parts, bytes, descriptor.mediaType);
  const blobs = [manifest.config, ...manifest.layers].map(({ digest }) => digest);
  return { config, manifest: descriptor.digest, blobs, tree };
}

/** The full reference that a record keeps. */
export function referenceOf(remote: string): string {
  return fullString(parseRemote(remote));
}

function openRemote(
  { remotes }: ManagedPluginParts,
  reference: NamedReference,
  { credentials, signal }: RemotePlugin,
): RemoteRepository {
  return remotes.open(reference, { ...(credentials && { credentials }), signal });
}

async function fetchManifest(
  remote: RemoteRepository,
  reference: NamedReference,
): Promise<{ readonly manifest: Manifest; readonly descriptor: Descriptor; readonly bytes: Uint8Array }> {
  const { descriptor, bytes } = await remote.resolve(reference);
  const manifest = parseManifest(bytes, descriptor.mediaType);
  if (manifest.config.mediaType !== PLUGIN_CONFIG_MEDIA_TYPE) {
    throw invalidArgument(`did not find plugin config for specified reference ${fullString(reference)}`);
  }
  return { manifest, descriptor, bytes };
}

async function readConfig(
  parts: ManagedPluginParts,
  remote: RemoteRepository,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<PluginConfig> {
  await fetchBlob(parts, remote, descriptor, () => {}, signal);
  return parsePluginConfig(Buffer.from(await parts.content.readAll(descriptor.digest)).toString("utf8"));
}
