import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Digest, digestOf } from "../../base/digest.ts";
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from "../../spec/oci-image/media-types.ts";
import { hostPlatform } from "../../spec/oci-image/platform.ts";
import { collect, openImageFixture, signal } from "./image-service.fixture.ts";

const layerBytes = gzipSync(execFileSync("tar", ["-c", "-C", import.meta.dir, "mod.ts"]));
const diffId = digestOf(gunzipSync(layerBytes));
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const descriptor = (mediaType: string, bytes: Uint8Array) => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.byteLength,
});

/** A registry that serves whatever it is told to, true or not. */
async function startRegistry() {
  const blobs = new Map<string, Uint8Array>();
  const manifests = new Map<string, { readonly bytes: Uint8Array; readonly mediaType: string }>();
  const server = createServer((request, response) => {
    const [, kind, name] = /^\/v2\/x\/(blobs|manifests)\/(.+)$/.exec(request.url ?? "") ?? [];
    if (request.url === "/v2/") return void response.end("{}");
    const manifest = kind === "manifests" ? manifests.get(name!) : undefined;
    if (manifest)
      return void response.writeHead(200, { "content-type": manifest.mediaType }).end(manifest.bytes);
    const blob = kind === "blobs" ? blobs.get(name!) : undefined;
    if (blob) return void response.writeHead(200, { "content-length": blob.byteLength }).end(blob);
    return void response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const add = (mediaType: string, value: unknown, tag?: string) => {
    const bytes = json(value);
    for (const name of [digestOf(bytes), ...(tag ? [tag] : [])]) manifests.set(name, { bytes, mediaType });
    return descriptor(mediaType, bytes);
  };
  return {
    host: `localhost:${(server.address() as { port: number }).port}`,
    blobs,
    add,
    /** An image manifest; `change` says where it lies. */
    addImage(tag: string, change: { diffIds?: string[]; architecture?: string; manifest?: object } = {}) {
      const { os, architecture } = hostPlatform();
      const config = json({
        os,
        architecture: change.architecture ?? architecture,
        config: {},
        rootfs: { type: "layers", diff_ids: change.diffIds ?? [diffId] },
      });
      blobs.set(digestOf(config), config);
      blobs.set(digestOf(layerBytes), layerBytes);
      return add(
        OCI_MANIFEST,
        {
          schemaVersion: 2,
          mediaType: OCI_MANIFEST,
          config: descriptor(OCI_CONFIG, config),
          layers: [descriptor(OCI_LAYER_GZIP, layerBytes)],
          ...change.manifest,
        },
        tag,
      );
    },
    addIndex(tag: string | undefined, entries: object[], change: object = {}) {
      return add(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries, ...change }, tag);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const options = (reference: string) => ({
  reference,
  platform: undefined,
  credentials: undefined,
  signal: signal(),
});

test("lies of a registry are found out, and no image is made of them", async () => {
  await using registry = await startRegistry();
  await using f = await openImageFixture();
  const failure = async (tag: string) => {
    const stream = await f.service.pull(options(`${registry.host}/x:${tag}`));
    return (await collect(stream).catch((error) => error)).message;
  };
  const { architecture } = hostPlatform();
  registry.addImage("diffid", { diffIds: [digestOf("other")] });
  registry.addImage("count", { diffIds: [diffId, diffId] });
  registry.addImage("ambiguous", { manifest: { manifests: [] } });
  registry.addImage("artefact", {
    manifest: { config: descriptor("application/vnd.example+json", json({})) },
  });
  registry.addIndex("confused", [], { layers: [] });
  registry.addIndex("other", [
    { ...registry.addImage("any"), platform: { os: "plan9", architecture: "amd64" } },
  ]);
  let nested = registry.addIndex(undefined, []);
  for (let depth = 0; depth < 10; depth++) nested = registry.addIndex("deep", [nested]);
  const short = registry.addImage("good");
  registry.addIndex("size", [{ ...short, size: 5, platform: { os: "linux", architecture } }]);

  expect(await failure("diffid")).toBe(`wrong diff id calculated on extraction "${digestOf(layerBytes)}"`);
  expect(await failure("count")).toContain("layer count mismatch");
  expect(await failure("ambiguous")).toContain("ambiguous manifest");
  expect(await failure("confused")).toContain("ambiguous image index");
  expect(await failure("artefact")).toContain("describes no image that can be run");
  expect(await failure("other")).toContain(`no matching manifest for linux/${architecture}`);
  expect(await failure("deep")).toBe("image indexes are nested too deeply");
  expect(await failure("size")).toContain("is not what the image index says of it");
  await f.service.sweep();
  registry.blobs.set(digestOf(layerBytes), Buffer.alloc(layerBytes.byteLength, 1));
  expect(await failure("good")).toContain(digestOf(layerBytes));
  expect(f.images.list()).toEqual([]);
  expect(f.leases.resources()).toEqual([]);

  await f.service.sweep();
  const left: unknown[] = [];
  for await (const blob of f.content.walk()) left.push(blob);
  for await (const snapshot of f.snapshotter.walk()) left.push(snapshot);
  expect(left).toEqual([]);
});

test("an index gives the image for this platform, and its digest is the one that is shown", async () => {
  await using registry = await startRegistry();
  await using f = await openImageFixture();
  const { os, architecture } = hostPlatform();
  const own = { ...registry.addImage("own"), platform: { os, architecture } };
  const other = {
    ...registry.addImage("s390x", { architecture: "s390x" }),
    platform: { os, architecture: "s390x" },
  };
  const index = registry.addIndex("multi", [other, own]);
  const messages = await collect(await f.service.pull(options(`${registry.host}/x:multi`)));
  expect(messages.map((message) => message.status)).toContain(`Digest: ${index.digest}`);
  const image = f.service.resolve(`${registry.host}/x:multi`).image;
  expect(image.manifest).toBe(own.digest as Digest);
  const inspected = await f.service.inspect(image.id, { manifests: true, platform: undefined });
  expect(inspected.RepoDigests).toEqual([`${registry.host}/x@${index.digest}`]);
  expect(inspected.Manifests!.map(({ Available }) => Available)).toEqual([false, true]);
  await expect(
    f.service.inspect(image.id, { manifests: false, platform: { os, architecture: "s390x" } }),
  ).rejects.toThrow("does not provide the specified platform (linux/s390x)");
  const foreign = { ...options(`${registry.host}/x:multi`), platform: { os, architecture: "s390x" } };
  await collect(await f.service.pull(foreign));
  expect(f.service.resolve(`${registry.host}/x:multi`).image.platform).toBe("linux/s390x");
});

test("a consumer that goes away ends the pull; bytes that were there are used by the next", async () => {
  await using registry = await startRegistry();
  await using f = await openImageFixture();
  registry.addImage("v1");
  for await (const message of await f.service.pull(options(`${registry.host}/x:v1`))) {
    if (message.status === "Waiting") break;
  }
  expect(f.leases.resources()).toEqual([]);
  await collect(await f.service.pull(options(`${registry.host}/x:v1`)));
  expect(f.images.list().length).toBe(1);
});

test("a sweep beside pulls takes nothing that they need", async () => {
  await using registry = await startRegistry();
  await using f = await openImageFixture();
  registry.addImage("v1");
  for (let round = 0; round < 5; round++) {
    await Promise.all([
      collect(await f.service.pull(options(`${registry.host}/x:v1`))),
      f.service.sweep(),
      f.service.sweep(),
    ]);
    await f.service.inspect(`${registry.host}/x:v1`, { manifests: false, platform: undefined });
    await f.service.remove(`${registry.host}/x:v1`, { force: false, pruneParents: true, platforms: [] });
  }
});
