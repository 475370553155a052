import { messageOf } from "../base/errors.ts";
import { DOCKER_FUNCTIONS } from "../spec/go-template/docker-functions.ts";
import { toGoJson } from "../spec/go-template/go-json.ts";
import { parseTemplate, type Template } from "../spec/go-template/template.ts";
import type { Cli } from "./cli.ts";
import { ExitError } from "./exit.ts";
import { inspectedContainer } from "./inspected-container.ts";

/** Prints what `get` finds for each name: as JSON, or through a template. Names that are not found fail at the end. */
export async function inspectObjects(
  cli: Cli,
  names: readonly string[],
  format: string,
  get: (name: string) => Promise<unknown>,
): Promise<number> {
  const template = format === "" || format === "json" ? undefined : parseOrExit(format);
  const found: unknown[] = [];
  const failures: string[] = [];
  for (const name of names) {
    try {
      found.push(await get(name));
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  try {
    cli.write(render(found, format, template));
  } catch (error) {
    // docker ends the line that it had begun.
    cli.write("\n");
    throw new ExitError(1, `template parsing error: ${messageOf(error)}`);
  }
  if (failures.length > 0) throw new ExitError(1, failures.join("\n"));
  return 0;
}

/** Fields that are pointers in docker's structs. */
const POINTERS = new Set([
  "ExitCode",
  "Health",
  "Healthcheck",
  "ImageManifestDescriptor",
  "Init",
  "MemorySwappiness",
  "OomKillDisable",
  "PidsLimit",
  "SizeRootFs",
  "SizeRw",
  "StopTimeout",
  "UsageData",
]);

/** Fields that are maps in docker's structs. */
const MAPS = new Set([
  "Annotations",
  "Config",
  "Containers",
  "Data",
  "DriverOpts",
  "ExposedPorts",
  "Labels",
  "Networks",
  "Options",
  "PortBindings",
  "Ports",
  "StorageOpt",
  "Sysctls",
  "Tmpfs",
  "Volumes",
]);

/** How Go prints the nil that JSON's `null` was: JSON does not tell a list from a map from a pointer. */
function goNil(field: string | undefined): string {
  if (field === undefined) return "<no value>";
  if (POINTERS.has(field)) return "<nil>";
  return MAPS.has(field) ? "map[]" : "[]";
}

function parseOrExit(format: string): Template {
  try {
    return parseTemplate(format, { functions: DOCKER_FUNCTIONS, missingKey: "error", nullText: goNil });
  } catch (error) {
    throw new ExitError(64, `template parsing error: ${messageOf(error)}`);
  }
}

/** As docker: with the struct first; where that fails with what the engine sent, whose error is the one that is told. */
function fill(template: Template, object: unknown): string {
  try {
    return template.execute(inspectedContainer(object));
  } catch {
    return template.execute(object);
  }
}

function render(found: readonly unknown[], format: string, template: Template | undefined): string {
  // Docker prints an empty line of a template that met nothing.
  if (template && found.length === 0) return "\n";
  if (template) return found.map((object) => `${fill(template, object)}\n`).join("");
  if (format === "json") return `${found.map((object) => toGoJson(object)).join("\n")}\n`;
  // What is printed for people keeps <, > and & as they are.
  return `${toGoJson(found, "    ", false)}\n`;
}
