import { messageOf } from "../../../base/errors.ts";
import { fullString, type NamedReference } from "../../../spec/reference/reference.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool } from "../../flags/types.ts";
import { manifestReference } from "../../manifest/local-manifest.ts";
import { ManifestRegistry } from "../../manifest/manifest-registry.ts";
import { ManifestStore } from "../../manifest/manifest-store.ts";

function parseListName(text: string): NamedReference {
  try {
    return manifestReference(text);
  } catch (error) {
    throw new ExitError(1, `error parsing name for manifest list ${text}: ${messageOf(error)}`);
  }
}

export const command = defineCommand({
  usage: "MANIFEST_LIST MANIFEST [MANIFEST...]",
  args: { min: 2 },
  flags: {
    amend: bool("Amend an existing manifest list", { short: "a" }),
    insecure: bool("Allow communication with an insecure registry"),
  },
  run: async (cli, { flags, args }) => {
    const list = parseListName(args[0]!);
    const store = new ManifestStore(cli.configDir);
    if ((await store.findList(list)) && !flags.amend) {
      throw new ExitError(1, "refusing to amend an existing manifest list with no --amend flag");
    }
    const names = args.slice(1).map(manifestReference);
    await using registry = await ManifestRegistry.open(cli, names, flags.insecure);
    for (const name of names) {
      const known = await store.find(list, name);
      await store.save(list, name, known?.Raw ? known : await registry.getManifest(name));
    }
    cli.print(`Created manifest list ${fullString(list)}`);
    return 0;
  },
});
