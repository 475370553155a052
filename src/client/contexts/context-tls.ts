import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
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
