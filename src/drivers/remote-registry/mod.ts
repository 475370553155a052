export { fetchArchive } from "./fetch-archive.ts";
export { RegistryError } from "./registry-error.ts";
export { RegistryRemotes } from "./registry-remotes.ts";
export type { RegistrySettings } from "./settings.ts";
