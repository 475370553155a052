// Apart from what reads contexts, which every command loads: writing needs what takes milliseconds to load.
import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeWholeFile } from "../config/write-whole-file.ts";
import { type ContextMetadata, contextPaths } from "./context-store.ts";
import type { ContextTls, TlsFiles } from "./context-tls.ts";

/** The context is stored as it is given, whether or not it was there. After a crash it is the old or the new one. */
export async function writeContext(configDir: string, context: ContextMetadata): Promise<void> {
  const { meta } = contextPaths(configDir, context.Name);
  mkdirSync(meta, { recursive: true, mode: 0o755 });
  await writeWholeFile(join(meta, "meta.json"), JSON.stringify(context), 0o644);
}

/** Neither the context nor its certificates are there. */
export async function removeContext(configDir: string, name: string): Promise<void> {
  const { meta, tls } = contextPaths(configDir, name);
  await rm(meta, { recursive: true, force: true });
  await rm(tls, { recursive: true, force: true });
}

/** These files, and no others, are kept beside the context; readable by their owner only. */
export async function replaceTlsFiles(configDir: string, name: string, files: ContextTls): Promise<void> {
  await rm(contextPaths(configDir, name).tls, { recursive: true, force: true });
  for (const [endpoint, ofEndpoint] of Object.entries(files))
    await replaceEndpointTlsFiles(configDir, name, endpoint, ofEndpoint);
}

/** The same for one of the context's endpoints. */
export async function replaceEndpointTlsFiles(
  configDir: string,
  name: string,
  endpoint: string,
  files: TlsFiles,
): Promise<void> {
  const folder = join(contextPaths(configDir, name).tls, endpoint);
  await rm(folder, { recursive: true, force: true });
  if (Object.keys(files).length === 0) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [file, content] of Object.entries(files))
    await writeWholeFile(join(folder, file), content, 0o600);
}
