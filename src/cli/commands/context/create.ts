import { invalidArgument } from "../../../base/errors.ts";
import { DEFAULT_CONTEXT } from "../../../client/contexts/context-name.ts";
import type { Cli } from "../../cli.ts";
import { defineCommand } from "../../command.ts";
import { checkNewName, DEFAULT_DESCRIPTION, findContext } from "../../contexts/context.ts";
import { describeEndpoint } from "../../contexts/describe-endpoint.ts";
import { dockerFlag, type EndpointSettings, endpointHelp } from "../../contexts/endpoint-flag.ts";
import { storeContext } from "../../contexts/store-context.ts";
import { currentContext } from "../../endpoint-sources.ts";
import { string } from "../../flags/types.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTEXT",
  description: endpointHelp("create"),
  args: { min: 1, max: 1 },
  flags: {
    description: string("Description of the context"),
    docker: dockerFlag,
    from: string("create context from a named context"),
  },
  run: async (cli, { flags, args }) => {
    const name = args[0]!;
    checkNewName(cli, name);
    if (flags.docker && flags.from === "") await create(cli, name, flags.description, flags.docker);
    else if (flags.docker) throw invalidArgument("cannot use --docker flag when --from is set");
    else await copy(cli, flags.from || currentContext(cli), name, flags.description);
    return 0;
  },
});

async function create(
  cli: Cli,
  name: string,
  description: string,
  settings: EndpointSettings,
): Promise<void> {
  const { endpoint, tls } = await describeEndpoint(cli, settings);
  const metadata = {
    Name: name,
    Metadata: description === "" ? {} : { Description: description },
    Endpoints: { docker: endpoint },
  };
  await storeContext(cli, "created", metadata, Object.keys(tls).length === 0 ? {} : { docker: tls });
}

async function copy(cli: Cli, from: string, name: string, description: string): Promise<void> {
  const { metadata, tls } = findContext(cli, from);
  const told = description || (from === DEFAULT_CONTEXT ? DEFAULT_DESCRIPTION : "");
  const Metadata = { ...metadata.Metadata, ...(told === "" ? {} : { Description: told }) };
  await storeContext(cli, "created", { ...metadata, Name: name, Metadata }, tls);
}
