import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { internal, messageOf, notFound } from "../../base/errors.ts";

/** An engine as a context describes it. */
export interface ContextEndpoint {
  Host?: string;
  SkipTLSVerify: boolean;
}

/** A context's `meta.json`. Endpoints of other kinds than `docker` are kept as they are. */
export interface ContextMetadata {
  Name: string;
  Metadata: { Description?: string } & Record<string, unknown>;
  Endpoints: { docker?: ContextEndpoint } & Record<string, unknown>;
}

/** Where a context is kept. */
export interface ContextPaths {
  readonly meta: string;
  readonly tls: string;
}

/** The folders of the context of that name, which need not be there. Source: docker's context store. */
export function contextPaths(configDir: string, name: string): ContextPaths {
  // Loaded for who has contexts: it takes milliseconds that every other command can do without.
  const folder = process.getBuiltinModule("node:crypto").createHash("sha256").update(name).digest("hex");
  return { meta: join(configDir, "contexts/meta", folder), tls: join(configDir, "contexts/tls", folder) };
}

/** The context of that name. Errors: notFound; internal for a file that is not JSON. */
export function readContext(configDir: string, name: string): ContextMetadata {
  const path = join(contextPaths(configDir, name).meta, "meta.json");
  try {
    return readMetadata(path);
  } catch (error) {
    const reason = messageOf(error);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      throw internal(`context ${JSON.stringify(name)}: ${reason}`, { cause: error });
    throw notFound(
      `context ${JSON.stringify(name)}: context not found: open ${path}: no such file or directory`,
    );
  }
}

function readMetadata(path: string): ContextMetadata {
  const text = readFileSync(path, "utf8");
  try {
    const { Name, Metadata, Endpoints } = JSON.parse(text) as Partial<ContextMetadata>;
    return { Name: Name ?? "", Metadata: Metadata ?? {}, Endpoints: Endpoints ?? {} };
  } catch (error) {
    throw internal(`parsing ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** All stored contexts, in no order. Errors: internal for a file that is not JSON. */
export function listContexts(configDir: string): ContextMetadata[] {
  const root = join(configDir, "contexts/meta");
  return readFolder(root).flatMap((folder) => {
    try {
      return [readMetadata(join(root, folder, "meta.json"))];
    } catch (error) {
      // A folder without the file is what a removal leaves that was cut short.
      if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
      throw internal(`failed to read metadata: ${messageOf(error)}`, { cause: error });
    }
  });
}

/** Names in a folder, sorted; none where there is no folder. */
export function readFolder(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
