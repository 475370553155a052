import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { gunzipSync } from "node:zlib";

/** Where each file of a Debian tree goes: the first layer whose pattern it matches. */
const LAYERS: readonly RegExp[] = [
  /^(etc|var|root|home|opt|srv|usr\/s?bin|usr\/local)\//,
  /^usr\/share\//,
  /^usr\/(lib|libexec)\/gcc\//,
  /^usr\/lib\/[^/]+-linux-gnu\/[a-k]/,
  /^usr\/lib\/[^/]+-linux-gnu\//,
  /^usr\/lib\//,
  /./,
];
/** What images leave out: what the kernel shows, packages that were downloaded, and lists of them. */
const LEFT_OUT = /^((proc|sys|dev)\/|var\/(cache\/apt|lib\/apt\/lists)\/.)/;
const MAX_TAR_BYTES = 1024 * 1024 * 1024;

/** One layer as registries hold it. */
export interface LayerBlob {
  readonly gzip: Buffer;
  readonly digest: string;
  readonly diffId: string;
}

/** The digest by which registries name bytes. */
export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function namesIn(tree: string): string[] {
  const listed = execFileSync("find", [tree, "-mindepth", "1", "-printf", "%P\\n"], { encoding: "utf8" });
  return listed.split("\n").filter((name) => name !== "" && !LEFT_OUT.test(name));
}

function withAncestors(names: readonly string[]): string[] {
  const all = new Set(names);
  for (const name of names) {
    for (let above = dirname(name); above !== "." && !all.has(above); above = dirname(above)) all.add(above);
  }
  return [...all].sort();
}

/** Packs a tree into layers, each with the directories that its files need, as image builders make them. */
export function packLayers(tree: string): LayerBlob[] {
  const shares = LAYERS.map((): string[] => []);
  for (const name of namesIn(tree)) shares[LAYERS.findIndex((pattern) => pattern.test(name))]!.push(name);
  return shares.map((names) => {
    const gzip = execFileSync(
      "sh",
      ["-c", 'tar -C "$0" --numeric-owner --no-recursion -cT - | gzip -6n', tree],
      {
        input: withAncestors(names).join("\n"),
        maxBuffer: MAX_TAR_BYTES,
      },
    );
    return { gzip, digest: sha256(gzip), diffId: sha256(gunzipSync(gzip)) };
  });
}
