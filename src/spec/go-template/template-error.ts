import type { Position } from "./ast.ts";

/** A template that does not parse, or does not run on its data. The message is Go's. */
export class TemplateError extends Error {}

/** `LINE: MESSAGE`, to which the template adds its name. */
export function parseError(at: Position, message: string): TemplateError {
  return new TemplateError(`${at.line}: ${message}`);
}

/** `LINE:COLUMN: executing "NAME" at <NODE>: MESSAGE`, to which the template adds its name; NAME is of the one within. */
export function execError(at: Position, templateName: string, node: string, message: string): TemplateError {
  return new TemplateError(
    `${at.line}:${at.column}: executing ${JSON.stringify(templateName)} at <${node}>: ${message}`,
  );
}

/** `work`, whose errors tell of the template of that name: `template: NAME:…`. */
export function inTemplate<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof TemplateError) throw new TemplateError(`template: ${name}:${error.message}`);
    throw error;
  }
}
