import { isKind } from "../../base/errors.ts";
import type { ApiClient } from "../../client/api-client.ts";
import { inspectContainer } from "../../client/containers/inspect.ts";
import { inspectImage } from "../../client/images/inspect.ts";
import { inspectNetwork } from "../../client/networks/inspect.ts";
import { inspectPlugin } from "../../client/plugins/inspect.ts";
import { inspectVolume } from "../../client/volumes/inspect.ts";
import type { Cli } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { ExitError } from "../exit.ts";
import { bool, string } from "../flags/types.ts";
import { OBJECT_FORMAT_USAGE } from "../format-usage.ts";
import type { InspectedKind } from "../go-structs/mod.ts";
import { type Inspected, inspectObjects } from "../inspect-objects.ts";

type Inspect = (client: ApiClient, name: string, size: boolean) => Promise<unknown>;

/** In the order in which a name is looked for. */
const INSPECTORS: Readonly<Record<InspectedKind, Inspect>> = {
  container: inspectContainer,
  image: (client, name) => inspectImage(client, name),
  network: (client, name) => inspectNetwork(client, name),
  volume: (client, name) => inspectVolume(client, name),
  plugin: (client, name) => inspectPlugin(client, name),
};

const KINDS = Object.keys(INSPECTORS) as readonly InspectedKind[];

/** The object of that name of the first of these kinds that has one. */
async function inspectFirst(
  cli: Cli,
  kinds: readonly InspectedKind[],
  name: string,
  size: boolean,
): Promise<Inspected> {
  const client = await cli.client();
  for (const kind of kinds) {
    try {
      const object = await INSPECTORS[kind](client, name, size);
      if (size && kind !== "container") cli.warn(`WARNING: --size ignored for ${kind}`);
      return { kind, object };
    } catch (error) {
      // A name that is impossible for one kind of object may be that of another.
      const isOfNone = isKind(error, "notFound") || isKind(error, "invalidArgument");
      if (kinds.length === 1 || !isOfNone) throw error;
    }
  }
  throw new Error(`Error: No such object: ${name}`);
}

function kindsOf(type: string): readonly InspectedKind[] {
  if (type === "") return KINDS;
  const kinds = KINDS.filter((kind) => kind === type);
  if (kinds.length === 0)
    throw new ExitError(1, `unknown type: ${JSON.stringify(type)}: must be one of ${listed()}`);
  return kinds;
}

function listed(): string {
  return KINDS.map((kind) => JSON.stringify(kind)).join(", ");
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
      throw new ExitError(1, `type is empty: must be one of ${listed()}`);
    const kinds = kindsOf(flags.type);
    return await inspectObjects(cli, args, flags.format, (name) =>
      inspectFirst(cli, kinds, name, flags.size),
    );
  },
});
