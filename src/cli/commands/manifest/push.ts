import { digestOf } from "../../../base/digest.ts";
import { messageOf } from "../../../base/errors.ts";
import type { RemoteRepository } from "../../../core/remotes/remote.ts";
import { toGoJson } from "../../../spec/go-template/go-json.ts";
import {
  fullString,
  type NamedReference,
  parseNormalized,
  trimNamed,
  withDigest,
} from "../../../spec/reference/reference.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool } from "../../flags/types.ts";
import { bodyOf, type LocalManifest, manifestReference, rawOf } from "../../manifest/local-manifest.ts";
import { buildManifestList } from "../../manifest/manifest-list.ts";
import { ManifestRegistry } from "../../manifest/manifest-registry.ts";
import { ManifestStore } from "../../manifest/manifest-store.ts";

function refuseUnknownPlatforms(manifests: readonly LocalManifest[]): void {
  for (const { Ref, Descriptor } of manifests) {
    if (Descriptor.platform?.architecture && Descriptor.platform.os) continue;
    throw new ExitError(1, `manifest ${Ref} must have an OS and Architecture to be pushed to a registry`);
  }
}

/** Brings a manifest and its blobs from another repository of the registry; what is printed of it. */
async function copyManifest(
  remote: RemoteRepository,
  target: NamedReference,
  manifest: LocalManifest,
): Promise<string> {
  const { path } = parseNormalized(manifest.Ref);
  const { config, layers } = bodyOf(manifest);
  for (const { digest } of [config, ...layers]) {
    // Layers of Windows are often not in the registry at all.
    if ((await remote.mountBlob(digest, path)) || manifest.Descriptor.platform?.os === "windows") continue;
    throw new ExitError(1, `error mounting ${path}@${digest} to ${fullString(target)}`);
  }
  const { digest, mediaType } = manifest.Descriptor;
  const raw = rawOf(manifest);
  const found = digestOf(raw);
  if (found !== digest) {
    throw new ExitError(1, `internal digest mismatch for ${manifest.Ref}: expected ${digest}, got ${found}`);
  }
  const name = fullString(withDigest(trimNamed(target), digest));
  return `Pushed ref ${name} with digest: ${await put(remote, name, raw, mediaType, digest)}`;
}

async function put(
  remote: RemoteRepository,
  name: string,
  bytes: Uint8Array,
  mediaType: string,
  tagOrDigest: string,
): Promise<string> {
  try {
    return await remote.pushManifest(bytes, mediaType, tagOrDigest);
  } catch (error) {
    throw new ExitError(1, `failed to put manifest ${name}: ${messageOf(error)}`);
  }
}

export const command = defineCommand({
  usage: "[OPTIONS] MANIFEST_LIST",
  args: { min: 1, max: 1 },
  flags: {
    insecure: bool("Allow push to an insecure registry"),
    purge: bool("Remove the local manifest list after push", { short: "p" }),
  },
  run: async (cli, { flags, args }) => {
    const target = manifestReference(args[0]!);
    const store = new ManifestStore(cli.configDir);
    const manifests = await store.getList(target);
    if (manifests.length === 0) throw new ExitError(1, `${fullString(target)} not found`);
    refuseUnknownPlatforms(manifests);
    const list = buildManifestList(target, manifests);
    await using registry = await ManifestRegistry.open(cli, [target], flags.insecure);
    const remote = await registry.repository(target);
    for (const manifest of manifests) {
      if (parseNormalized(manifest.Ref).path !== target.path) {
        cli.print(await copyManifest(remote, target, manifest));
      }
    }
    const bytes = Buffer.from(toGoJson(list, "   "));
    cli.print(await put(remote, fullString(target), bytes, list.mediaType, target.tag ?? target.digest!));
    if (flags.purge) await store.remove(target);
    return 0;
  },
});
