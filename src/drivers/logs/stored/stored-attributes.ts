import type { LogSource } from "../../../core/logs/log-driver.ts";
import { collectAttributes } from "../attributes.ts";
import { renderTag } from "../tag.ts";

/** What stands beside each entry that is kept: labels, environment and, where one was asked for, the tag. Errors: invalidArgument. */
export function storedAttributes(source: LogSource): Record<string, string> {
  const attributes = collectAttributes(source);
  if (source.options["tag"]) attributes["tag"] = renderTag(source, "");
  return attributes;
}
