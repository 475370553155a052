import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, lstatSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pack } from "tar-stream";
import { TEST_IMAGE, useEngine } from "./harness.ts";

interface Entry {
  readonly name: string;
  readonly type?: "file" | "link" | "symlink" | "character-device" | "directory";
  readonly linkname?: string;
  readonly content?: string;
}

const sha256 = (bytes: Uint8Array | string) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  const chunks: Buffer[] = [];
  for (const { name, type = "file", linkname, content = "" } of entries) {
    tar.entry({ name, type, ...(linkname ? { linkname } : {}), devmajor: 1, devminor: 3 }, content);
  }
  tar.finalize();
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

interface TestImage {
  readonly layer: Buffer;
  readonly config: Buffer;
  readonly manifest: Buffer;
}

function imageOf(layer: Buffer): TestImage {
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids: [sha256(layer)] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.docker.distribution.manifest.v2+json",
      config: {
        mediaType: "application/vnd.docker.container.image.v1+json",
        size: config.length,
        digest: sha256(config),
      },
      layers: [
        {
          mediaType: "application/vnd.docker.image.rootfs.diff.tar",
          size: layer.length,
          digest: sha256(layer),
        },
      ],
    }),
  );
  return { layer, config, manifest };
}

function dockerArchive(image: TestImage, name: string): Promise<Buffer> {
  const config = `${sha256(image.config).slice("sha256:".length)}.json`;
  const manifest = JSON.stringify([{ Config: config, RepoTags: [name], Layers: ["layer.tar"] }]);
  return tarOf([
    { name: config, content: String(image.config) },
    { name: "layer.tar", content: image.layer as never },
    { name: "manifest.json", content: manifest },
  ]);
}

