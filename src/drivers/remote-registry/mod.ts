export { fetchArchive } from "./fetch-archive.ts";
export { RegistryRemotes } from "./registry-remotes.ts";
