import { type StopOptions, stopContainer } from "../../../client/containers/stop.ts";
import type { Cli } from "../../cli.ts";
import { defineCommand } from "../../command.ts";
import { int, string } from "../../flags/types.ts";
import { forEachAtOnce } from "../../for-each.ts";

/** Flags of stop and restart. `time` is the old name of `timeout`. */
export const stopFlags = {
  signal: string("Signal to send to the container", { short: "s" }),
  time: int("Seconds to wait before killing the container", { hidden: true }),
  timeout: int("Seconds to wait before killing the container", { short: "t" }),
};

/** What the flags ask for; a time that was not given is the container's own. The old name is told of. */
export function stopOptions(
  cli: Cli,
  flags: { readonly signal: string; readonly time: number; readonly timeout: number },
  given: ReadonlySet<string>,
): StopOptions {
  if (given.has("time")) cli.print("Flag --time has been deprecated, use --timeout instead");
  if (given.has("time") && given.has("timeout"))
    throw new Error("conflicting options: cannot specify both --timeout and --time");
  const timeoutSeconds = given.has("timeout") ? flags.timeout : given.has("time") ? flags.time : undefined;
  return { signal: flags.signal || undefined, timeoutSeconds };
}

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  args: { min: 1 },
  flags: stopFlags,
  run: async (cli, { flags, given, args }) => {
    const options = stopOptions(cli, flags, given);
    const client = await cli.client();
    return await forEachAtOnce(cli, args, (name) => stopContainer(client, name, options));
  },
});
