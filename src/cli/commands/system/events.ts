import { formatRfc3339Nano } from "../../../base/time.ts";
import { type ExactEvent, engineEvents } from "../../../client/system/events.ts";
import { defineCommand } from "../../command.ts";
import { filter, string } from "../../flags/types.ts";
import { OBJECT_FORMAT_USAGE } from "../../format-usage.ts";
import { parseTimestamp } from "../../timestamp.ts";

/** `2026-11-22T23:13:24.000000001Z container create ID (image=busybox, name=x)`. */
function eventLine(event: ExactEvent): string {
  const attributes = Object.entries(event.Actor.Attributes ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort();
  const shown = attributes.length === 0 ? "" : ` (${attributes.join(", ")})`;
  return `${eventTime(event)} ${event.Type} ${event.Action} ${event.Actor.ID}${shown}`;
}

/** Nine decimals always, in local time. */
function eventTime({ time, timeNano }: ExactEvent): string {
  const ns = timeNano || BigInt(time) * 1_000_000_000n;
  const offset = -new Date(Number(ns / 1_000_000n)).getTimezoneOffset();
  const local = formatRfc3339Nano(ns + BigInt(offset) * 60_000_000_000n).slice(0, 19);
  const zone =
    offset === 0
      ? "Z"
      : (offset < 0 ? "-" : "+") + new Date(Math.abs(offset) * 60_000).toISOString().slice(11, 16);
  return `${local}.${(ns % 1_000_000_000n).toString().padStart(9, "0")}${zone}`;
}

async function lineWriter(format: string): Promise<(event: ExactEvent) => string> {
  if (format === "") return eventLine;
  const { eventTemplate } = await import("./event-template.ts");
  return eventTemplate(format);
}

export const command = defineCommand({
  usage: "[OPTIONS]",
  args: { min: 0, max: 0 },
  flags: {
    filter: filter("Filter output based on conditions provided", { short: "f" }),
    format: string(OBJECT_FORMAT_USAGE),
    since: string("Show all events created since timestamp"),
    until: string("Stream events until this timestamp"),
  },
  run: async (cli, { flags }) => {
    const line = await lineWriter(flags.format);
    const events = engineEvents(await cli.client(), {
      since: flags.since === "" ? undefined : parseTimestamp(flags.since),
      until: flags.until === "" ? undefined : parseTimestamp(flags.until),
      filters: flags.filter,
    });
    for await (const event of events) cli.print(line(event));
    return 0;
  },
});
