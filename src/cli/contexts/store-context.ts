import type { ContextMetadata } from "../../client/contexts/context-store.ts";
import type { ContextTls } from "../../client/contexts/context-tls.ts";
import { replaceTlsFiles, writeContext } from "../../client/contexts/write-context.ts";
import type { Cli } from "../cli.ts";

/** The context is stored with these certificates, and the user told so: its name on stdout, the rest on stderr. */
export async function storeContext(
  cli: Cli,
  done: "created" | "imported",
  metadata: ContextMetadata,
  tls: ContextTls,
): Promise<void> {
  await writeContext(cli.configDir, metadata);
  await replaceTlsFiles(cli.configDir, metadata.Name, tls);
  cli.print(metadata.Name);
  cli.warn(`Successfully ${done} context ${JSON.stringify(metadata.Name)}`);
}
