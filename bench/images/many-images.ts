import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runOrThrow } from "../peers/process.ts";
import { sha256 } from "./layer-blobs.ts";

/** An archive in docker's form of `count` images on one small layer, each with a config and a name of its own. */
export function makeManyImages(
  directory: string,
  count: number,
): { readonly file: string; readonly names: readonly string[] } {
  mkdirSync(join(directory, "tree"), { recursive: true });
  writeFileSync(join(directory, "tree/hello"), "hello\n");
  runOrThrow(["tar", "-C", join(directory, "tree"), "-cf", join(directory, "layer.tar"), "hello"]);
  const diffId = sha256(readFileSync(join(directory, "layer.tar")));
  const names: string[] = [];
  const manifest = Array.from({ length: count }, (_, index) => {
    const config = JSON.stringify({
      os: "linux",
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      created: new Date(index * 60_000).toISOString(),
      config: { Cmd: [`/${index}`] },
      rootfs: { type: "layers", diff_ids: [diffId] },
    });
    const file = `${sha256(Buffer.from(config)).slice("sha256:".length)}.json`;
    writeFileSync(join(directory, file), config);
    const name = `localhost/many/image-${index}:latest`;
    names.push(name);
    return { Config: file, RepoTags: [name], Layers: ["layer.tar"] };
  });
  writeFileSync(join(directory, "manifest.json"), JSON.stringify(manifest));
  const file = `${directory}.tar`;
  runOrThrow(["tar", "-C", directory, "--exclude=./tree", "-cf", file, "."]);
  return { file, names };
}
