import { expect, test } from "bun:test";
import type { Digest } from "../../base/digest.ts";
import { startDockerRegistry } from "../../drivers/remote-registry/docker-registry.fixture.ts";
import { hostPlatform } from "../../spec/oci-image/platform.ts";
import { collect, openImageFixture, signal } from "./image-service.fixture.ts";
import { startScriptedRegistry } from "./scripted-registry.fixture.ts";

const { os, architecture } = hostPlatform();
const S390X = { os, architecture: "s390x" };
const ARM64 = { os, architecture: architecture === "arm64" ? "riscv64" : "arm64" };
const plain = { manifests: false, platform: undefined };
const removal = { force: false, pruneParents: true, platforms: [] };
const listing = { all: false, filters: new Map(), sharedSize: true, manifests: true, identity: true };

type Registry = Awaited<ReturnType<typeof startScriptedRegistry>>;
type Fixture = Awaited<ReturnType<typeof openImageFixture>>;

/** An index of three platforms, this machine's with an attestation. */
function addMultiPlatform(registry: Registry) {
  const own = { ...registry.addImage("own"), platform: { os, architecture } };
  const s390x = { ...registry.addImage("s", { architecture: S390X.architecture }), platform: S390X };
  const arm64 = { ...registry.addImage("a", { architecture: ARM64.architecture }), platform: ARM64 };
  const attestation = registry.addAttestation(own.digest, "https://slsa.dev/provenance/v1");
  return {
    own,
    s390x,
    arm64,
    attestation,
    index: registry.addIndex("multi", [s390x, own, arm64, attestation]),
  };
}

async function pull(f: Fixture, reference: string, platform?: typeof S390X) {
  const options = { reference, platform, credentials: undefined, signal: signal() };
  return (await collect(await f.service.pull(options))).at(-1)!.status;
}

