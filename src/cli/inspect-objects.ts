import { messageOf } from "../base/errors.ts";
import { DOCKER_FUNCTIONS } from "../spec/go-template/docker-functions.ts";
import { toGoJson } from "../spec/go-template/go-json.ts";
import { readIntoStruct } from "../spec/go-template/go-structs.ts";
import { parseTemplate, type Template } from "../spec/go-template/template.ts";
import type { Cli } from "./cli.ts";
import { ExitError } from "./exit.ts";
import { GO_STRUCTS, INSPECTED_STRUCTS, type InspectedKind } from "./go-structs/mod.ts";

/** What the engine sent of an object, and what kind of object that is; of none where it is not the engine's. */
export interface Inspected {
  readonly kind?: InspectedKind;
  readonly object: unknown;
}

export interface InspectOptions {
  /** Whether what is printed for people has <, > and & as escapes, as docker has it of what is not an engine's answer. */
  readonly escaped?: boolean;
}

/** Prints what `get` finds for each name: as JSON, or through a template. Names that are not found fail at the end. */
export async function inspectObjects(
  cli: Cli,
  names: readonly string[],
  format: string,
  get: (name: string) => Promise<Inspected>,
  { escaped = false }: InspectOptions = {},
): Promise<number> {
  const templates = format === "" || format === "json" ? undefined : parseOrExit(format);
  const found: Inspected[] = [];
  const failures: string[] = [];
  for (const name of names) {
    try {
      found.push(await get(name));
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  try {
    cli.write(render(found, format, templates, escaped));
  } catch (error) {
    // docker ends the line that it had begun.
    cli.write("\n");
    throw new ExitError(1, `template parsing error: ${messageOf(error)}`);
  }
  if (failures.length > 0) throw new ExitError(1, failures.join("\n"));
  return 0;
}

/** The same text for what it may run on. */
interface Templates {
  /** For structs, which have all their fields; their maps have nothing under other keys. */
  readonly structs: Template;
  /** For JSON as it came, where what is missing is an error. */
  readonly json: Template;
}

function parseOrExit(format: string): Templates {
  try {
    return {
      structs: parseTemplate(format, { functions: DOCKER_FUNCTIONS, nilText: "<nil>" }),
      json: parseTemplate(format, { functions: DOCKER_FUNCTIONS, missingKey: "error" }),
    };
  } catch (error) {
    throw new ExitError(64, `template parsing error: ${messageOf(error)}`);
  }
}

/** As docker: with the struct first; where that fails with what the engine sent, whose error is the one that is told. */
function fill({ structs, json }: Templates, { kind, object }: Inspected): string {
  if (kind === undefined) return json.execute(object);
  try {
    return structs.execute(readIntoStruct(object, INSPECTED_STRUCTS[kind], GO_STRUCTS));
  } catch {
    return json.execute(object);
  }
}

function render(
  found: readonly Inspected[],
  format: string,
  templates: Templates | undefined,
  escaped: boolean,
): string {
  // Docker prints an empty line of a template that met nothing.
  if (templates && found.length === 0) return "\n";
  if (templates) return found.map((inspected) => `${fill(templates, inspected)}\n`).join("");
  const objects = found.map(({ object }) => object);
  if (format === "json") return `${objects.map((object) => toGoJson(object)).join("\n")}\n`;
  return `${toGoJson(objects, "    ", escaped)}\n`;
}
