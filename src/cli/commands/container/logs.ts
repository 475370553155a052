import { invalidArgument, messageOf } from "../../../base/errors.ts";
import { inspectContainer } from "../../../client/containers/inspect.ts";
import { containerLogs } from "../../../client/containers/logs.ts";
import { defineCommand } from "../../command.ts";
import { bool, string } from "../../flags/types.ts";
import { copyOutput, demultiplex } from "../../streams/demultiplex.ts";
import { parseTimestamp } from "../../timestamp.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER",
  args: { min: 1, max: 1 },
  flags: {
    details: bool("Show extra details provided to logs"),
    follow: bool("Follow log output", { short: "f" }),
    since: string(
      'Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    ),
    tail: string("Number of lines to show from the end of the logs", { short: "n", default: "all" }),
    timestamps: bool("Show timestamps", { short: "t" }),
    until: string(
      'Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    ),
  },
  run: async (cli, { flags, args }) => {
    const client = await cli.client();
    const { Config, Id } = await inspectContainer(client, args[0]!);
    const output = await containerLogs(client, Id, {
      stdout: true,
      stderr: true,
      follow: flags.follow,
      timestamps: flags.timestamps,
      details: flags.details,
      tail: flags.tail,
      ...(flags.since === "" ? {} : { since: moment(flags.since, "since") }),
      ...(flags.until === "" ? {} : { until: moment(flags.until, "until") }),
    });
    if (Config.Tty) await copyOutput(output, cli.out);
    else await demultiplex(output, { stdout: cli.out, stderr: cli.err });
    return 0;
  },
});

/** The moment that an option names. */
function moment(text: string, option: string): string {
  try {
    return parseTimestamp(text);
  } catch (error) {
    throw invalidArgument(`invalid value for ${JSON.stringify(option)}: ${messageOf(error)}`);
  }
}
