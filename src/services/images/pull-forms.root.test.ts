import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { digestOf } from "../../base/digest.ts";
import {
  DOCKER_CONFIG,
  DOCKER_FOREIGN_LAYER_GZIP,
  DOCKER_LAYER_GZIP,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
} from "../../spec/oci-image/media-types.ts";
import { hostPlatform } from "../../spec/oci-image/platform.ts";
import { tarOf } from "../../spec/tar/tar.fixture.ts";
import { collect, openImageFixture, signal } from "./image-service.fixture.ts";
import { descriptor, json, startScriptedRegistry } from "./scripted-registry.fixture.ts";

const options = (reference: string) => ({
  reference,
  platform: undefined,
  credentials: undefined,
  signal: signal(),
});

/** The config of an image of these layers, as tars. */
function configOf(tars: readonly Uint8Array[]): Buffer {
  const { os, architecture } = hostPlatform();
  return json({ os, architecture, config: {}, rootfs: { type: "layers", diff_ids: tars.map(digestOf) } });
}

test("layers come plain, with gzip and with zstd, whatever their media type says, in OCI's and in docker's manifests", async () => {
  await using registry = await startScriptedRegistry();
  await using f = await openImageFixture();
  const tars = ["plain", "gzip", "zstd", "lied"].map((name) => tarOf({ name, content: name }));
  const [plain, gzip, zstd, lied] = tars as [Buffer, Buffer, Buffer, Buffer];
  const layers = [
    descriptor(OCI_LAYER, plain),
    descriptor(OCI_LAYER_GZIP, gzipSync(gzip)),
    descriptor(OCI_LAYER_ZSTD, zstdCompressSync(zstd)),
    descriptor(OCI_LAYER_GZIP, zstdCompressSync(lied)),
  ];
  for (const blob of [plain, gzipSync(gzip), zstdCompressSync(zstd), zstdCompressSync(lied)]) {
    registry.blobs.set(digestOf(blob), blob);
  }
  const config = configOf(tars);
  registry.blobs.set(digestOf(config), config);
  registry.addImage("oci", { manifest: { config: descriptor(OCI_CONFIG, config), layers } });
  const docker = { schemaVersion: 2, mediaType: DOCKER_MANIFEST, config: descriptor(DOCKER_CONFIG, config) };
  const dockerLayers = layers.map((layer) => ({ ...layer, mediaType: DOCKER_LAYER_GZIP }));
  registry.add(DOCKER_MANIFEST, { ...docker, layers: dockerLayers }, "docker");
  for (const tag of ["oci", "docker"]) {
    await collect(await f.service.pull(options(`${registry.host}/x:${tag}`)));
    const snapshots = join(f.folder, "overlay/snapshots");
    for (const name of ["plain", "gzip", "zstd", "lied"]) {
      expect(
        readdirSync(snapshots).filter((each) => existsSync(join(snapshots, each, "fs", name))),
      ).toHaveLength(1);
    }
    await f.service.remove(`${registry.host}/x:${tag}`, { force: false, pruneParents: true, platforms: [] });
  }
});

test("the registry is asked for a foreign layer as for any other, and nobody else", async () => {
  await using registry = await startScriptedRegistry();
  await using elsewhere = await startScriptedRegistry();
  await using f = await openImageFixture();
  const tar = tarOf({ name: "foreign", content: "foreign" });
  const layer = gzipSync(tar);
  elsewhere.blobs.set(digestOf(layer), layer);
  let asked = 0;
  elsewhere.handlers.set(digestOf(layer), (_request, response) => {
    asked++;
    response.end(layer);
  });
  const config = configOf([tar]);
  registry.blobs.set(digestOf(config), config);
  const foreign = {
    ...descriptor(DOCKER_FOREIGN_LAYER_GZIP, layer),
    urls: [`http://${elsewhere.host}/v2/x/blobs/${digestOf(layer)}`],
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: descriptor(DOCKER_CONFIG, config),
  };
  registry.add(DOCKER_MANIFEST, { ...manifest, layers: [foreign] }, "v1");
  await expect(collect(await f.service.pull(options(`${registry.host}/x:v1`)))).rejects.toThrow("not found");
  registry.blobs.set(digestOf(layer), layer);
  await collect(await f.service.pull(options(`${registry.host}/x:v1`)));
  expect(asked).toBe(0);
});

test("an index of ten thousand entries is refused, and so is one that holds itself", async () => {
  await using registry = await startScriptedRegistry();
  await using f = await openImageFixture();
  const entry = { ...registry.addImage("one"), platform: { os: "linux", architecture: "none" } };
  registry.addIndex(
    "wide",
    Array.from({ length: 10_000 }, () => entry),
  );
  const failure = async (tag: string) =>
    (await collect(await f.service.pull(options(`${registry.host}/x:${tag}`))).catch((error) => error))
      .message;
  expect(await failure("wide")).toContain("image index manifests");
  // A digest cannot hold itself; a registry that serves another document under it is found out.
  const inner = registry.addIndex(undefined, []);
  const outer = registry.addIndex("loop", [inner]);
  registry.serveAs(inner.digest, outer.digest);
  expect(await failure("loop")).toContain("verification failed");
  expect(f.leases.resources()).toEqual([]);
});
