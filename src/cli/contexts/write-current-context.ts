import { writeClientConfig } from "../../client/config/write-config-file.ts";
import { DEFAULT_CONTEXT } from "../../client/contexts/context-name.ts";
import type { Cli } from "../cli.ts";

/** The configuration's current context is that one; a configuration that says so already is not touched. */
export async function writeCurrentContext(cli: Cli, name: string): Promise<void> {
  const { currentContext = DEFAULT_CONTEXT, ...rest } = cli.config;
  if ((currentContext || DEFAULT_CONTEXT) === name) return;
  const config = name === DEFAULT_CONTEXT ? rest : { ...rest, currentContext: name };
  await writeClientConfig(cli.configDir, { auths: {}, ...config });
}
