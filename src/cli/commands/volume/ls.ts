import type { ApiClient } from "../../../client/api-client.ts";
import { diskUsage } from "../../../client/system/disk-usage.ts";
import { listVolumes } from "../../../client/volumes/list.ts";
import type { Volume } from "../../../spec/engine-api/mod.ts";
import { defineCommand } from "../../command.ts";
import { bool, filter, string } from "../../flags/types.ts";
import { LIST_FORMAT_USAGE } from "../../format-usage.ts";
import { naturalCompare } from "../../table/natural-order.ts";
import { renderList } from "../../table/view.ts";
import { VOLUME_VIEW } from "../../table/volume-view.ts";

/** The engine measures only what takes space on its own host. */
async function withUsage(client: ApiClient, volumes: readonly Volume[]): Promise<Volume[]> {
  const usage = await diskUsage(client, ["volume"]);
  const measured = usage.Volumes ?? usage.VolumeUsage?.Items ?? [];
  const byName = new Map(measured.map((volume) => [volume.Name, volume]));
  return volumes.map((volume) => ({ ...byName.get(volume.Name), ...volume }));
}

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: {
    filter: filter('Provide filter values (e.g. "dangling=true")', { short: "f" }),
    format: string(LIST_FORMAT_USAGE),
    quiet: bool("Only display volume names", { short: "q" }),
    size: bool("Display how much space volumes take and how many containers use them", { short: "s" }),
  },
  run: async (cli, { flags }) => {
    const client = await cli.client();
    const { Volumes, Warnings } = await listVolumes(client, flags.filter);
    const listed = (Volumes ?? []).sort((a, b) => naturalCompare(a.Name, b.Name));
    const volumes = flags.size ? await withUsage(client, listed) : listed;
    cli.write(
      await renderList(VOLUME_VIEW, volumes, {
        format: flags.format || (flags.quiet ? "" : (cli.config.volumesFormat ?? "")),
        columns: flags.size ? ["Driver", "Name", "Links", "Size"] : ["Driver", "Name"],
        quiet: flags.quiet ? "Name" : undefined,
        raw: flags.quiet ? "name: {{.Name}}" : "name: {{.Name}}\ndriver: {{.Driver}}\n",
      }),
    );
    for (const warning of Warnings ?? []) cli.warn(`WARNING: ${warning}`);
    return 0;
  },
});