describe("hostile input", () => {
  const harness = useEngine();
  const images = async () => (await harness.docker(["images", "-a", "--format", "{{.Repository}}"])).stdout;
  const hasBlob = (digest: string) =>
    existsSync(join(harness.engine.dataRoot, "content", "blobs", ...digest.split(":")));

  describe("layers of a loaded archive never leave the root", () => {
    const markOf = (name: string) => `gantry-escape-${name}-${process.pid}`;
    const attacks: ReadonlyArray<readonly [string, (mark: string) => Entry[]]> = [
      ["dots", (mark) => [{ name: `../../../../../../../../tmp/${mark}` }]],
      ["dots behind a directory", (mark) => [{ name: `a/../../../../../../../../tmp/${mark}` }]],
      ["an absolute name", (mark) => [{ name: `/tmp/${mark}` }]],
      [
        "an absolute link",
        (mark) => [{ name: "d", type: "symlink", linkname: "/tmp" }, { name: `d/${mark}` }],
      ],
      [
        "a link with dots",
        (mark) => [
          { name: "d", type: "symlink", linkname: "../../../../../../../tmp" },
          { name: `d/${mark}` },
        ],
      ],
      [
        "a chain of links",
        (mark) => [
          { name: "a", type: "symlink", linkname: "/" },
          { name: "b", type: "symlink", linkname: "a/tmp" },
          { name: `b/${mark}` },
        ],
      ],
      [
        "a hard link out",
        (mark) => [{ name: mark, type: "link", linkname: "../../../../../../../../etc/hostname" }],
      ],
      [
        "a hard link through a link",
        (mark) => [
          { name: "d", type: "symlink", linkname: "/etc" },
          { name: mark, type: "link", linkname: "d/hostname" },
        ],
      ],
      [
        "a device beyond a link",
        (mark) => [
          { name: "d", type: "symlink", linkname: "/tmp" },
          { name: `d/${mark}`, type: "character-device" },
        ],
      ],
      ["a whiteout with dots", (mark) => [{ name: `../../../../../../tmp/.wh.${mark}` }]],
    ];

    test.each(attacks)("%s", async (title, entries) => {
      const mark = markOf(title.replaceAll(" ", "-"));
      const victim = title.startsWith("a whiteout") ? `/tmp/${mark}` : undefined;
      if (victim) await Bun.write(victim, "stays");
      const links = lstatSync("/etc/hostname").nlink;
      try {
        const archive = await dockerArchive(imageOf(await tarOf(entries(mark))), "hostile:latest");
        const { code } = await harness.docker(["load"], { stdin: archive });
        expect(existsSync(`/tmp/${mark}`)).toBe(victim !== undefined);
        expect(lstatSync("/etc/hostname").nlink).toBe(links);
        if (code === 0) expect((await harness.docker(["rmi", "-f", "hostile:latest"])).code).toBe(0);
        expect(await images()).toBe("test/busybox\n");
      } finally {
        if (victim) await Bun.file(victim).delete();
      }
    });
  });

  describe("archives", () => {
    test("a layer that is not what the config says is refused", async () => {
      const image = imageOf(await tarOf([{ name: "a", content: "a" }]));
      const other = await tarOf([{ name: "b", content: "b" }]);
      const archive = await dockerArchive({ ...image, layer: other }, "swapped:latest");
      const { code, stderr } = await harness.docker(["load"], { stdin: archive });
      expect(code).toBe(1);
      expect(stderr).not.toBe("");
      expect(await images()).toBe("test/busybox\n");
    });

    test("a truncated archive is refused", async () => {
      const archive = await dockerArchive(
        imageOf(await tarOf([{ name: "a", content: "a".repeat(9000) }])),
        "cut:latest",
      );
      const { code, stderr } = await harness.docker(["load"], { stdin: archive.subarray(0, 5000) });
      expect([code, stderr]).toEqual([1, expect.stringContaining("unexpected EOF")]);
      expect(await images()).toBe("test/busybox\n");
    });

    test.each([["text"], [""]])("%p is no archive", async (text) => {
      const { code } = await harness.docker(["load"], { stdin: text });
      expect(code).toBe(1);
      expect(await images()).toBe("test/busybox\n");
    });
  });

  describe("a registry that misbehaves", () => {
    type Fault = (response: ServerResponse, body: Buffer) => void;
    const flipped: Fault = (response, body) => {
      const bad = Buffer.from(body);
      bad[bad.length - 1]! ^= 0xff;
      response.end(bad);
    };
    const faults: ReadonlyArray<readonly [string, "layer" | "config" | "manifest", Fault]> = [
      ["a layer with a wrong byte", "layer", flipped],
      ["a config with a wrong byte", "config", flipped],
      [
        "a layer that ends early",
        "layer",
        (response, body) => response.end(body.subarray(0, body.length - 100)),
      ],
      ["a layer with more behind it", "layer", (response, body) => response.end(Buffer.concat([body, body]))],
      [
        "a layer that is not there",
        "layer",
        (response) =>
          response.writeHead(404).end('{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown"}]}'),
      ],
      ["a manifest that is no JSON", "manifest", (response) => response.end("{")],
      ["a manifest of nothing", "manifest", (response) => response.end("{}")],
    ];

    test.each(faults)("%s", async (title, part, fault) => {
      // No blob is known from an earlier test.
      const image = imageOf(await tarOf([{ name: "file", content: title.repeat(200) }]));
      await using registry = await startFaultyRegistry(image, part, fault);
      const name = `${registry.address}/faulty:latest`;
      const { code, stderr } = await harness.docker(["pull", name], { timeoutMs: 25_000 });
      expect(code).toBe(1);
      expect(stderr).not.toBe("");
      expect(await images()).toBe("test/busybox\n");
      expect(hasBlob(sha256(image[part]))).toBe(false);
      expect((await harness.docker(["run", "--rm", "--pull", "never", name, "true"])).code).toBe(125);
    });

    test("the same registry without a fault serves", async () => {
      const image = imageOf(await tarOf([{ name: "file", content: "x" }]));
      await using registry = await startFaultyRegistry(image, "layer", (response, body) =>
        response.end(body),
      );
      const name = `${registry.address}/faulty:latest`;
      expect((await harness.docker(["pull", "-q", name])).code).toBe(0);
      expect(hasBlob(sha256(image.layer))).toBe(true);
      await harness.docker(["rmi", name]);
    });
  });

  test("the engine still works", async () => {
    expect(
      (await harness.docker(["run", "--rm", "--network", "none", TEST_IMAGE, "echo", "well"])).stdout,
    ).toBe("well\n");
  });
});

/** A registry of one image on the loopback; requests for `part` are answered by `fault`. */
async function startFaultyRegistry(
  image: TestImage,
  part: keyof TestImage,
  fault: (response: ServerResponse, body: Buffer) => void,
): Promise<{ readonly address: string } & AsyncDisposable> {
  const serve = (name: keyof TestImage, request: IncomingMessage, response: ServerResponse) => {
    const body = image[name];
    if (name === "manifest") {
      response.setHeader("Content-Type", "application/vnd.docker.distribution.manifest.v2+json");
      response.setHeader("Docker-Content-Digest", sha256(body));
    }
    if (request.method === "HEAD") response.setHeader("Content-Length", body.length).end();
    else if (name === part) fault(response, body);
    else response.end(body);
  };
  const server = createServer((request, response) => {
    const url = request.url ?? "";
    if (url === "/v2/") response.end("{}");
    else if (url.includes("/manifests/")) serve("manifest", request, response);
    else if (url.endsWith(sha256(image.config))) serve("config", request, response);
    else if (url.endsWith(sha256(image.layer))) serve("layer", request, response);
    else response.writeHead(404).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
