import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { collect, openImageFixture, signal } from "./image-service.fixture.ts";

const removeOptions = { force: false, pruneParents: true, platforms: [] };
const listOptions = { all: false, filters: new Map(), sharedSize: true, manifests: true, identity: true };

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}

const loadOptions = (bytes: Uint8Array) => ({
  content: once(bytes),
  quiet: true,
  platforms: [],
  signal: signal(),
});

test("names, ids and prefixes find an image; what is not there is told in docker's words", async () => {
  await using f = await openImageFixture();
  const image = await f.makeImage("busybox");
  const hex = image.id.slice(7);
  for (const text of [
    "busybox",
    "busybox:latest",
    "docker.io/library/busybox",
    image.id,
    hex,
    hex.slice(0, 12),
  ]) {
    expect(f.service.resolve(text).image.id).toBe(image.id);
  }
  expect(() => f.service.resolve("nothing")).toThrow("No such image: nothing:latest");
  expect(() => f.service.resolve("UPPER")).toThrow(
    "invalid reference format: repository name (library/UPPER) must be lowercase",
  );
  const [summary] = await f.service.list(listOptions);
  expect(summary).toMatchObject({ RepoTags: ["busybox:latest"], Containers: 0, SharedSize: 0 });
  expect(summary!.Manifests![0]).toMatchObject({ Available: true, Kind: "image" });
  expect(f.events.map((event) => event.action)).toEqual(["tag"]);
});

test("the last name takes the image and its space with it", async () => {
  await using f = await openImageFixture();
  const image = await f.makeImage("app");
  await f.service.tag("app", { repository: "other", tag: "v2" });
  expect(await f.service.remove("app", removeOptions)).toEqual([{ Untagged: "app:latest" }]);
  expect(await f.service.remove("other:v2", removeOptions)).toEqual([
    { Untagged: "other:v2" },
    { Deleted: image.id },
    { Deleted: image.topLayer },
  ]);
  const left = [];
  for await (const blob of f.content.walk()) left.push(blob);
  for await (const snapshot of f.snapshotter.walk()) left.push(snapshot);
  expect(left).toEqual([]);
});

test("an image in use stays, as docker has it", async () => {
  await using f = await openImageFixture();
  const image = await f.makeImage("app");
  const short = image.id.slice(7, 19);
  f.users.push({
    containerId: "c".repeat(64),
    snapshot: "c".repeat(64),
    imageId: image.id,
    asked: "app",
    running: false,
  });
  await expect(f.service.remove("app", removeOptions)).rejects.toThrow(
    `conflict: unable to remove repository reference "app" (must force) - container cccccccccccc is using its referenced image ${short}`,
  );
  await expect(f.service.remove(short, removeOptions)).rejects.toThrow(
    `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container cccccccccccc`,
  );
  f.users[0] = { ...f.users[0]!, running: true };
  await expect(f.service.remove(short, { ...removeOptions, force: true })).rejects.toThrow(
    `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container cccccccccccc`,
  );
  expect(await f.service.remove("app", { ...removeOptions, force: true })).toEqual([
    { Untagged: "app:latest" },
  ]);
  expect(f.images.get(image.id)).toBeDefined();
});

test("prune removes what has no name, and dangling=false what no container uses", async () => {
  await using f = await openImageFixture();
  const old = await f.makeImage("app", "one");
  await f.makeImage("app", "two");
  const pruned = await f.service.prune(new Map());
  expect(pruned.ImagesDeleted![0]).toEqual({ Deleted: old.id });
  expect(pruned.SpaceReclaimed).toBeGreaterThan(0);
  expect((await f.service.list(listOptions)).length).toBe(1);
  await f.service.prune(new Map([["dangling", ["false"]]]));
  expect(await f.service.list(listOptions)).toEqual([]);
});

test("prune with dangling=false leaves an image in use the names that its containers were made by, or the last", async () => {
  await using f = await openImageFixture();
  const all = new Map([["dangling", ["false"]]]);
  const image = await f.makeImage("app");
  const tag = (name: string) => f.service.tag("app", { repository: name, tag: "" });
  const user = { containerId: "c".repeat(64), snapshot: "c".repeat(64), imageId: image.id, running: true };
  for (const name of ["app:b", "app:z", "other"]) tag(name);
  f.users.push({ ...user, asked: "app:b" });
  expect((await f.service.prune(all)).ImagesDeleted).toEqual([
    { Untagged: "app:latest" },
    { Untagged: "app:z" },
    { Untagged: "other:latest" },
  ]);
  for (const name of ["app:a", "app:c"]) await f.service.tag("app:b", { repository: name, tag: "" });
  f.users.splice(0, 1, { ...user, asked: image.id });
  expect((await f.service.prune(all)).ImagesDeleted).toEqual([{ Untagged: "app:a" }, { Untagged: "app:b" }]);
  expect((await f.service.prune(all)).ImagesDeleted).toBeNull();
});

