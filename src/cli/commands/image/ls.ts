import { listImages } from "../../../client/images/list.ts";
import type { ImageSummary } from "../../../spec/engine-api/mod.ts";
import type { Cli } from "../../cli.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { bool, filter, string } from "../../flags/types.ts";
import { LIST_FORMAT_USAGE } from "../../format-usage.ts";
import { PROGRAM } from "../../program.ts";
import { imageRows, imageView } from "../../table/image-view.ts";
import { renderList } from "../../table/view.ts";

const COLUMNS = ["Repository", "Tag", "ID", "CreatedSince", "Size"];
const COLUMNS_WITH_DIGEST = ["Repository", "Tag", "Digest", "ID", "CreatedSince", "Size"];

const NOT_WITH_TREE = [
  ["quiet", "--quiet"],
  ["no-trunc", "--no-trunc"],
  ["digests", "--show-digest"],
  ["format", "--format"],
] as const;

/** What people mean to call when they put it behind `images`. */
const IMAGE_COMMANDS = new Set(
  "build history import inspect list load ls prune pull push rm save tag".split(" "),
);

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
    tree: bool("List multi-platform images as a tree (EXPERIMENTAL)"),
  },
  run: async (cli, { flags, args, path }) => {
    const filters: Record<string, readonly string[]> = { ...flags.filter };
    if (args[0] !== undefined) filters["reference"] = [...(filters["reference"] ?? []), args[0]];
    if (flags.tree) {
      const conflict = NOT_WITH_TREE.find(([name]) => flags[name]);
      if (conflict) throw new ExitError(1, `${conflict[1]} is not yet supported with --tree`);
      await printTree(cli, flags.all, filters);
      return 0;
    }
    const images = await listImages(await cli.client(), { all: flags.all, filters });
    const typed = flags.format || (flags.quiet ? "" : (cli.config.imagesFormat ?? ""));
    const addsDigest = flags.digests && typed.startsWith("table ") && !typed.includes("{{.Digest}}");
    const format = addsDigest ? `${typed}\t{{.Digest}}` : typed;
    const digests = flags.digests || format.includes(".Digest");
    const rows = images.flatMap((image) => imageRows(image, digests));
    cli.write(
      await renderList(imageView(flags["no-trunc"]), rows, {
        format,
        columns: flags.digests ? COLUMNS_WITH_DIGEST : COLUMNS,
        quiet: flags.quiet ? "ID" : undefined,
        raw: flags.quiet ? "image_id: {{.ID}}" : rawImage(flags.digests),
      }),
    );
    if (images.length === 0 && path === "images" && IMAGE_COMMANDS.has(args[0] ?? "")) {
      cli.warn(`\nNo images found matching "${args[0]}": did you mean "${PROGRAM} image ${args[0]}"?`);
    }
    return 0;
  },
});

function rawImage(digests: boolean): string {
  const digest = digests ? "digest: {{.Digest}}\n" : "";
  return `repository: {{ .Repository }}\ntag: {{.Tag}}\n${digest}image_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n`;
}

async function printTree(cli: Cli, all: boolean, filters: Record<string, readonly string[]>): Promise<void> {
  const images = await listImages(await cli.client(), { all, filters, manifests: true });
  const shown = all ? images : images.filter((image) => !isDangling(image));
  const { drawImageTree } = await import("../../table/image-tree.ts");
  const { isTTY, columns } = cli.stdout;
  cli.write(drawImageTree(shown, { isTerminal: isTTY === true, width: isTTY ? columns : 0 }));
}

function isDangling({ RepoTags, RepoDigests }: ImageSummary): boolean {
  return (RepoTags ?? []).length === 0 && (RepoDigests ?? []).length === 0;
}
