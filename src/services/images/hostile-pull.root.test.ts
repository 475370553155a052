import { expect, test } from "bun:test";
import { digestOf } from "../../base/digest.ts";
import { hostPlatform } from "../../spec/oci-image/platform.ts";
import { collect, openImageFixture, signal } from "./image-service.fixture.ts";
import { descriptor, diffId, json, layerBytes, startScriptedRegistry } from "./scripted-registry.fixture.ts";

const options = (reference: string) => ({
  reference,
  platform: undefined,
  credentials: undefined,
  signal: signal(),
});

test("lies of a registry are found out, and no image is made of them", async () => {
  await using registry = await startScriptedRegistry();
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

test("a consumer that goes away ends the pull; bytes that were there are used by the next", async () => {
  await using registry = await startScriptedRegistry();
  await using f = await openImageFixture();
  registry.addImage("v1");
  for await (const message of await f.service.pull(options(`${registry.host}/x:v1`))) {
    if (message.status === "Pulling fs layer") break;
  }
  expect(f.leases.resources()).toEqual([]);
  await collect(await f.service.pull(options(`${registry.host}/x:v1`)));
  expect(f.images.list().length).toBe(1);
});

test("a sweep beside pulls takes nothing that they need", async () => {
  await using registry = await startScriptedRegistry();
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
