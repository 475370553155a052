import { messageOf } from "../../base/errors.ts";
import { DOCKER_FUNCTIONS } from "../../spec/go-template/docker-functions.ts";
import { parseTemplate } from "../../spec/go-template/template.ts";
import { ExitError } from "../exit.ts";

/** One object through `json` or `TEMPLATE`. Errors: ExitError in docker's words. */
export function renderObject(data: unknown, format: string): string {
  try {
    return parseTemplate(format === "json" ? "{{json .}}" : format, {
      functions: DOCKER_FUNCTIONS,
      missingKey: "error",
    }).execute(data);
  } catch (error) {
    throw new ExitError(1, `template parsing error: ${messageOf(error)}`);
  }
}
