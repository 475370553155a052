import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gunzipSync, gzipSync } from "node:zlib";
import { digestOf } from "../../base/digest.ts";
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from "../../spec/oci-image/media-types.ts";
import { hostPlatform } from "../../spec/oci-image/platform.ts";

/** The one layer of every image of a scripted registry. */
export const layerBytes = gzipSync(execFileSync("tar", ["-c", "-C", import.meta.dir, "mod.ts"]));
export const diffId = digestOf(gunzipSync(layerBytes));
export const json = (value: unknown) => Buffer.from(JSON.stringify(value));
export const descriptor = (mediaType: string, bytes: Uint8Array) => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.byteLength,
});

/** Answers a request for a blob. */
export type BlobHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** A registry that serves whatever it is told to, true or not. */
export async function startScriptedRegistry() {
  const blobs = new Map<string, Uint8Array>();
  const manifests = new Map<string, { readonly bytes: Uint8Array; readonly mediaType: string }>();
  /** What refers to a digest; the registry has no such list while it is empty. */
  const referrers = new Map<string, object[]>();
  const handlers = new Map<string, BlobHandler>();
  const server = createServer((request, response) => {
    const [, kind, name] = /^\/v2\/x\/(blobs|manifests|referrers)\/(.+)$/.exec(request.url ?? "") ?? [];
    if (kind === "referrers" && referrers.size > 0) {
      const list = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: referrers.get(name!) ?? [] };
      return void response.writeHead(200, { "content-type": OCI_INDEX }).end(json(list));
    }
    if (request.url === "/v2/") return void response.end("{}");
    const manifest = kind === "manifests" ? manifests.get(name!) : undefined;
    if (manifest)
      return void response.writeHead(200, { "content-type": manifest.mediaType }).end(manifest.bytes);
    const handler = kind === "blobs" ? handlers.get(name!) : undefined;
    if (handler) return handler(request, response);
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
    /** By digest: blobs that are served in a way of their own. */
    handlers,
    add,
    /** An image manifest; `change` says where it lies. */
    addImage(
      tag: string,
      change: { layers?: Uint8Array[]; diffIds?: string[]; architecture?: string; manifest?: object } = {},
    ) {
      const layers = change.layers ?? [layerBytes];
      const { os, architecture } = hostPlatform();
      const config = json({
        os,
        architecture: change.architecture ?? architecture,
        config: {},
        rootfs: {
          type: "layers",
          diff_ids: change.diffIds ?? layers.map((layer) => digestOf(gunzipSync(layer))),
        },
      });
      blobs.set(digestOf(config), config);
      for (const layer of layers) blobs.set(digestOf(layer), layer);
      return add(
        OCI_MANIFEST,
        {
          schemaVersion: 2,
          mediaType: OCI_MANIFEST,
          config: descriptor(OCI_CONFIG, config),
          layers: layers.map((layer) => descriptor(OCI_LAYER_GZIP, layer)),
          ...change.manifest,
        },
        tag,
      );
    },
    /** An attestation manifest of one statement; its entry for an index. */
    addAttestation(subject: string, predicateType: string) {
      const statement = json({ _type: "https://in-toto.io/Statement/v1", predicateType });
      const config = json({ architecture: "unknown", os: "unknown", config: {}, rootfs: { type: "layers" } });
      for (const blob of [statement, config]) blobs.set(digestOf(blob), blob);
      const layer = descriptor("application/vnd.in-toto+json", statement);
      const manifest = add(OCI_MANIFEST, {
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config: descriptor(OCI_CONFIG, config),
        layers: [{ ...layer, annotations: { "in-toto.io/predicate-type": predicateType } }],
      });
      return {
        ...manifest,
        annotations: {
          "vnd.docker.reference.type": "attestation-manifest",
          "vnd.docker.reference.digest": subject,
        },
        platform: { os: "unknown", architecture: "unknown" },
      };
    },
    /** A manifest that refers to another one. */
    addReferrer(
      subject: { readonly mediaType: string; readonly digest: string; readonly size: number },
      change: { readonly size?: number } = {},
    ) {
      const empty = json({});
      const signature = json({ signed: subject.digest });
      for (const blob of [empty, signature]) blobs.set(digestOf(blob), blob);
      const { mediaType, digest, size } = subject;
      const referrer = add(OCI_MANIFEST, {
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        artifactType: "application/vnd.example.signature",
        config: descriptor("application/vnd.oci.empty.v1+json", empty),
        layers: [{ ...descriptor("application/vnd.example.signature.v1", signature), ...change }],
        subject: { mediaType, digest, size },
      });
      referrers.set(digest, [...(referrers.get(digest) ?? []), referrer]);
      return referrer;
    },
    /** Lists what does not refer to it among what refers to a digest. */
    lieAboutReferrers(digest: string, entries: readonly object[]) {
      referrers.set(digest, [...(referrers.get(digest) ?? []), ...entries]);
    },
    /** Serves under one digest the manifest of another. */
    serveAs(digest: string, other: string) {
      manifests.set(digest, manifests.get(other)!);
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