test("a saved archive is loaded again, and other tools read it", async () => {
  await using f = await openImageFixture();
  await using g = await openImageFixture();
  const image = await f.makeImage("app:v1");
  await f.makeImage("second");
  const archive = await bytesOf(
    await f.service.save(["app:v1", "second"], { platforms: [], signal: signal() }),
  );
  const messages = await collect(await g.service.load(loadOptions(archive)));
  expect(messages).toEqual([
    { stream: "Loaded image: app:v1\n" },
    { stream: "Loaded image: second:latest\n" },
  ]);
  expect(g.images.get(image.id)!.topLayer).toBe(image.topLayer);
  expect(g.leases.resources()).toEqual([]);
  expect(
    Buffer.compare(
      archive,
      await bytesOf(await g.service.save(["app:v1", "second"], { platforms: [], signal: signal() })),
    ),
  ).toBe(0);

  const path = join(f.folder, "archive.tar");
  await writeFile(path, archive);
  const inspected = execFileSync("skopeo", ["inspect", "--config", `docker-archive:${path}:app:v1`]);
  expect(JSON.parse(inspected.toString()).config.Cmd).toEqual(["/hello"]);
  execFileSync("tar", ["-xf", path, "-C", f.folder]);
  const layout = execFileSync("skopeo", ["inspect", "--raw", `oci:${f.folder}:v1`]);
  expect(JSON.parse(layout.toString()).config.digest).toBe(image.id);
});

test("archives of other tools are loaded, packed or not", async () => {
  await using f = await openImageFixture();
  const image = await f.makeImage("app:v1");
  const path = join(f.folder, "archive.tar");
  await writeFile(path, await bytesOf(await f.service.save(["app:v1"], { platforms: [], signal: signal() })));
  execFileSync("skopeo", [
    "copy",
    "-q",
    `docker-archive:${path}:app:v1`,
    `docker-archive:${f.folder}/old.tar:app:v1`,
  ]);
  for (const [tool, suffix] of [
    ["gzip", "gz"],
    ["zstd", "zst"],
  ] as const) {
    execFileSync(tool, ["-k", "-q", `${f.folder}/old.tar`]);
    await using g = await openImageFixture();
    await collect(await g.service.load(loadOptions(await Bun.file(`${f.folder}/old.tar.${suffix}`).bytes())));
    expect(g.images.list()[0]!.topLayer).toBe(image.topLayer);
    expect(g.service.resolve("app:v1").image.labels).toEqual({});
  }
});

test("a root file system is imported with changes", async () => {
  await using f = await openImageFixture();
  const tar = execFileSync("tar", ["-c", "-C", import.meta.dir, "mod.ts"]);
  const options = {
    source: "-",
    content: once(tar),
    repository: "rootfs",
    tag: "v1",
    message: "hello",
    changes: ['CMD ["/bin/sh"]', "ENV A=1 B='two words'", "EXPOSE 80 53/udp", "LABEL x=y", "WORKDIR /srv"],
    platform: undefined,
    signal: signal(),
  };
  const messages = await collect(await f.service.import(options));
  const inspected = await f.service.inspect("rootfs:v1", { manifests: false, platform: undefined });
  expect(messages.at(-1)!.status).toBe(inspected.Id);
  expect(inspected.Config).toEqual({
    Cmd: ["/bin/sh"],
    Env: ["A=1", "B=two words"],
    ExposedPorts: { "80/tcp": {}, "53/udp": {} },
    Labels: { x: "y" },
    WorkingDir: "/srv",
  });
  const [step] = await f.service.history("rootfs:v1", { platform: undefined });
  expect(step).toMatchObject({ Id: inspected.Id, Tags: ["rootfs:v1"], Comment: "hello" });
  await expect(f.service.import({ ...options, changes: ["RUN x"] })).rejects.toThrow(
    "run is not a valid change command",
  );
});

test("broken and hostile archives are refused and leave nothing behind", async () => {
  await using f = await openImageFixture();
  const image = await f.makeImage("app");
  const archive = await bytesOf(await f.service.save(["app"], { platforms: [], signal: signal() }));
  await f.service.remove("app", removeOptions);
  const text = archive.toString("latin1");
  const config = text.indexOf('"diff_ids":["sha256:') + 20;
  const hostile: Record<string, Buffer> = {
    "not an archive": Buffer.from("hello".repeat(200)),
    truncated: archive.subarray(0, archive.length - 4096),
    empty: Buffer.alloc(1024),
    "another diff id": Buffer.from(
      `${text.slice(0, config)}${text[config] === "0" ? "1" : "0"}${text.slice(config + 1)}`,
      "latin1",
    ),
  };
  for (const [what, bytes] of Object.entries(hostile)) {
    const error = await collect(await f.service.load(loadOptions(bytes))).catch((failure) => failure);
    expect([what, error.kind]).toEqual([what, "invalidArgument"]);
  }
  expect(f.images.get(image.id)).toBeUndefined();
  const left = [];
  for await (const blob of f.content.walk()) left.push(blob);
  for await (const snapshot of f.snapshotter.walk()) left.push(snapshot);
  expect([...left, ...(await f.content.listIngests())]).toEqual([]);
});

test("what is loaded while a sweep has looked and not yet removed stays whole", async () => {
  await using f = await openImageFixture();
  await f.makeImage("other");
  const image = await f.makeImage("app");
  const archive = await bytesOf(await f.service.save(["app"], { platforms: [], signal: signal() }));
  f.images.remove(image.id);
  // The sweep reads what is needed, and then asks for documents: in between the image comes back, and its lease is over.
  const { images, content } = f;
  const list = images.list.bind(images);
  const has = content.has.bind(content);
  let loading: Promise<unknown> | undefined;
  images.list = () => {
    const listed = list();
    content.has = async (digest) => {
      content.has = has;
      loading = collect(await f.service.load(loadOptions(archive)));
      await loading;
      return has(digest);
    };
    images.list = list;
    return listed;
  };
  await f.service.sweep();
  expect(await loading).toEqual([{ stream: "Loaded image: app:latest\n" }]);
  await f.service.inspect("app", { manifests: true, platform: undefined });
  await f.snapshotter.stat(image.topLayer);
  expect(await bytesOf(await f.service.save(["app"], { platforms: [], signal: signal() }))).toEqual(archive);
});
