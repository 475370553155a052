import { writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { describeFileError } from "../../../base/file-error.ts";
import { checkContextName, DEFAULT_CONTEXT } from "../../../client/contexts/context-name.ts";
import { packContext } from "../../../client/contexts/pack-context.ts";
import { defineCommand } from "../../command.ts";
import { findContext } from "../../contexts/context.ts";
import { ExitError } from "../../exit.ts";
import { copyOutput } from "../../streams/demultiplex.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTEXT [FILE|-]",
  args: { min: 1, max: 2 },
  flags: {},
  run: async (cli, { args }) => {
    const name = args[0]!;
    const target = args[1] ?? `${name}.dockercontext`;
    if (name !== DEFAULT_CONTEXT) checkContextName(name);
    if (target === "-" && cli.stdout.isTTY)
      throw new ExitError(1, "cowardly refusing to export to a terminal, specify a file path");
    const { metadata, tls } = findContext(cli, name);
    const archive = packContext(metadata, tls);
    if (target === "-") {
      await copyOutput(Readable.from([archive]), cli.out);
      return 0;
    }
    try {
      // It holds private keys: never into a file that another program has open.
      await writeFile(target, archive, { flag: "wx", mode: 0o600 });
    } catch (error) {
      throw new ExitError(1, describeFileError(error, target));
    }
    cli.warn(`Written file ${JSON.stringify(target)}`);
    return 0;
  },
});
