import { messageOf } from "../base/errors.ts";
import { DOCKER_FUNCTIONS } from "../spec/go-template/docker-functions.ts";
import { readIntoStruct } from "../spec/go-template/go-structs.ts";
import { parseTemplate, type Template } from "../spec/go-template/template.ts";
import type { Cli } from "./cli.ts";
import { ExitError } from "./exit.ts";
import { GO_STRUCTS } from "./go-structs/mod.ts";

const EXIT_BAD_FORMAT = 64;

/**
 * Prints one object, read into docker's struct of that name, through `json` or `TEMPLATE`; `templateName` is told by errors.
 * Errors: ExitError in docker's words, behind the line's end that docker prints whatever happens.
 */
export function printObject(
  cli: Cli,
  object: unknown,
  { struct, format, templateName = "" }: { struct: string; format: string; templateName?: string },
): void {
  const template = parseOrExit(format === "json" ? "{{json .}}" : format, templateName);
  try {
    cli.write(`${template.execute(readIntoStruct(object, struct, GO_STRUCTS))}\n`);
  } catch (error) {
    cli.write("\n");
    throw new ExitError(1, messageOf(error));
  }
}

function parseOrExit(text: string, name: string): Template {
  try {
    return parseTemplate(text, { name, functions: DOCKER_FUNCTIONS, nilText: "<nil>" });
  } catch (error) {
    throw new ExitError(EXIT_BAD_FORMAT, `template parsing error: ${messageOf(error)}`);
  }
}
