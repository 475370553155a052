import { setInterval } from "node:timers/promises";
import type { ApiClient } from "../../../client/api-client.ts";
import { inspectContainer } from "../../../client/containers/inspect.ts";
import { listContainers } from "../../../client/containers/list.ts";
import { containerStats } from "../../../client/containers/stats.ts";
import { engineEvents } from "../../../client/system/events.ts";
import type { ContainerStatsResponse } from "../../../spec/engine-api/mod.ts";
import type { Cli } from "../../cli.ts";
import { defineCommand } from "../../command.ts";
import { bool, string } from "../../flags/types.ts";
import { LIST_FORMAT_USAGE } from "../../format-usage.ts";
import { STATS_COLUMNS, statsView } from "../../table/stats-view.ts";
import { renderList } from "../../table/view.ts";

const REDRAW_MS = 500;
const HOME = "\u001b[H";
const CLEAR_LINE_END = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

interface Followed {
  readonly id: string;
  readonly name: string;
  sample: ContainerStatsResponse | undefined;
}

interface StatsFlags {
  readonly all: boolean;
  readonly format: string;
  readonly "no-stream": boolean;
  readonly "no-trunc": boolean;
}

export const command = defineCommand({
  usage: "[OPTIONS] [CONTAINER...]",
  args: { min: 0 },
  flags: {
    all: bool("Show all containers (default shows just running)", { short: "a" }),
    format: string(LIST_FORMAT_USAGE),
    "no-stream": bool("Disable streaming stats and only pull the first result"),
    "no-trunc": bool("Do not truncate output"),
  },
  run: async (cli, { flags, args }) => {
    const client = await cli.client();
    const followed = await chosen(client, args, flags.all);
    if (flags["no-stream"]) {
      await Promise.all(followed.map((container) => follow(client, container, false)));
      cli.write(await render(cli, followed, flags));
      return 0;
    }
    await live(cli, client, followed, { ...flags, named: args.length > 0 });
    return 0;
  },
});

async function chosen(client: ApiClient, names: readonly string[], all: boolean): Promise<Followed[]> {
  if (names.length > 0)
    return await Promise.all(
      names.map(async (name) => {
        const { Id, Name } = await inspectContainer(client, name);
        return { id: Id, name: Name.replace(/^\//, ""), sample: undefined };
      }),
    );
  const containers = await listContainers(client, { all });
  return containers.map(({ Id, Names }) => ({
    id: Id,
    name: (Names[0] ?? "").replace(/^\//, ""),
    sample: undefined,
  }));
}

/** Keeps a container's latest sample until it is gone. */
async function follow(client: ApiClient, container: Followed, stream: boolean): Promise<void> {
  for await (const sample of containerStats(client, container.id, { stream })) container.sample = sample;
}

async function render(cli: Cli, followed: readonly Followed[], flags: StatsFlags): Promise<string> {
  const format = flags.format || (cli.config.statsFormat ?? "");
  return await renderList(statsView(flags["no-trunc"]), followed, { format, columns: STATS_COLUMNS });
}

/** Redraws until interrupted, or until every container that was named is gone. */
async function live(
  cli: Cli,
  client: ApiClient,
  followed: Followed[],
  flags: StatsFlags & { readonly named: boolean },
): Promise<void> {
  const drop = (id: string) => {
    const at = followed.findIndex((container) => container.id === id);
    if (at >= 0) followed.splice(at, 1);
  };
  const add = (container: Followed) => {
    // A container that goes away ends its stream; that is no failure of the others.
    follow(client, container, true).then(
      () => drop(container.id),
      () => drop(container.id),
    );
  };
  for (const container of followed) add(container);
  if (!flags.named) void watchStarts(client, followed, add);
  cli.write("\u001b[2J");
  for await (const _ of setInterval(REDRAW_MS)) {
    const text = await render(cli, followed, flags);
    cli.write(HOME + text.replaceAll("\n", `${CLEAR_LINE_END}\n`) + CLEAR_BELOW);
    if (flags.named && followed.length === 0) return;
  }
}

async function watchStarts(
  client: ApiClient,
  followed: Followed[],
  add: (container: Followed) => void,
): Promise<void> {
  for await (const { Actor } of engineEvents(client, {
    filters: { type: ["container"], event: ["start"] },
  })) {
    if (followed.some(({ id }) => id === Actor.ID)) continue;
    const container: Followed = { id: Actor.ID, name: Actor.Attributes["name"] ?? "", sample: undefined };
    followed.push(container);
    add(container);
  }
}
