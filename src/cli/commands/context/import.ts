import { createReadStream } from "node:fs";
import { describeFileError } from "../../../base/file-error.ts";
import { MAX_CONTEXT_BYTES, unpackContext } from "../../../client/contexts/unpack-context.ts";
import type { Cli } from "../../cli.ts";
import { defineCommand } from "../../command.ts";
import { checkNewName } from "../../contexts/context.ts";
import { storeContext } from "../../contexts/store-context.ts";
import { ExitError } from "../../exit.ts";

export const command = defineCommand({
  usage: "CONTEXT FILE|-",
  args: { min: 2, max: 2 },
  flags: {},
  run: async (cli, { args }) => {
    const [name, source] = args as [string, string];
    checkNewName(cli, name);
    const { metadata, tls } = unpackContext(await readArchive(cli, source), name);
    await storeContext(cli, "imported", metadata, tls);
    return 0;
  },
});

async function readArchive(cli: Cli, source: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of source === "-" ? cli.stdin : createReadStream(source)) {
      chunks.push(chunk as Buffer);
      sizeBytes += (chunk as Buffer).length;
      // What is longer will be refused: no need to read on.
      if (sizeBytes > MAX_CONTEXT_BYTES) break;
    }
  } catch (error) {
    throw new ExitError(1, describeFileError(error, source));
  }
  return Buffer.concat(chunks);
}
