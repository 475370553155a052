import type { Position } from "./ast.ts";

/** A template that does not parse, or does not run on its data. The message is Go's. */
export class TemplateError extends Error {}

/** `template: NAME:LINE: MESSAGE`. Docker's templates have no name. */
export function parseError(at: Position, message: string): TemplateError {
  return new TemplateError(`template: :${at.line}: ${message}`);
}

/** `template: NAME:LINE:COLUMN: executing "NAME" at <NODE>: MESSAGE`. */
export function execError(at: Position, templateName: string, node: string, message: string): TemplateError {
  return new TemplateError(
    `template: :${at.line}:${at.column}: executing ${JSON.stringify(templateName)} at <${node}>: ${message}`,
  );
}