async function save(f: Fixture, names: string[], platforms: (typeof S390X)[] = []): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await f.service.save(names, { platforms, signal: signal() })) {
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

async function load(f: Fixture, archive: Uint8Array, platforms: (typeof S390X)[] = []) {
  const content = (async function* () {
    yield archive;
  })();
  return await collect(await f.service.load({ content, quiet: true, platforms, signal: signal() }));
}

test("platforms of an index gather under one image", async () => {
  await using registry = await startScriptedRegistry();
  await using f = await openImageFixture();
  const { own, s390x, index } = addMultiPlatform(registry);
  const name = `${registry.host}/x:multi`;
  expect(await pull(f, name)).toBe(`Status: Downloaded newer image for ${name}`);
  const { image } = f.service.resolve(name);
  expect(image.manifest).toBe(own.digest);
  await expect(f.service.inspect(name, { manifests: false, platform: S390X })).rejects.toThrow(
    `image with reference ${name} was found but does not provide the specified platform (linux/s390x)`,
  );
  expect(await pull(f, name, S390X)).toBe(`Status: Downloaded newer image for ${name}`);
  expect(await pull(f, name, S390X)).toBe(`Status: Image is up to date for ${name}`);

  const [summary, ...others] = await f.service.list(listing);
  expect(others).toEqual([]);
  expect(summary).toMatchObject({ Id: image.id, RepoTags: [name], Descriptor: { digest: index.digest } });
  expect(summary!.RepoDigests).toEqual([`${registry.host}/x@${index.digest}`]);
  const manifests = summary!.Manifests!.map(({ Kind, Available }) => [Kind, Available]);
  expect(manifests).toEqual([
    ["image", true],
    ["image", true],
    ["image", false],
    ["attestation", true],
  ]);
  const Identity = { Pull: [{ Repository: `${registry.host}/x` }] };
  expect(summary!.Manifests!.map(({ ImageData }) => ImageData?.Identity)).toEqual([
    Identity,
    Identity,
    undefined,
    undefined,
  ]);
  const foreign = await f.service.inspect(name, { manifests: false, platform: S390X });
  expect(foreign.Descriptor?.platform).toEqual(S390X);
  expect(foreign).toMatchObject({
    Architecture: "s390x",
    RepoTags: [name],
    Descriptor: { digest: s390x.digest },
    Identity,
  });
  // Without a platform it is the one for this machine, whichever came last; each digest leads to it too.
  for (const text of [
    name,
    image.id,
    image.id.slice(7, 19),
    index.digest,
    index.digest.slice(7, 20),
    own.digest,
  ]) {
    expect([text, (await f.service.inspect(text, plain)).Id]).toEqual([text, image.id]);
  }
  for (const text of [foreign.Id, s390x.digest]) {
    expect([text, (await f.service.inspect(text, plain)).Id]).toEqual([text, foreign.Id]);
  }
  expect(f.service.resolve(image.id, S390X).image.id).toBe(foreign.Id as Digest);

  const query = { platform: undefined, predicateTypes: [], statement: true };
  expect(await f.service.attestations(name, query)).toMatchObject([
    {
      PredicateType: "https://slsa.dev/provenance/v1",
      Statement: { _type: "https://in-toto.io/Statement/v1" },
    },
  ]);
  expect(await f.service.attestations(name, { ...query, platform: S390X })).toEqual([]);
});

test("platforms go together with the last name, one by one when asked", async () => {
  await using registry = await startScriptedRegistry();
  await using f = await openImageFixture();
  const { own, s390x } = addMultiPlatform(registry);
  const name = `${registry.host}/x:multi`;
  for (const platform of [undefined, S390X, ARM64]) await pull(f, name, platform);
  const forced = { ...removal, force: true };
  await expect(f.service.remove(name, { ...removal, platforms: [S390X] })).rejects.toThrow("to force delete");
  f.users.push({
    containerId: "c".repeat(64),
    snapshot: "c".repeat(64),
    imageId: f.service.resolve(name, S390X).image.id,
    asked: "app",
    running: false,
  });
  await expect(f.service.remove(name, { ...forced, platforms: [S390X] })).rejects.toThrow(
    "image is being used by stopped container cccccccccccc",
  );
  await expect(f.service.remove(name, removal)).rejects.toThrow(
    "container cccccccccccc is using its referenced image",
  );
  f.users.pop();
  expect((await f.service.remove(name, { ...forced, platforms: [S390X] }))[0]).toEqual({
    Deleted: s390x.digest,
  });
  expect((await f.service.list(listing))[0]!.Manifests!.map(({ Available }) => Available)).toEqual([
    false,
    true,
    true,
    true,
  ]);
  // The name goes over to what is left.
  await f.service.remove(name, { ...forced, platforms: [{ os, architecture }] });
  expect(f.service.resolve(name).image.platform).toBe(`linux/${ARM64.architecture}`);
  await pull(f, name);
  expect(f.service.resolve(name).image.manifest).toBe(own.digest);

  await f.service.tag(name, { repository: "other", tag: "v1" });
  await f.service.remove(name, removal);
  expect((await f.service.list(listing)).map(({ RepoTags }) => RepoTags)).toEqual([["other:v1"]]);
  await f.service.remove("other:v1", removal);
  const left: unknown[] = [...f.images.list()];
  for await (const blob of f.content.walk()) left.push(blob);
  for await (const snapshot of f.snapshotter.walk()) left.push(snapshot);
  expect(left).toEqual([]);
});

test("an index is saved and loaded as an index, whole or some platforms of it", async () => {
  await using registry = await startScriptedRegistry();
  await using f = await openImageFixture();
  const { own, index } = addMultiPlatform(registry);
  const name = `${registry.host}/x:multi`;
  for (const platform of [undefined, S390X]) await pull(f, name, platform);
  const { id } = f.service.resolve(name).image;

  await using whole = await openImageFixture();
  expect(await load(whole, await save(f, [name]))).toEqual([{ stream: `Loaded image: ${name}\n` }]);
  expect(whole.service.resolve(index.digest).image.id).toBe(id);
  expect(whole.service.resolve(name, S390X).image.platform).toBe("linux/s390x");
  const query = { platform: undefined, predicateTypes: [], statement: false };
  expect((await whole.service.attestations(name, query)).length).toBe(1);

  await using one = await openImageFixture();
  await load(one, await save(f, [name], [{ os, architecture }]));
  expect(one.service.resolve(name)).toMatchObject({ image: { id }, target: own.digest });

  await using chosen = await openImageFixture();
  await load(chosen, await save(f, [name]), [S390X]);
  expect(chosen.service.resolve(name)).toMatchObject({
    image: { platform: "linux/s390x" },
    target: index.digest,
  });
  await expect(load(chosen, await save(f, [name]), [ARM64])).rejects.toThrow(/lacks|not found/);
});

test("an index that is whole is pushed as it is, and else one platform of it", async () => {
  await using registry = await startScriptedRegistry();
  await using other = await startDockerRegistry();
  await using f = await openImageFixture();
  const { own, s390x, index } = addMultiPlatform(registry);
  const name = `${registry.host}/x:multi`;
  const copy = `${other.host}/copy`;
  const push = async (platform?: typeof S390X) => {
    const options = { name: copy, tag: "v1", platform, credentials: undefined, signal: signal() };
    const messages = await collect(await f.service.push(options));
    return {
      digest: (messages.at(-1)!.aux as { Digest: string }).Digest,
      notes: messages.filter(({ aux }) => aux && "manifestPushedInsteadOfIndex" in (aux as object)).length,
    };
  };
  await pull(f, name);
  await f.service.tag(name, { repository: copy, tag: "v1" });
  expect(await push()).toEqual({ digest: own.digest, notes: 1 });
  await pull(f, name, S390X);
  expect(await push(S390X)).toEqual({ digest: s390x.digest, notes: 0 });
  await expect(push(ARM64)).rejects.toThrow("does not provide the specified platform");
  await pull(f, name, ARM64);
  expect(await push()).toEqual({ digest: index.digest, notes: 0 });
  await using there = await openImageFixture();
  await pull(there, `${copy}:v1`, ARM64);
  expect(there.service.resolve(`${copy}@${index.digest}`).image.platform).toBe(`linux/${ARM64.architecture}`);
});

test("a name that moves to another index leaves the platforms of the old one whole", async () => {
  await using registry = await startScriptedRegistry();
  await using f = await openImageFixture();
  const { own, s390x } = addMultiPlatform(registry);
  const name = `${registry.host}/x:multi`;
  for (const platform of [undefined, S390X]) await pull(f, name, platform);
  registry.addIndex("multi", [own, { ...s390x, annotations: { changed: "yes" } }], {
    annotations: { version: "2" },
  });
  expect(await pull(f, name)).toBe(`Status: Downloaded newer image for ${name}`);
  await f.service.sweep();
  expect(f.images.list().length).toBe(2);
  expect((await f.service.list(listing)).length).toBe(1);
});

test("what refers to an image or to what attests it comes with it, stays and goes with it", async () => {
  await using registry = await startScriptedRegistry();
  await using other = await startDockerRegistry();
  await using f = await openImageFixture();
  const { own, attestation, index } = addMultiPlatform(registry);
  const signatures = [index, own, attestation].map((subject) => registry.addReferrer(subject).digest);
  const stray = registry.addReferrer({ ...own, digest: `sha256:${"0".repeat(64)}` }).digest;
  const name = `${registry.host}/x:multi`;
  const here = async (fixture: Fixture) =>
    Promise.all([...signatures, stray].map((digest) => fixture.content.has(digest)));
  await pull(f, name);
  await f.service.sweep();
  expect(await here(f)).toEqual([true, true, true, false]);

  const archive = await save(f, [name]);
  await using loaded = await openImageFixture();
  await load(loaded, archive);
  await loaded.service.sweep();
  expect(await here(loaded)).toEqual([true, true, true, false]);

  // This registry cannot list referrers: they are found by the tag that is made of the digest.
  await f.service.tag(name, { repository: `${other.host}/signed`, tag: "v1" });
  const push = { name: `${other.host}/signed`, tag: "v1", platform: undefined, credentials: undefined };
  for (let round = 0; round < 2; round++) await collect(await f.service.push({ ...push, signal: signal() }));
  const tag = own.digest.replace(":", "-");
  const accept = { headers: { accept: "application/vnd.oci.image.index.v1+json" } };
  const list = await fetch(`http://${other.host}/v2/signed/manifests/${tag}`, accept);
  expect(await list.json()).toMatchObject({
    manifests: [{ digest: signatures[1], artifactType: "application/vnd.example.signature" }],
  });

  await f.service.remove(name, removal);
  await f.service.remove(`${other.host}/signed:v1`, removal);
  expect(await here(f)).toEqual([false, false, false, false]);
  expect(f.images.referrersOf(own.digest)).toEqual([]);
});

test("statements that are too large, or of something else, are left out, and the image is there", async () => {
  await using registry = await startScriptedRegistry();
  await using f = await openImageFixture();
  const { own, attestation, index } = addMultiPlatform(registry);
  const good = registry.addReferrer(own).digest;
  registry.lieAboutReferrers(own.digest, [attestation, { ...own, size: 1 }]);
  const huge = registry.addReferrer(own, { size: 2 ** 40 }).digest;
  registry.lieAboutReferrers(index.digest, [own]);
  const last = registry.addReferrer(index).digest;
  const name = `${registry.host}/x:multi`;
  expect(await pull(f, name)).toBe(`Status: Downloaded newer image for ${name}`);
  expect(f.images.referrersOf(own.digest)).toEqual([good]);
  expect(f.images.referrersOf(index.digest as Digest)).toEqual([last]);
  expect(await f.content.has(huge)).toBe(false);
});
