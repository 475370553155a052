import { mkdirSync, readFileSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeWholeFile } from "../config/write-whole-file.ts";
import type { TlsMaterial } from "../endpoint.ts";
import { type ContextMetadata, contextPaths, readFolder } from "./context-store.ts";

/** Files of an endpoint, `ca.pem` among them, by their names. */
export type TlsFiles = Readonly<Record<string, Uint8Array>>;

/** Files of a context's endpoints, by the endpoints' names. */
export type ContextTls = Readonly<Record<string, TlsFiles>>;

/** The names of all files that are kept beside a context, by endpoint. */
export function listTlsFiles(configDir: string, name: string): Record<string, string[]> {
  const { tls } = contextPaths(configDir, name);
  const isFolder = (path: string) => statSync(path).isDirectory();
  const endpoints = readFolder(tls).filter((endpoint) => isFolder(join(tls, endpoint)));
  return Object.fromEntries(
    endpoints.map((endpoint) => [
      endpoint,
      readFolder(join(tls, endpoint)).filter((file) => !isFolder(join(tls, endpoint, file))),
    ]),
  );
}

/** All files that are kept beside a context. */
export function readTlsFiles(configDir: string, name: string): ContextTls {
  const { tls } = contextPaths(configDir, name);
  return Object.fromEntries(
    Object.entries(listTlsFiles(configDir, name)).map(([endpoint, files]) => [
      endpoint,
      Object.fromEntries(files.map((file) => [file, readFileSync(join(tls, endpoint, file))])),
    ]),
  );
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

/** What a context says of TLS to its engine; undefined where it says nothing. */
export function readContextTls(configDir: string, context: ContextMetadata): TlsMaterial | undefined {
  const files = readTlsFiles(configDir, context.Name)["docker"] ?? {};
  const skip = context.Endpoints.docker?.SkipTLSVerify === true;
  if (Object.keys(files).length === 0 && !skip) return undefined;
  const text = (name: "ca" | "cert" | "key") => {
    const file = files[`${name}.pem`];
    return file === undefined ? {} : { [name]: Buffer.from(file).toString() };
  };
  return { verify: !skip, ...text("ca"), ...text("cert"), ...text("key") };
}
