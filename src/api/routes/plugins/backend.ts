import type { Filters } from "../../../base/filters.ts";
import type { RegistryCredentials } from "../../../core/remotes/remote.ts";
import type { Plugin, PluginPrivilege, ProgressMessage } from "../../../spec/engine-api/mod.ts";

/** A plug-in in a registry, as a user names it. */
export interface RemotePluginRequest {
  readonly remote: string;
  readonly credentials: RegistryCredentials | undefined;
  readonly signal: AbortSignal;
}

export interface PluginInstallRequest extends RemotePluginRequest {
  /** Name that it gets, or has, here. */
  readonly name: string;
  /** What its user agreed to. */
  readonly privileges: readonly PluginPrivilege[];
}

/** What the plug-in routes ask of the engine. Errors: notFound, conflict (enabled, disabled, in use), invalidArgument, internal. */
export interface PluginsBackend {
  listPlugins(filters: Filters): Plugin[];
  inspect(name: string): Plugin;
  privileges(plugin: RemotePluginRequest): Promise<PluginPrivilege[]>;
  create(name: string, archive: AsyncIterable<Uint8Array>): Promise<void>;
  /** The name that a plug-in of a registry gets where its user gave `name` or none. */
  nameFor(remote: string, name: string): string;
  pull(request: PluginInstallRequest): AsyncIterable<ProgressMessage>;
  upgrade(request: PluginInstallRequest): AsyncIterable<ProgressMessage>;
  push(
    name: string,
    credentials: RegistryCredentials | undefined,
    signal: AbortSignal,
  ): AsyncIterable<ProgressMessage>;
  enable(name: string, timeoutSeconds: number): Promise<void>;
  disable(name: string, options: { readonly force: boolean }): Promise<void>;
  set(name: string, assignments: readonly string[]): Promise<void>;
  remove(name: string, options: { readonly force: boolean }): Promise<Plugin>;
}
