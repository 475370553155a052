import { searchImages } from "../../client/images/search.ts";
import type { ImageSearchItem } from "../../spec/engine-api/mod.ts";
import { authForImage } from "../auth.ts";
import { defineCommand } from "../command.ts";
import { bool, filter, int, string } from "../flags/types.ts";
import { ellipsis } from "../table/values.ts";
import { renderList, type View } from "../table/view.ts";

const DESCRIPTION_WIDTH = 45;

function searchView(full: boolean): View<ImageSearchItem> {
  const mark = (set: boolean) => (set ? "[OK]" : "");
  return {
    typeName: "*formatter.searchContext",
    fields: {
      Name: { header: "NAME", value: ({ name }) => name },
      Description: {
        header: "DESCRIPTION",
        value: ({ description }) => {
          const line = description.replaceAll("\n", " ").replaceAll("\r", " ");
          return full ? line : ellipsis(line, DESCRIPTION_WIDTH);
        },
      },
      StarCount: { header: "STARS", value: ({ star_count }) => String(star_count) },
      IsOfficial: { header: "OFFICIAL", value: ({ is_official }) => mark(is_official) },
      IsAutomated: { header: "AUTOMATED", value: ({ is_automated }) => mark(is_automated) },
    },
  };
}

export const command = defineCommand({
  usage: "[OPTIONS] TERM",
  args: { min: 1, max: 1 },
  flags: {
    filter: filter("Filter output based on conditions provided", { short: "f" }),
    format: string("Pretty-print search using a Go template"),
    limit: int("Max number of search results"),
    "no-trunc": bool("Don't truncate output"),
  },
  run: async (cli, { flags, args }) => {
    const auth = await authForImage(cli, args[0]!);
    const items = await searchImages(await cli.client(), {
      term: args[0]!,
      limit: flags.limit || undefined,
      filters: flags.filter,
      auth: Object.keys(auth).length === 0 ? undefined : auth,
    });
    items.sort((a, b) => b.star_count - a.star_count);
    const columns = ["Name", "Description", "StarCount", "IsOfficial"];
    cli.write(await renderList(searchView(flags["no-trunc"]), items, { format: flags.format, columns }));
    return 0;
  },
});
