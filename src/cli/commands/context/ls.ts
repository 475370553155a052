import { messageOf } from "../../../base/errors.ts";
import { DEFAULT_CONTEXT } from "../../../client/contexts/context-name.ts";
import { listContexts } from "../../../client/contexts/context-store.ts";
import type { Cli } from "../../cli.ts";
import { defineCommand } from "../../command.ts";
import { DEFAULT_DESCRIPTION, findContext } from "../../contexts/context.ts";
import { currentContext } from "../../endpoint-sources.ts";
import { bool, string } from "../../flags/types.ts";
import { LIST_FORMAT_USAGE } from "../../format-usage.ts";
import { naturalCompare } from "../../table/natural-order.ts";
import { ellipsis } from "../../table/values.ts";
import { renderList, type View } from "../../table/view.ts";

/** The longest error that a line shows. */
const MAX_ERROR = 45;

interface ListedContext {
  readonly name: string;
  readonly description: string;
  readonly host: string;
  readonly current: boolean;
  readonly error: string;
}

const CONTEXT_VIEW: View<ListedContext> = {
  typeName: "*formatter.clientContextContext",
  fields: {
    Name: { header: "NAME", value: ({ name }) => name },
    Description: { header: "DESCRIPTION", value: ({ description }) => description },
    DockerEndpoint: { header: "DOCKER ENDPOINT", value: ({ host }) => host },
    Current: { header: undefined, value: ({ current }) => current },
    Error: { header: "ERROR", value: ({ error }) => ellipsis(error, MAX_ERROR) },
  },
};

const TABLE = "table {{.Name}}{{if .Current}} *{{end}}\t{{.Description}}\t{{.DockerEndpoint}}\t{{.Error}}";

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: {
    format: string(LIST_FORMAT_USAGE),
    quiet: bool("Only show context names", { short: "q" }),
  },
  run: async (cli, { flags }) => {
    const plain = flags.format === "" || flags.format === "table";
    const format = flags.quiet ? "{{.Name}}" : plain ? TABLE : flags.format;
    cli.write(await renderList(CONTEXT_VIEW, list(cli), { format, columns: [] }));
    if (cli.env["DOCKER_HOST"])
      cli.warn(
        "Warning: DOCKER_HOST environment variable overrides the active context. To use a context, either set the global --context flag, or unset DOCKER_HOST environment variable.",
      );
    return 0;
  },
});

function list(cli: Cli): ListedContext[] {
  const current = currentContext(cli);
  const metadata = [...listContexts(cli.configDir), findContext(cli, DEFAULT_CONTEXT).metadata];
  const listed = metadata.map(({ Name, Metadata, Endpoints }) => ({
    name: Name,
    description: Name === DEFAULT_CONTEXT ? DEFAULT_DESCRIPTION : (Metadata.Description ?? ""),
    host: Endpoints.docker?.Host ?? "",
    current: Name === current,
    error: Endpoints.docker ? "" : "cannot find docker endpoint in context",
  }));
  if (!listed.some((context) => context.current))
    listed.push({ name: current, description: "", host: "", current: true, error: whyMissing(cli, current) });
  return listed.sort((a, b) => naturalCompare(a.name, b.name));
}

function whyMissing(cli: Cli, name: string): string {
  try {
    findContext(cli, name);
    return "";
  } catch (error) {
    return messageOf(error);
  }
}
