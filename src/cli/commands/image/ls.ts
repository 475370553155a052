import { listImages } from "../../../client/images/list.ts";
import { defineCommand } from "../../command.ts";
import { bool, filter, string } from "../../flags/types.ts";
import { LIST_FORMAT_USAGE } from "../../format-usage.ts";
import { imageRows, imageView } from "../../table/image-view.ts";
import { renderList } from "../../table/view.ts";

const COLUMNS = ["Repository", "Tag", "ID", "CreatedSince", "Size"];
const COLUMNS_WITH_DIGEST = ["Repository", "Tag", "Digest", "ID", "CreatedSince", "Size"];

export const command = defineCommand({
  usage: "[OPTIONS] [REPOSITORY[:TAG]]",
  args: { min: 0, max: 1 },
  flags: {
    all: bool("Show all images (default hides intermediate images)", { short: "a" }),
    digests: bool("Show digests"),
    filter: filter("Filter output based on conditions provided", { short: "f" }),
    format: string(LIST_FORMAT_USAGE),
    "no-trunc": bool("Don't truncate output"),
    quiet: bool("Only show image IDs", { short: "q" }),
  },
  run: async (cli, { flags, args }) => {
    const filters: Record<string, readonly string[]> = { ...flags.filter };
    if (args[0] !== undefined) filters["reference"] = [...(filters["reference"] ?? []), args[0]];
    const images = await listImages(await cli.client(), { all: flags.all, filters });
    const format = flags.format || (flags.quiet ? "" : (cli.config.imagesFormat ?? ""));
    const digests = flags.digests || format.includes(".Digest");
    const rows = images.flatMap((image) => imageRows(image, digests));
    cli.write(
      await renderList(imageView(flags["no-trunc"]), rows, {
        format,
        columns: flags.digests ? COLUMNS_WITH_DIGEST : COLUMNS,
        quiet: flags.quiet ? "ID" : undefined,
      }),
    );
    return 0;
  },
});
