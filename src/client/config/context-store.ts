import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { notFound } from "../../base/errors.ts";
import type { TlsMaterial } from "../endpoint.ts";

/** A context's `meta.json`. */
export interface ContextMetadata {
  Name: string;
  Metadata?: { Description?: string } & Record<string, unknown>;
  Endpoints: { docker?: { Host?: string; SkipTLSVerify?: boolean } };
}

/** The name of the folders that belong to a context. */
export function contextFolder(name: string): string {
  // Loaded for who has contexts: it takes milliseconds that every other command can do without.
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(name).digest("hex");
}

/** The context of that name. Errors: notFound. */
export function readContext(configDir: string, name: string): ContextMetadata {
  const path = join(configDir, "contexts", "meta", contextFolder(name), "meta.json");
  if (!existsSync(path))
    throw notFound(
      `context ${JSON.stringify(name)}: context not found: open ${path}: no such file or directory`,
    );
  return JSON.parse(readFileSync(path, "utf8")) as ContextMetadata;
}

/** All stored contexts, by name. */
export function listContexts(configDir: string): ContextMetadata[] {
  const root = join(configDir, "contexts", "meta");
  if (!existsSync(root)) return [];
  const contexts = readdirSync(root)
    .map((folder) => join(root, folder, "meta.json"))
    .filter(existsSync)
    .map((path) => JSON.parse(readFileSync(path, "utf8")) as ContextMetadata);
  return contexts.sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

/** The certificates stored with a context; undefined where it has none. */
export function readContextTls(configDir: string, context: ContextMetadata): TlsMaterial | undefined {
  const folder = join(configDir, "contexts", "tls", contextFolder(context.Name), "docker");
  const read = (file: string) =>
    existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8") : undefined;
  const [ca, cert, key] = [read("ca.pem"), read("cert.pem"), read("key.pem")];
  const skip = context.Endpoints.docker?.SkipTLSVerify === true;
  if (ca === undefined && cert === undefined && key === undefined && !skip) return undefined;
  return {
    verify: !skip,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
