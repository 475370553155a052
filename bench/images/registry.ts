import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { requireProgram } from "../../test/fixtures/programs.ts";
import { CACHE, debianTree } from "./debian-tree.ts";
import { packLayers, sha256 } from "./layer-blobs.ts";

const READY_TIMEOUT_MS = 10_000;
const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG = "application/vnd.docker.container.image.v1+json";
const LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/** Debian's docker-registry on loopback. Disposal ends it; its storage stays. */
export interface BenchRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a registry on `storage`. */
export async function startRegistry(storage: string): Promise<BenchRegistry> {
  mkdirSync(storage, { recursive: true });
  const address = `127.0.0.1:${await freePort()}`;
  const config = join(storage, "config.json");
  // JSON is YAML, which is what the registry reads.
  writeFileSync(
    config,
    JSON.stringify({
      version: "0.1",
      log: { level: "error" },
      storage: { filesystem: { rootdirectory: storage } },
      http: { addr: address },
    }),
  );
  const child = spawn(requireProgram("docker-registry"), ["serve", config], { stdio: "ignore" });
  const deadline = Date.now() + READY_TIMEOUT_MS;
  // The registry offers no sign of readiness but its first answer.
  while (!(await fetch(`http://${address}/v2/`).catch(() => undefined))) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error("docker-registry did not get ready");
    await delay(20);
  }
  return {
    address,
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Name of the image in the registry of `debianRegistry`, without the registry. */
export const DEBIAN_IMAGE = "bench/debian:latest";

/** A registry that holds the Debian image; made on first use and kept. */
export async function debianRegistry(): Promise<BenchRegistry> {
  const storage = join(CACHE, "bench-registry");
  const complete = join(storage, "complete");
  if (existsSync(complete)) return startRegistry(storage);
  rmSync(storage, { recursive: true, force: true });
  const registry = await startRegistry(storage);
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
