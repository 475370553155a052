import { messageOf } from "../../base/errors.ts";
import { DOCKER_FUNCTIONS, HEADER_FUNCTIONS } from "../../spec/go-template/docker-functions.ts";
import { toGoJson } from "../../spec/go-template/go-json.ts";
import { parseTemplate, type Template } from "../../spec/go-template/template.ts";
import { GO_TYPE } from "../../spec/go-template/values.ts";
import { ExitError } from "../exit.ts";
import { layOut } from "./tab-writer.ts";
import type { View } from "./view.ts";

/** A whole row as JSON has `<`, `>` and `&` escaped, which single values have not: Go's `MarshalJSON` does that. */
const ROW_FUNCTIONS: typeof DOCKER_FUNCTIONS = {
  ...DOCKER_FUNCTIONS,
  json: (value) => toGoJson(value, "", typeof value === "object" && value !== null && GO_TYPE in value),
};

/** A template that does not parse or does not run, in docker's words. */
export function templateError(doing: "parse" | "execute", error: unknown): ExitError {
  return new ExitError(1, `failed to ${doing} template: ${messageOf(error)}`);
}

function parse(text: string, functions: typeof DOCKER_FUNCTIONS): Template {
  try {
    return parseTemplate(text, { functions });
  } catch (error) {
    throw templateError("parse", error);
  }
}

function execute(template: Template, data: unknown): string {
  try {
    return template.execute(data);
  } catch (error) {
    throw templateError("execute", error);
  }
}

/**
 * Fills a template, as it was typed, for one item, to see whether it can be filled at all and what it asks for.
 * Errors: ExitError in docker's words.
 */
export function tryTemplate<T>(view: View<T>, item: T, text: string): void {
  execute(parse(text, ROW_FUNCTIONS), contextOf(view, item));
}

/** Writes `\t` and `\n` as typed in a shell as what they mean. */
function unescapeShell(text: string): string {
  return text.replaceAll("\\t", "\t").replaceAll("\\n", "\n");
}

/** The items of a list through `table TEMPLATE`, `json` or `TEMPLATE`. */
export function renderTemplate<T>(view: View<T>, items: readonly T[], format: string): string {
  const isTable = format.startsWith("table");
  const text = unescapeShell(
    isTable ? format.slice("table".length).trim() : format === "json" ? "{{json .}}" : format,
  );
  const template = parse(text, ROW_FUNCTIONS);
  const rows = items.map((item) => `${execute(template, contextOf(view, item))}\n`).join("");
  if (!isTable) return rows;
  const headers = Object.fromEntries(
    Object.entries(view.fields).map(([name, { header, method }]) => [name, method ? labelHeader : header]),
  );
  return layOut(`${execute(parse(text, HEADER_FUNCTIONS), headers)}\n${rows}`);
}

/** The header over a label's values: the last part of its name, in words. */
function labelHeader(name: string): string {
  return name.split(".").at(-1)!.replace(/[-_]/g, " ");
}

/** One object through `json` or `TEMPLATE`, without a line's end. */
export function renderOne(context: object, format: string): string {
  const template = parse(unescapeShell(format === "json" ? "{{json .}}" : format), ROW_FUNCTIONS);
  try {
    return template.execute(context);
  } catch (error) {
    throw new ExitError(1, messageOf(error));
  }
}

/** What a template sees of an item. Values are computed when asked for; `json` writes them sorted by name. */
export function contextOf<T>(view: View<T>, item: T): object {
  const context: Record<string | symbol, unknown> = { [GO_TYPE]: view.typeName };
  for (const [name, field] of Object.entries(view.fields).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const enumerable = !field.method;
    Object.defineProperty(context, name, { enumerable, get: () => field.value(item) });
  }
  return context;
}
