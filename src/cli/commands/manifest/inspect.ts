import { toGoJson } from "../../../spec/go-template/go-json.ts";
import type { NamedReference } from "../../../spec/reference/reference.ts";
import type { Cli } from "../../cli.ts";
import { defineCommand } from "../../command.ts";
import { bool } from "../../flags/types.ts";
import { type LocalManifest, manifestReference, rawOf } from "../../manifest/local-manifest.ts";
import { buildManifestList } from "../../manifest/manifest-list.ts";
import { ManifestRegistry } from "../../manifest/manifest-registry.ts";
import { ManifestStore, notHere } from "../../manifest/manifest-store.ts";

async function find(
  cli: Cli,
  names: readonly NamedReference[],
  insecure: boolean,
): Promise<LocalManifest | LocalManifest[]> {
  const store = new ManifestStore(cli.configDir);
  const [list, manifest] = names as [NamedReference, NamedReference?];
  if (manifest) return (await store.find(list, manifest)) ?? notHere(manifest);
  const local = await store.findList(list);
  if (local) return local;
  await using registry = await ManifestRegistry.open(cli, [list], insecure);
  return await registry.inspect(list);
}

function render(name: NamedReference, found: LocalManifest | LocalManifest[], verbose: boolean): string {
  if (verbose) return toGoJson(found, "\t");
  if (Array.isArray(found)) return toGoJson(buildManifestList(name, found), "   ");
  return toGoJson(JSON.parse(rawOf(found).toString("utf8")), "\t", false);
}

export const command = defineCommand({
  usage: "[OPTIONS] [MANIFEST_LIST] MANIFEST",
  args: { min: 1, max: 2 },
  flags: {
    insecure: bool("Allow communication with an insecure registry"),
    verbose: bool("Output additional info including layers and platform", { short: "v" }),
  },
  run: async (cli, { flags, args }) => {
    const names = args.map(manifestReference);
    cli.print(render(names[0]!, await find(cli, names, flags.insecure), flags.verbose));
    return 0;
  },
});
