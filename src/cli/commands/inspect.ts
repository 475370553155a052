import { isKind } from "../../base/errors.ts";
import type { ApiClient } from "../../client/api-client.ts";
import { inspectContainer } from "../../client/containers/inspect.ts";
import { inspectImage } from "../../client/images/inspect.ts";
import { inspectNetwork } from "../../client/networks/inspect.ts";
import { inspectPlugin } from "../../client/plugins/inspect.ts";
import { inspectVolume } from "../../client/volumes/inspect.ts";
import { defineCommand } from "../command.ts";
import { ExitError } from "../exit.ts";
import { bool, string } from "../flags/types.ts";
import { OBJECT_FORMAT_USAGE } from "../format-usage.ts";
import { inspectObjects } from "../inspect-objects.ts";

type Inspect = (client: ApiClient, name: string, size: boolean) => Promise<unknown>;

/** In the order in which a name is looked for. */
const INSPECTORS: Readonly<Record<string, Inspect>> = {
  container: inspectContainer,
  image: (client, name) => inspectImage(client, name),
  network: (client, name) => inspectNetwork(client, name),
  volume: (client, name) => inspectVolume(client, name),
  plugin: (client, name) => inspectPlugin(client, name),
};

async function inspectAny(client: ApiClient, name: string, size: boolean): Promise<unknown> {
  for (const inspect of Object.values(INSPECTORS)) {
    try {
      return await inspect(client, name, size);
    } catch (error) {
      // A name that is impossible for one kind of object may be that of another.
      if (!isKind(error, "notFound") && !isKind(error, "invalidArgument")) throw error;
    }
  }
  throw new Error(`Error: No such object: ${name}`);
}

export const command = defineCommand({
  usage: "[OPTIONS] NAME|ID [NAME|ID...]",
  args: { min: 1 },
  flags: {
    format: string(OBJECT_FORMAT_USAGE, { short: "f" }),
    size: bool("Display total file sizes if the type is container", { short: "s" }),
    type: string("Only inspect objects of the given type"),
  },
  run: async (cli, { flags, given, args }) => {
    if (given.has("type") && flags.type === "")
      throw new ExitError(
        1,
        `type is empty: must be one of ${Object.keys(INSPECTORS)
          .map((type) => JSON.stringify(type))
          .join(", ")}`,
      );
    const inspect = flags.type === "" ? inspectAny : INSPECTORS[flags.type];
    if (!inspect) {
      const types = Object.keys(INSPECTORS).map((type) => JSON.stringify(type));
      throw new ExitError(
        1,
        `unknown type: ${JSON.stringify(flags.type)}: must be one of ${types.join(", ")}`,
      );
    }
    const client = await cli.client();
    return await inspectObjects(cli, args, flags.format, (name) => inspect(client, name, flags.size));
  },
});
