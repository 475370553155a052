import { formatSize } from "../../../base/bytes.ts";
import { shortId } from "../../../base/ids.ts";
import { imageHistory } from "../../../client/images/history.ts";
import type { ImageHistoryItem } from "../../../spec/engine-api/mod.ts";
import { defineCommand } from "../../command.ts";
import { bool, string } from "../../flags/types.ts";
import { LIST_FORMAT_USAGE } from "../../format-usage.ts";
import { choosePlatform, variantFlag } from "../../options/platform.ts";
import { ellipsis, timeAgo } from "../../table/values.ts";
import { renderList, type View } from "../../table/view.ts";

const CREATED_BY_WIDTH = 45;

function rfc3339(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().replace(".000Z", "Z");
}

function historyView(full: boolean, human: boolean): View<ImageHistoryItem> {
  return {
    typeName: "*formatter.historyContext",
    fields: {
      ID: { header: "IMAGE", value: ({ Id }) => (full || Id === "<missing>" ? Id : shortId(Id)) },
      CreatedSince: {
        header: "CREATED",
        value: ({ Created }) =>
          human ? (Created <= -62135596800 ? "N/A" : timeAgo(Created)) : rfc3339(Created),
      },
      CreatedAt: { header: "CREATED AT", value: ({ Created }) => rfc3339(Created) },
      CreatedBy: {
        header: "CREATED BY",
        value: ({ CreatedBy }) => {
          const line = CreatedBy.replaceAll("\t", " ");
          return full ? line : ellipsis(line, CREATED_BY_WIDTH);
        },
      },
      Size: { header: "SIZE", value: ({ Size }) => (human ? formatSize(Size, 3) : String(Size)) },
      Comment: { header: "COMMENT", value: ({ Comment }) => Comment },
    },
  };
}

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE",
  args: { min: 1, max: 1 },
  flags: {
    format: string(LIST_FORMAT_USAGE),
    human: bool("Print sizes and dates in human readable format", { short: "H", default: true }),
    "no-trunc": bool("Don't truncate output"),
    platform: variantFlag("Show history for the given platform"),
    quiet: bool("Only show image IDs", { short: "q" }),
  },
  run: async (cli, { flags, args }) => {
    const platform = choosePlatform(flags.platform);
    const items = await imageHistory(await cli.client(), args[0]!, platform);
    cli.write(
      await renderList(historyView(flags["no-trunc"], flags.human), items, {
        format: flags.format,
        columns: ["ID", flags.human ? "CreatedSince" : "CreatedAt", "CreatedBy", "Size", "Comment"],
        quiet: flags.quiet ? "ID" : undefined,
      }),
    );
    return 0;
  },
});
