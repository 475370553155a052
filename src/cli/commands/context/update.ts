import { checkContextName } from "../../../client/contexts/context-name.ts";
import { readContext } from "../../../client/contexts/context-store.ts";
import { replaceEndpointTlsFiles, writeContext } from "../../../client/contexts/write-context.ts";
import { defineCommand } from "../../command.ts";
import { describeEndpoint } from "../../contexts/describe-endpoint.ts";
import { dockerFlag, endpointHelp } from "../../contexts/endpoint-flag.ts";
import { string } from "../../flags/types.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTEXT",
  description: endpointHelp("update"),
  args: { min: 1, max: 1 },
  flags: { description: string("Description of the context"), docker: dockerFlag },
  run: async (cli, { flags, args }) => {
    const name = args[0]!;
    checkContextName(name);
    const context = readContext(cli.configDir, name);
    const described = flags.docker && (await describeEndpoint(cli, flags.docker));
    await writeContext(cli.configDir, {
      ...context,
      Metadata: {
        ...context.Metadata,
        ...(flags.description === "" ? {} : { Description: flags.description }),
      },
      Endpoints: { ...context.Endpoints, ...(described && { docker: described.endpoint }) },
    });
    if (described) await replaceEndpointTlsFiles(cli.configDir, name, "docker", described.tls);
    cli.print(name);
    cli.warn(`Successfully updated context ${JSON.stringify(name)}`);
    return 0;
  },
});
