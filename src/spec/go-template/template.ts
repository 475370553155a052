import { BUILTIN_FUNCTIONS, type Functions } from "./builtin-functions.ts";
import { Evaluator, type MissingKey } from "./evaluator.ts";
import { parse } from "./parser.ts";
import { NO_VALUE } from "./values.ts";

/** A template that was parsed and can run on any data. */
export interface Template {
  /** The text for `data`: plain JSON values, and functions for methods. Errors: TemplateError. */
  execute(data: unknown): string;
}

export interface TemplateOptions {
  /** Functions beside Go's own. */
  readonly functions?: Functions;
  /** Whether a key that a map does not have is an error; nothing otherwise. */
  readonly missingKey?: MissingKey;
  /** What is printed for a null: `<no value>` unless told, as Go does with one that JSON brought; `<nil>` for a pointer's. */
  readonly nilText?: string;
}

/**
 * The template that a text describes.
 * Errors: TemplateError with Go's message, `template: :LINE: …`.
 * Source: Go's `text/template` documentation.
 */
export function parseTemplate(source: string, options: TemplateOptions = {}): Template {
  const functions = { ...BUILTIN_FUNCTIONS, ...options.functions };
  const definitions = parse(source, (name) => Object.hasOwn(functions, name));
  const missingKey = options.missingKey ?? "default";
  const nilText = options.nilText ?? NO_VALUE;
  return { execute: (data) => new Evaluator(definitions, { functions, missingKey, nilText }).run(data) };
}
