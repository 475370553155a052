import { BUILTIN_FUNCTIONS, type Functions } from "./builtin-functions.ts";
import { Evaluator, type MissingKey } from "./evaluator.ts";
import { parse } from "./parser.ts";
import { inTemplate } from "./template-error.ts";
import { NO_VALUE } from "./values.ts";

/** A template that was parsed and can run on any data. */
export interface Template {
  /** The text for `data`: plain JSON values, and functions for methods. Errors: TemplateError. */
  execute(data: unknown): string;
}

export interface TemplateOptions {
  /** Told by errors; most of docker's templates have none. */
  readonly name?: string;
  /** Functions beside Go's own. */
  readonly functions?: Functions;
  /** Whether a key that a map does not have is an error; nothing otherwise. */
  readonly missingKey?: MissingKey;
  /** What is printed for a null: `<no value>` unless told, as Go does with one that JSON brought; `<nil>` for a pointer's. */
  readonly nilText?: string;
}

/**
 * The template that a text describes.
 * Errors: TemplateError with Go's message, `template: NAME:LINE: …`.
 * Source: Go's `text/template` documentation.
 */
export function parseTemplate(source: string, options: TemplateOptions = {}): Template {
  const { name = "", missingKey = "default", nilText = NO_VALUE } = options;
  const functions = { ...BUILTIN_FUNCTIONS, ...options.functions };
  const definitions = inTemplate(name, () => parse(source, (called) => Object.hasOwn(functions, called)));
  const evaluation = { name, functions, missingKey, nilText };
  return { execute: (data) => inTemplate(name, () => new Evaluator(definitions, evaluation).run(data)) };
}
