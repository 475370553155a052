import { messageOf } from "../../../base/errors.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { manifestReference } from "../../manifest/local-manifest.ts";
import { ManifestStore } from "../../manifest/manifest-store.ts";

export const command = defineCommand({
  usage: "MANIFEST_LIST [MANIFEST_LIST...]",
  args: { min: 1 },
  flags: {},
  run: async (cli, { args }) => {
    const store = new ManifestStore(cli.configDir);
    const failures: string[] = [];
    for (const name of args) {
      try {
        const list = manifestReference(name);
        await store.getList(list);
        await store.remove(list);
      } catch (error) {
        failures.push(messageOf(error));
      }
    }
    if (failures.length > 0) throw new ExitError(1, failures.join("\n"));
    return 0;
  },
});
