import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chainIdsOf, type DiffId, type Digest, digestOf } from "../../base/digest.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import { mountPointsBelow } from "../../os/linux/mountinfo.ts";
import type { ImageConfigDocument } from "../../spec/oci-image/config.ts";
import { encodeManifest } from "../../spec/oci-image/manifest.ts";
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from "../../spec/oci-image/media-types.ts";
import type { NewImage } from "../images/mod.ts";
import { type CommitOptions, commitContainer, committedConfig } from "./commit.ts";
import { ContainersFixture, handleOf } from "./containers.fixture.ts";

const LOWER = digestOf("lower") as string as DiffId;
const UPPER = digestOf("upper") as string as DiffId;
const OPTIONS: CommitOptions = {
  repository: "",
  tag: "",
  comment: "",
  author: "",
  pause: true,
  changes: [],
  config: undefined,
};

const BELOW: ImageConfigDocument = {
  architecture: "amd64",
  os: "linux",
  author: "somebody else",
  config: {},
  rootfs: { type: "layers", diff_ids: [LOWER] },
  history: [{ created_by: "base" }],
};

/** Image verbs that keep what they are given. */
class FakeImages {
  readonly layers: string[][] = [];
  readonly made: NewImage[] = [];
  readonly named: object[] = [];
  released = 0;
  parent: ImageRecord | undefined = {
    id: digestOf("parent"),
    manifest: digestOf("manifest"),
    manifestMediaType: OCI_MANIFEST,
  } as ImageRecord;

  get committer() {
    return {
      images: { get: () => this.parent },
      content: {
        readAll: async () =>
          encodeManifest({
            config: { mediaType: OCI_CONFIG, digest: digestOf("config"), size: 1 },
            layers: [{ mediaType: OCI_LAYER, digest: LOWER as string as Digest, size: 1 }],
          }),
      },
      leases: { create: () => ({ [Symbol.asyncDispose]: async () => void this.released++ }) },
      service: {
        readConfig: async () => BELOW,
        addLayer: async (_lease: unknown, tar: AsyncIterable<Uint8Array>, parent: string) => {
          expect(parent).toBe(chainIdsOf([LOWER]).at(-1)!);
          const bytes = Buffer.concat(await Array.fromAsync(tar));
          this.layers.push(
            execFileSync("tar", ["-tf", "-"], { input: bytes, encoding: "utf8" }).trim().split("\n"),
          );
          return {
            descriptor: { mediaType: OCI_LAYER, digest: UPPER as string as Digest, size: bytes.length },
            diffId: UPPER,
            chainId: chainIdsOf([LOWER, UPPER]).at(-1)!,
          };
        },
        createImage: async (_lease: unknown, image: NewImage) => {
          this.made.push(image);
          return { id: digestOf("made") };
        },
        nameImage: (_image: unknown, target: object) => void this.named.push(target),
      },
    };
  }
}

function open() {
  const images = new FakeImages();
  const fixture = new ContainersFixture({ committer: images.committer as never });
  const { id } = fixture.add({
    config: { Image: "image", Cmd: ["sleep", "1"], Env: ["A=1"], Hostname: "h" },
  });
  mkdirSync(join(fixture.snapshotOf(id), "etc"));
  writeFileSync(join(fixture.snapshotOf(id), "etc/new"), "");
  writeFileSync(join(fixture.snapshotOf(id), "etc/old"), "");
  return { images, fixture, id };
}

