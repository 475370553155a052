import type { Cli } from "../../cli.ts";
import { defineCommand } from "../../command.ts";
import { findContext } from "../../contexts/context.ts";
import { currentContext } from "../../endpoint-sources.ts";
import { string } from "../../flags/types.ts";
import { OBJECT_FORMAT_USAGE } from "../../format-usage.ts";
import { inspectObjects } from "../../inspect-objects.ts";

export const command = defineCommand({
  usage: "[OPTIONS] [CONTEXT] [CONTEXT...]",
  args: { min: 0 },
  flags: { format: string(OBJECT_FORMAT_USAGE, { short: "f" }) },
  run: async (cli, { flags, args }) => {
    const names = args.length === 0 ? [currentContext(cli)] : args;
    const get = async (name: string) => ({ object: inspect(cli, name) });
    return await inspectObjects(cli, names, flags.format, get, { escaped: true });
  },
});

function inspect(cli: Cli, name: string): object {
  const { metadata, tls, storage } = findContext(cli, name);
  const files = Object.entries(tls).map(([endpoint, ofEndpoint]) => [endpoint, Object.keys(ofEndpoint)]);
  return { ...metadata, TLSMaterial: Object.fromEntries(files), Storage: storage };
}
