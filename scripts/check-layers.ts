import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { type Finding, projectFiles, repository } from "./source-files.ts";

interface Layer {
  readonly level: number;
  /** The lower layers it may import; all of them where left out. */
  readonly only?: readonly string[];
  /** Its folders are siblings that meet through each other's `mod.ts`. */
  readonly siblings?: true;
}

/**
 * The layers of `src/`. A layer imports from lower levels, and from one of its own level through a `mod.ts`. Tests of
 * siblings may share fixtures and suites.
 */
const LAYERS: Readonly<Record<string, Layer>> = {
  base: { level: 0 },
  spec: { level: 0.5, siblings: true },
  os: { level: 1, only: ["base"] },
  core: { level: 1, only: ["base", "spec"] },
  state: { level: 2 },
  drivers: { level: 2, siblings: true },
  client: { level: 2, only: ["base", "spec"] },
  services: { level: 3, siblings: true },
  builder: { level: 3 },
  compose: { level: 3, only: ["base", "spec", "client"] },
  cluster: { level: 3 },
  registry: { level: 3 },
  console: { level: 3, only: ["base", "spec", "client"] },
  cli: { level: 3, only: ["base", "spec", "os", "core", "client", "compose"] },
  api: { level: 4 },
  cmd: { level: 5 },
  "mod.ts": { level: 6 },
};

/** Modules that only some folders may import. Tests may start processes: they look at what the engine did. */
const RESTRICTED: readonly {
  readonly modules: RegExp;
  readonly homes: readonly string[];
  readonly tests?: true;
}[] = [
  { modules: /^koffi$/, homes: ["os/ffi/native.ts"] },
  { modules: /^(node:)?child_process$/, homes: ["os/"], tests: true },
  { modules: /^(node:)?sqlite$/, homes: ["state/"] },
  {
    modules: /^((node:)?(http|https|http2)|fastify|@fastify\/.*|undici)$/,
    homes: ["api/", "client/", "registry/", "drivers/remote-registry/", "drivers/plugin-client/"],
    tests: true,
  },
  { modules: /^bun(:(?!test$).*)?$/, homes: [] },
  { modules: /^bun:test$/, homes: [], tests: true },
];

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*)(["'])([^"'\n]+)\1/g;

function isTest(path: string): boolean {
  return /\.(test|suite|fixture|testing)\.ts$/.test(path) || path.endsWith("/suite.ts");
}

/** The text with comments blanked out, so that an example in one is not taken for an import. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, " "));
}

function checkTarget(from: string, to: string): string | undefined {
  const [fromLayer, fromFolder] = from.split("/");
  const [toLayer, toFolder] = to.split("/");
  const source = LAYERS[fromLayer!]!;
  const target = LAYERS[toLayer!];
  if (!target) return `imports ${to}, which is in no layer`;
  if (fromLayer === toLayer) {
    if (!source.siblings || fromFolder === toFolder || toFolder!.endsWith(".ts")) return undefined;
    if (to.endsWith("/mod.ts") || (isTest(from) && isTest(to))) return undefined;
    return `reaches into its sibling ${to}; import ${toLayer}/${toFolder}/mod.ts`;
  }
  if (source.only && !source.only.includes(toLayer!))
    return `imports ${to}; ${fromLayer}/ may import ${source.only.join(", ")} only`;
  if (target.level < source.level) return undefined;
  if (target.level === source.level && to.endsWith("/mod.ts")) return undefined;
  return `imports ${to}, which is not in a lower layer`;
}

function checkModule(from: string, module: string): string | undefined {
  for (const { modules, homes, tests } of RESTRICTED) {
    if (!modules.test(module) || homes.some((home) => from.startsWith(home))) continue;
    if (tests && isTest(from)) continue;
    return `imports ${module}, which ${homes.length > 0 ? `only ${homes.join(", ")} may` : "nothing here may"}`;
  }
  return undefined;
}

/** What breaks the layers in one file of `src/`. `path` is relative to `src/`. */
export function findLayerBreaks(path: string, text: string): string[] {
  const code = withoutComments(text);
  const breaks: string[] = [];
  if (!LAYERS[path.split("/")[0]!])
    breaks.push("is in no layer: add its folder to the table in scripts/check-layers.ts");
  else {
    for (const [, , specifier] of code.matchAll(IMPORT)) {
      const relative = specifier!.startsWith(".");
      const target = relative ? normalize(join(dirname(path), specifier!)) : "";
      // Fixtures outside src/ serve tests; nothing else may leave the tree.
      if (target.startsWith("..")) {
        if (!isTest(path)) breaks.push(`imports ${specifier}, which is outside src/`);
        continue;
      }
      const found = relative ? checkTarget(path, target) : checkModule(path, specifier!);
      if (found) breaks.push(found);
    }
  }
  // Tests run on Bun alone.
  if (!isTest(path) && /(?<![\w.$"'`])Bun\./.test(code))
    breaks.push("uses the Bun global; src/ runs on Node too");
  return breaks;
}

/** Every break of the layers in `src/`. */
export function checkLayers(): Finding[] {
  return projectFiles()
    .filter((path) => path.startsWith("src/") && path.endsWith(".ts"))
    .flatMap((path) =>
      findLayerBreaks(path.slice("src/".length), readFileSync(join(repository, path), "utf8")).map(
        (what) => ({
          where: path,
          what,
        }),
      ),
    );
}