test("what a container changed becomes a layer on top of its image", async () => {
  const { images, fixture, id } = open();
  await using _ = fixture;
  fixture.changes = [
    { path: "/etc", kind: "modified" },
    { path: "/etc/gone", kind: "deleted" },
    { path: "/etc/new", kind: "added" },
  ];
  const steps: string[] = [];
  await fixture.parts.rootfs.mount(id);
  await using unmounted = new AsyncDisposableStack();
  unmounted.defer(() => fixture.parts.rootfs.unmount(id));
  fixture.run(id, {
    handle: handleOf(id, 1),
    pause: async () => void steps.push("pause"),
    resume: async () => void steps.push(`resume after ${images.layers.length} layer`),
  });
  const made = await commitContainer(fixture.parts, id, {
    ...OPTIONS,
    repository: "snap",
    tag: "v1",
    comment: "why",
    author: "me",
    changes: ["ENV B=2"],
  });
  expect(made).toEqual({ id: digestOf("made") });
  expect(steps).toEqual(["pause", "resume after 1 layer"]);
  expect(images.layers[0]!.sort()).toEqual(["etc/", "etc/.wh.gone", "etc/new"]);
  const [image] = images.made;
  expect(image).toMatchObject({ origin: "commit", parent: digestOf("parent") });
  expect(image!.layers.map(({ digest }) => String(digest))).toEqual([LOWER, UPPER]);
  expect(image!.config).toMatchObject({
    architecture: "amd64",
    author: "me",
    comment: "why",
    config: { Cmd: ["sleep", "1"], Env: ["A=1", "B=2"] },
    rootfs: { diff_ids: [LOWER, UPPER] },
  });
  expect(image!.config.config).not.toHaveProperty("Hostname");
  expect(image!.config.history).toMatchObject([
    { created_by: "base" },
    { created_by: "sleep 1", author: "me", comment: "why" },
  ]);
  expect(images.named).toEqual([{ repository: "snap", tag: "v1" }]);
  expect(images.released).toBe(1);
  expect(fixture.actions).toEqual(["pause", "unpause", "commit"]);
  expect(fixture.events.at(-1)!.actor.attributes).toMatchObject({
    comment: "why",
    imageID: digestOf("made"),
    imageRef: "snap:v1",
  });
});

test("a container that changed nothing makes an image without a layer of its own", async () => {
  const { images, fixture, id } = open();
  await using _ = fixture;
  await commitContainer(fixture.parts, id, OPTIONS);
  const [image] = images.made;
  expect(images.layers).toEqual([]);
  expect(image!.layers).toHaveLength(1);
  expect(image!.config.rootfs.diff_ids).toEqual([LOWER]);
  expect(image!.config.history.at(-1)).toMatchObject({ empty_layer: true });
  // The author of the image below did not make this one.
  expect(image!.config).not.toHaveProperty("author");
  expect(images.named).toEqual([]);
  expect(mountPointsBelow(fixture.folder)).toEqual([]);
});

test("what cannot be committed is refused before anything is stored", async () => {
  const { images, fixture, id } = open();
  await using _ = fixture;
  await expect(commitContainer(fixture.parts, id, { ...OPTIONS, repository: "UPPER" })).rejects.toMatchObject(
    {
      kind: "invalidArgument",
    },
  );
  await expect(commitContainer(fixture.parts, id, { ...OPTIONS, changes: ["FROM x"] })).rejects.toThrow(
    "from is not a valid change command",
  );
  images.parent = undefined;
  await expect(commitContainer(fixture.parts, id, OPTIONS)).rejects.toThrow("No such image: sha256:");
  images.parent = { id: digestOf("parent") } as ImageRecord;
  const record = fixture.parts.store.get(id)!;
  fixture.parts.store.update({ ...record, state: { ...record.state, status: "removing" } });
  images.parent = {
    id: digestOf("parent"),
    manifest: digestOf("m"),
    manifestMediaType: OCI_MANIFEST,
  } as ImageRecord;
  await expect(commitContainer(fixture.parts, id, OPTIONS)).rejects.toMatchObject({
    kind: "conflict",
    message: `You cannot commit container ${id} which is being removed`,
  });
  expect(images.made).toEqual([]);
});

test("configuration: the container's, or the request's with the container's filled in", () => {
  const container = {
    User: "app",
    Cmd: ["a"],
    Entrypoint: ["e"],
    Env: ["A=1", "B=1"],
    Labels: { l: "1" },
    Tty: true,
    ExposedPorts: { "80/tcp": {} },
  };
  const config = (changes: string[], own?: Parameters<typeof committedConfig>[1]["config"]) =>
    committedConfig(container, { changes, config: own });
  expect(config([])).toEqual({
    User: "app",
    Cmd: ["a"],
    Entrypoint: ["e"],
    Env: ["A=1", "B=1"],
    Labels: { l: "1" },
    ExposedPorts: { "80/tcp": {} },
  });
  expect(config(['ENTRYPOINT ["x"]'])).not.toHaveProperty("Cmd");
  expect(config(['ENTRYPOINT ["x"]', 'CMD ["y"]'])).toMatchObject({ Entrypoint: ["x"], Cmd: ["y"] });
  expect(config(["EXPOSE 81", "LABEL m=2", "USER 5"])).toMatchObject({
    User: "5",
    Labels: { l: "1", m: "2" },
    ExposedPorts: { "80/tcp": {}, "81/tcp": {} },
  });
  expect(config(["WORKDIR /w"], { Env: ["A=2"] })).toMatchObject({
    WorkingDir: "/w",
    User: "app",
    Cmd: ["a"],
    Env: ["A=2", "B=1"],
  });
});
