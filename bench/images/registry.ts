import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningRegistry, serveRegistry } from "../../test/fixtures/registry.ts";
import { CACHE, debianTree } from "./debian-tree.ts";
import { packLayers, sha256 } from "./layer-blobs.ts";

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG = "application/vnd.docker.container.image.v1+json";
const LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/** Name of the image in the registry of `debianRegistry`, without the registry. */
export const DEBIAN_IMAGE = "bench/debian:latest";

/** A registry that holds the Debian image; made on first use and kept. */
export async function debianRegistry(): Promise<RunningRegistry> {
  const storage = join(CACHE, "bench-registry");
  const complete = join(storage, "complete");
  if (existsSync(complete)) return serveRegistry(storage);
  rmSync(storage, { recursive: true, force: true });
  const registry = await serveRegistry(storage);
  try {
    await putImage(registry.address);
    writeFileSync(complete, "");
  } catch (error) {
    await registry[Symbol.asyncDispose]();
    throw error;
  }
  return registry;
}

async function putImage(address: string): Promise<void> {
  const layers = packLayers(debianTree());
  const config = Buffer.from(
    JSON.stringify({
      os: "linux",
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      config: { Cmd: ["bash"] },
      rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    }),
  );
  for (const blob of [config, ...layers.map(({ gzip }) => gzip)]) await putBlob(address, blob);
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, digest: sha256(config), size: config.byteLength },
    layers: layers.map(({ gzip, digest }) => ({ mediaType: LAYER, digest, size: gzip.byteLength })),
  };
  const [repository, tag] = DEBIAN_IMAGE.split(":");
  await send(
    "PUT",
    `http://${address}/v2/${repository}/manifests/${tag}`,
    Buffer.from(JSON.stringify(manifest)),
    MANIFEST,
  );
}

async function putBlob(address: string, bytes: Uint8Array): Promise<void> {
  const [repository] = DEBIAN_IMAGE.split(":");
  const started = await send("POST", `http://${address}/v2/${repository}/blobs/uploads/`);
  const location = new URL(started.headers.get("location")!, `http://${address}`);
  location.searchParams.set("digest", sha256(bytes));
  await send("PUT", location.href, bytes, "application/octet-stream");
}

async function send(method: string, url: string, body?: Uint8Array, type?: string): Promise<Response> {
  const answer = await fetch(url, {
    method,
    ...(body && { body: body as Uint8Array<ArrayBuffer>, headers: { "content-type": type! } }),
  });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}
