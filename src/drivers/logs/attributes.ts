import { invalidArgument } from "../../base/errors.ts";
import type { LogOptions, LogSource } from "../../core/logs/log-driver.ts";
import { quoteGo } from "../../spec/go-template/go-strings.ts";
import { checkTag } from "./tag.ts";

/** Labels and environment that the options `labels`, `labels-regex`, `env` and `env-regex` ask for. Errors: invalidArgument. */
export function collectAttributes(
  { options, labels, environment }: Pick<LogSource, "options" | "labels" | "environment">,
  rename: (name: string) => string = (name) => name,
): Record<string, string> {
  const attributes: Record<string, string> = {};
  const variables: Record<string, string> = {};
  for (const variable of environment) {
    const equals = variable.indexOf("=");
    if (equals > 0) variables[variable.slice(0, equals)] = variable.slice(equals + 1);
  }
  for (const [option, values] of [
    ["labels", labels],
    ["env", variables],
  ] as const) {
    const wanted = new Set((options[option] ?? "").split(","));
    const pattern = compilePattern(options[`${option}-regex`]);
    for (const [name, value] of Object.entries(values)) {
      if (wanted.has(name) || pattern?.test(name)) attributes[rename(name)] = value;
    }
  }
  return attributes;
}

/** Errors: invalidArgument where a pattern is none, or the tag no template. */
export function checkAttributes(options: LogOptions): void {
  compilePattern(options["labels-regex"]);
  compilePattern(options["env-regex"]);
  checkTag(options["tag"]);
}

function compilePattern(pattern: string | undefined): RegExp | undefined {
  if (!pattern) return undefined;
  try {
    return new RegExp(pattern);
  } catch (error) {
    throw invalidArgument(`error parsing regexp: invalid pattern: ${quoteGo(pattern)}`, { cause: error });
  }
}
