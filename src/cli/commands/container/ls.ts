import { listContainers } from "../../../client/containers/list.ts";
import type { ContainerSummary } from "../../../spec/engine-api/mod.ts";
import { defineCommand } from "../../command.ts";
import { bool, filter, int, string } from "../../flags/types.ts";
import { LIST_FORMAT_USAGE } from "../../format-usage.ts";
import { CONTAINER_COLUMNS, containerView } from "../../table/container-view.ts";
import { renderList, type View } from "../../table/view.ts";

/** Formats that are no templates. */
const WORDS: ReadonlySet<string> = new Set(["", "table", "json", "raw"]);

function rawContainer(size: boolean): string {
  const fields = [
    "container_id: {{.ID}}",
    "image: {{.Image}}",
    "command: {{.Command}}",
    "created_at: {{.CreatedAt}}",
    "state: {{- pad .State 1 0}}",
    "status: {{- pad .Status 1 0}}",
    "names: {{.Names}}",
    "labels: {{- pad .Labels 1 0}}",
    "ports: {{- pad .Ports 1 0}}",
    ...(size ? ["size: {{.Size}}"] : []),
  ];
  return fields.map((line) => `${line}\n`).join("");
}

/** A container of which nothing is known. */
const EMPTY: ContainerSummary = {
  Id: "",
  Names: [],
  Image: "",
  ImageID: "",
  Command: "",
  Created: 0,
  Ports: [],
  Labels: {},
  State: "created",
  Status: "",
  HostConfig: {},
  NetworkSettings: { Networks: {} },
  Mounts: [],
};

/** Whether a template shows sizes, which take long to find. Errors: ExitError for one that no container can fill. */
async function asksForSize(view: View<ContainerSummary>, format: string): Promise<boolean> {
  let asked = false;
  const { tryTemplate } = await import("../../table/render-template.ts");
  const container = Object.defineProperty({ ...EMPTY }, "SizeRw", {
    get: () => {
      asked = true;
      return 0;
    },
  });
  tryTemplate(view, container, format);
  return asked;
}

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: {
    all: bool("Show all containers (default shows just running)", { short: "a" }),
    filter: filter("Filter output based on conditions provided", { short: "f" }),
    format: string(LIST_FORMAT_USAGE),
    last: int("Show n last created containers (includes all states)", { short: "n", default: -1 }),
    latest: bool("Show the latest created container (includes all states)", { short: "l" }),
    "no-trunc": bool("Don't truncate output"),
    quiet: bool("Only display container IDs", { short: "q" }),
    size: bool("Display total file sizes", { short: "s" }),
  },
  run: async (cli, { flags, given }) => {
    const view = containerView(flags["no-trunc"]);
    const format = flags.format || (flags.quiet ? "" : (cli.config.psFormat ?? ""));
    const isTemplate = !WORDS.has(format);
    const asksSize = isTemplate && (await asksForSize(view, format));
    const ignored = isTemplate && flags.quiet;
    if (ignored) cli.warn("WARNING: Ignoring custom format, because both --format and --quiet are set.");
    const limit = flags.latest && flags.last === -1 ? 1 : flags.last;
    const wantsSize = flags.size || (!given.has("size") && asksSize);
    const containers = await listContainers(await cli.client(), {
      all: flags.all,
      limit: limit > 0 ? limit : undefined,
      size: wantsSize,
      filters: flags.filter,
    });
    const columns = wantsSize ? [...CONTAINER_COLUMNS, "Size"] : CONTAINER_COLUMNS;
    const quiet = flags.quiet ? "ID" : undefined;
    const shown = flags.quiet && format !== "raw" ? "" : format;
    const raw = flags.quiet ? "container_id: {{.ID}}" : rawContainer(wantsSize);
    cli.write(await renderList(view, containers, { format: shown, columns, quiet, raw }));
    return 0;
  },
});
