import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Peer } from "./peer.ts";
import { firstLine, runOrThrow } from "./process.ts";

/** The OCI runtime alone, on a prepared bundle: what no engine on top of it can be faster than. */
export const crun: Peer = {
  name: "crun alone",

  find() {
    const version = firstLine("crun", "--version");
    return version ? { version } : { missing: "no crun on this machine" };
  },

  async start({ directory, rootfs }) {
    const bundle = join(directory, "crun");
    mkdirSync(bundle);
    const spec = JSON.parse(defaultSpec(bundle));
    spec.root = { path: rootfs, readonly: true };
    spec.process.terminal = false;
    spec.process.args = ["true"];
    // The default asks for more open files than a machine without CAP_SYS_RESOURCE may set.
    spec.process.rlimits = [];
    writeFileSync(join(bundle, "config.json"), JSON.stringify(spec));
    let runs = 0;
    return {
      run: () => ["crun", "--root", `${bundle}/state`, "run", "--bundle", bundle, `bench-${runs++}`],
      version: () => ["crun", "--version"],
      async [Symbol.asyncDispose]() {},
    };
  },
};

function defaultSpec(bundle: string): string {
  runOrThrow(["crun", "spec", "--bundle", bundle]);
  return readFileSync(join(bundle, "config.json"), "utf8");
}
