import { once } from "node:events";
import { constants, readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createGzip } from "node:zlib";
import { internal, invalidArgument } from "../../../base/errors.ts";
import { newId, shortId } from "../../../base/ids.ts";
import type { ManagedPluginRecord } from "../../../core/plugins/managed-plugin.ts";
import { packTree } from "../../../drivers/layers/mod.ts";
import { RootDir } from "../../../os/linux/root-dir.ts";
import type { PluginConfig } from "../../../spec/engine-api/mod.ts";
import { DOCKER_LAYER_GZIP, DOCKER_MANIFEST } from "../../../spec/oci-image/media-types.ts";
import { PLUGIN_CONFIG_MEDIA_TYPE, parsePluginConfig } from "../../../spec/plugin-config/mod.ts";
import { familiarString, parseNormalized, tagNameOnly } from "../../../spec/reference/reference.ts";
import { storeDocument, storeStream } from "./blobs.ts";
import { pluginExists } from "./errors.ts";
import { type ManagedPluginParts, publishPluginEvent } from "./managed-plugin-parts.ts";
import { initialSettings } from "./settings.ts";

/** Longest `config.json`, as of any config in a registry. */
const LONGEST_CONFIG_BYTES = 4 * 1024 * 1024;

/** Blobs that make a plug-in, and its tree outside of its place. */
export interface PluginSources {
  readonly config: PluginConfig;
  readonly manifest: ManagedPluginRecord["manifest"];
  readonly blobs: ManagedPluginRecord["blobs"];
  /** Directory that becomes the root file system. */
  readonly tree: string;
}

/**
 * A plug-in is stored, disabled, from a tar of `config.json` and `rootfs/`.
 * Crash: the record is written last; what was made before it is removed by the next start.
 */
export async function createPlugin(
  parts: ManagedPluginParts,
  name: string,
  archive: AsyncIterable<Uint8Array>,
): Promise<void> {
  const reference = parseNormalized(name);
  if (reference.digest !== undefined) throw invalidArgument("canonical references are not permitted");
  const fullName = familiarString(tagNameOnly(reference));
  checkNameIsFree(parts, fullName);
  await using unfinished = await unfinishedTree(parts);
  using _turn = await parts.locks.acquire("blobs");
  await parts.workers.run(
    "extract",
    { root: unfinished.path, directory: "", noOverwriteDirNonDir: false, owner: undefined },
    { feed: archive },
  );
  const config = parsePluginConfig(readConfig(unfinished.path));
  const tree = join(unfinished.path, "rootfs");
  const layer = await storeStream(parts, packGzip(parts, tree), DOCKER_LAYER_GZIP);
  const rootfs = { type: "layers", diff_ids: [layer.digest] };
  const configBytes = Buffer.from(JSON.stringify({ ...config, rootfs }));
  const stored = await storeDocument(parts, configBytes, PLUGIN_CONFIG_MEDIA_TYPE);
  const manifest = { schemaVersion: 2, mediaType: DOCKER_MANIFEST, config: stored, layers: [layer] };
  const document = await storeDocument(parts, Buffer.from(JSON.stringify(manifest)), DOCKER_MANIFEST);
  const record = await installPlugin(parts, fullName, "", {
    config: { ...config, rootfs },
    manifest: document.digest,
    blobs: [stored.digest, layer.digest],
    tree,
  });
  publishPluginEvent(parts, "create", record.id, fullName);
}

/** The plug-in has its tree in its place and a record. Errors: conflict (name taken). */
export async function installPlugin(
  parts: ManagedPluginParts,
  name: string,
  reference: string,
  { config, manifest, blobs, tree: source }: PluginSources,
): Promise<ManagedPluginRecord> {
  checkNameIsFree(parts, name);
  const id = newId();
  await mkdir(parts.paths.pluginDir(id), { recursive: true, mode: 0o700 });
  const tree = newTreeName();
  await rename(source, parts.paths.rootfs({ id, tree }));
  const record: ManagedPluginRecord = {
    id,
    tree,
    name,
    reference,
    config,
    settings: initialSettings(config),
    enabled: false,
    timeoutSeconds: 0,
    manifest,
    blobs,
    task: undefined,
  };
  parts.store.put(record);
  return record;
}

export function newTreeName(): string {
  return `rootfs-${shortId(newId())}`;
}

/** Errors: conflict. */
export function checkNameIsFree({ store }: ManagedPluginParts, name: string): void {
  if (store.list().some((plugin) => plugin.name === name)) throw pluginExists(name);
}

/** A directory that is gone, with what is left in it, when it is disposed. */
export async function unfinishedTree(
  parts: ManagedPluginParts,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = join(parts.paths.unfinishedRoot, newId());
  await mkdir(path, { recursive: true, mode: 0o700 });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Links that the archive made are followed inside the archive only. */
function readConfig(directory: string): string {
  using root = RootDir.open(directory);
  if (root.statIfExists("rootfs")?.type !== "directory") throw internal("no rootfs found");
  const config = root.statIfExists("config.json");
  if (config?.type !== "file") throw internal("config not found");
  if (config.sizeBytes > LONGEST_CONFIG_BYTES) throw invalidArgument("the plugin config is too long");
  using file = root.open("config.json", constants.O_RDONLY);
  return readFileSync(file.fd, "utf8");
}

async function* packGzip(parts: ManagedPluginParts, directory: string): AsyncGenerator<Uint8Array> {
  const gzip = createGzip();
  const fed = (async () => {
    for await (const chunk of packTree(parts.workers, { kind: "tree", directory })) {
      if (!gzip.write(Buffer.from(chunk))) await once(gzip, "drain");
    }
    gzip.end();
  })();
  fed.catch((error) => gzip.destroy(error));
  yield* gzip;
  await fed;
}
