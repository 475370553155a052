import { invalidArgument } from "../base/errors.ts";
import { splitCsv } from "./options/csv.ts";

const VARIABLE = "DOCKER_CUSTOM_HEADERS";

/**
 * Headers that the environment has for every request, `NAME=value,…`, which count instead of the configuration's;
 * undefined where it has none. Errors: invalidArgument in docker's words.
 */
export function customHeaders(env: NodeJS.ProcessEnv): Record<string, string> | undefined {
  const text = env[VARIABLE];
  if (!text) return undefined;
  return Object.fromEntries(fieldsOf(text).map(splitField));
}

function fieldsOf(text: string): string[] {
  try {
    return splitCsv(text);
  } catch {
    throw invalidArgument(
      `failed to parse custom headers from ${VARIABLE} environment variable: value must be formatted as comma-separated key=value pairs`,
    );
  }
}

function splitField(field: string): [name: string, value: string] {
  const refuse = (reason: string) =>
    invalidArgument(
      `failed to set custom headers from ${VARIABLE} environment variable: ${reason}: '${field}'`,
    );
  const equals = field.indexOf("=");
  const name = field.slice(0, equals < 0 ? undefined : equals).trim();
  if (name === "") throw refuse("value contains a key=value pair with an empty key");
  if (equals < 0) throw refuse('missing "=" in key=value pair');
  return [name, field.slice(equals + 1)];
}
