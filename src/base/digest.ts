import { createHash, type Hash } from "node:crypto";

declare const brand: unique symbol;

/**
 * Digest of stored bytes, as `algorithm:hex`.
 * Source: OCI image-spec v1.1, descriptor.md, "Digests".
 */
export type Digest = string & { readonly [brand]: "Digest" };
/** Digest of a layer's uncompressed tar. Source: OCI image-spec v1.1, config.md, "Layer DiffID". */
export type DiffId = string & { readonly [brand]: "DiffId" };
/** Digest that names a stack of layers. Source: OCI image-spec v1.1, config.md, "Layer ChainID". */
export type ChainId = string & { readonly [brand]: "ChainId" };

const HEX_LENGTH: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** Whether `text` is a digest of an algorithm the engine can verify. */
export function isDigest(text: string): text is Digest {
  const colon = text.indexOf(":");
  if (colon < 0) return false;
  const length = HEX_LENGTH[text.slice(0, colon)];
  const hex = text.slice(colon + 1);
  return length !== undefined && hex.length === length && /^[0-9a-f]+$/.test(hex);
}

/** The algorithm of a digest, as `createHash` names it. */
export function algorithmOf(digest: Digest | DiffId | ChainId): string {
  return digest.slice(0, digest.indexOf(":"));
}

/** The hexadecimal part of a digest. */
export function hexOf(digest: Digest | DiffId | ChainId): string {
  return digest.slice(digest.indexOf(":") + 1);
}

/** The sha256 digest of `bytes`. */
export function digestOf(bytes: string | Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}` as Digest;
}

/** A running hash whose result `finishDigest` reads. */
export function startDigest(algorithm = "sha256"): Hash {
  return createHash(algorithm);
}

/** The digest of all that was fed to `hash`; the hash cannot be used afterwards. */
export function finishDigest(hash: Hash, algorithm = "sha256"): Digest {
  return `${algorithm}:${hash.digest("hex")}` as Digest;
}

/** The chainId of `layer` on top of `parent` (none for the lowest layer). */
export function chainIdOf(parent: ChainId | undefined, layer: DiffId): ChainId {
  if (parent === undefined) return layer as string as ChainId;
  return digestOf(`${parent} ${layer}`) as string as ChainId;
}

/** The chainIds of a stack of layers, lowest first; the last one names the whole stack. */
export function chainIdsOf(layers: readonly DiffId[]): ChainId[] {
  const chain: ChainId[] = [];
  for (const layer of layers) chain.push(chainIdOf(chain.at(-1), layer));
  return chain;
}
