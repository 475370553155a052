import { pruneContainers } from "../../../client/containers/prune.ts";
import { pruneImages } from "../../../client/images/prune.ts";
import { pruneNetworks } from "../../../client/networks/prune.ts";
import { pruneBuildCache } from "../../../client/system/prune-build-cache.ts";
import { pruneVolumes } from "../../../client/volumes/prune.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool, filter } from "../../flags/types.ts";
import { confirmPrune, deletedBlock, pruneFlags, reclaimedLine, withConfiguredFilters } from "../../prune.ts";

function warningText(all: boolean, volumes: boolean, filters: readonly string[]): string {
  const lines = [
    "all stopped containers",
    "all networks not used by at least one container",
    ...(volumes ? ["all anonymous volumes not used by at least one container"] : []),
    all ? "all images without at least one container associated to them" : "all dangling images",
    all ? "all build cache" : "unused build cache",
  ].map((line) => `  - ${line}`);
  const shown =
    filters.length === 0
      ? ""
      : `\n  Items to be pruned will be filtered with:\n${filters.map((text) => `  - ${text}`).join("\n")}\n`;
  return `WARNING! This will remove:\n${lines.join("\n")}\n${shown}`;
}

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: {
    ...pruneFlags,
    all: bool("Remove all unused images not just dangling ones", { short: "a" }),
    filter: filter('Provide filter values (e.g. "label=<key>=<value>")'),
    volumes: bool("Prune anonymous volumes"),
  },
  run: async (cli, { flags }) => {
    if (flags.volumes && "until" in flags.filter)
      throw new ExitError(1, 'ERROR: The "until" filter is not supported with "--volumes"');
    const given = Object.entries(flags.filter).flatMap(([name, values]) =>
      values.map((value) => `${name}=${value}`),
    );
    await confirmPrune(cli, flags.force, warningText(flags.all, flags.volumes, given));
    const client = await cli.client();
    const filters = withConfiguredFilters(cli, flags.filter);
    const containers = await pruneContainers(client, filters);
    cli.write(deletedBlock("Deleted Containers", containers.ContainersDeleted ?? []));
    const networks = await pruneNetworks(client, filters);
    cli.write(deletedBlock("Deleted Networks", networks.NetworksDeleted ?? []));
    let reclaimed = containers.SpaceReclaimed;
    if (flags.volumes) {
      const volumes = await pruneVolumes(client, filters);
      cli.write(deletedBlock("Deleted Volumes", volumes.VolumesDeleted ?? []));
      reclaimed += volumes.SpaceReclaimed;
    }
    const images = await pruneImages(client, { ...filters, dangling: [String(!flags.all)] });
    const lines = (images.ImagesDeleted ?? []).map(({ Untagged, Deleted }) =>
      Untagged ? `untagged: ${Untagged}` : `deleted: ${Deleted}`,
    );
    cli.write(deletedBlock("Deleted Images", lines));
    const caches = await pruneBuildCache(client, { all: flags.all, filters });
    cli.write(deletedBlock("Deleted build cache objects", caches.CachesDeleted ?? []));
    cli.print(reclaimedLine(reclaimed + images.SpaceReclaimed + caches.SpaceReclaimed));
    return 0;
  },
});
