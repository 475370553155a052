import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { invalidArgument, isKind, messageOf } from "../../../base/errors.ts";
import type { Filters } from "../../../base/filters.ts";
import type { ManagedPluginRecord } from "../../../core/plugins/managed-plugin.ts";
import type { PluginKind } from "../../../core/plugins/plugin-kind.ts";
import type { RegistryCredentials } from "../../../core/remotes/remote.ts";
import type { ManagedPluginFinder, PluginAddress } from "../../../drivers/plugin-client/mod.ts";
import { unmountBelow } from "../../../os/linux/mount.ts";
import type { Plugin, PluginPrivilege, ProgressMessage } from "../../../spec/engine-api/mod.ts";
import { capabilitiesOf, requireRunnable } from "../../../spec/plugin-config/mod.ts";
import {
  familiarString,
  parseNormalized,
  tagNameOnly,
  trimNamed,
} from "../../../spec/reference/reference.ts";
import { streamProgress } from "../../images/mod.ts";
import { sweepBlobs } from "./blobs.ts";
import {
  checkNameIsFree,
  createPlugin,
  installPlugin,
  newTreeName,
  unfinishedTree,
} from "./create-plugin.ts";
import {
  lacksCapability,
  pluginDisabled,
  pluginEnabled,
  pluginInUse,
  settingActivePlugin,
} from "./errors.ts";
import { fetchConfig, fetchPlugin, parseRemote, type RemotePlugin, referenceOf } from "./fetch-plugin.ts";
import { findPlugin, fullNameOf } from "./find-plugin.ts";
import { describePlugin, isListed } from "./list-plugins.ts";
import { changePlugin, type ManagedPluginParts, publishPluginEvent } from "./managed-plugin-parts.ts";
import { PluginProcesses } from "./plugin-processes.ts";
import { checkPrivileges, privilegesOf } from "./privileges.ts";
import { pushPlugin } from "./push-plugin.ts";
import { changeSettings, initialSettings } from "./settings.ts";

export interface InstallOptions extends RemotePlugin {
  /** Empty for the name that it has in its registry. */
  readonly name: string;
  /** What the user agreed to. */
  readonly privileges: readonly PluginPrivilege[];
}

/** Plug-ins that the engine runs itself, each in a container of its own that `ps` does not show. */
export class ManagedPluginService implements ManagedPluginFinder {
  readonly #parts: ManagedPluginParts;
  readonly #processes: PluginProcesses;
  /** Names of authorization plug-ins that somebody disabled while this engine runs. */
  readonly #dismissed = new Set<string>();

  constructor(parts: ManagedPluginParts) {
    this.#parts = parts;
    this.#processes = new PluginProcesses(parts);
  }

  /**
   * Enabled plug-ins run, those of an earlier engine among them; what no record names is gone. One that does not start
   * is tried again later. Called once, before anything needs a plug-in.
   */
  async restore(): Promise<void> {
    const { store, runtime, paths, logger } = this.#parts;
    const plugins = store.list();
    await runtime.removeOrphans(new Set(plugins.filter(({ task }) => task).map(({ id }) => id)));
    await rm(paths.unfinishedRoot, { recursive: true, force: true });
    await mkdir(paths.pluginsRoot, { recursive: true, mode: 0o700 });
    for (const id of await readdir(paths.pluginsRoot)) if (!store.get(id)) await this.#removeFiles(id);
    await Promise.all(
      plugins.map(async (record) => {
        try {
          await this.#removeOldTrees(record.id);
          if (record.enabled) await this.#processes.resume(record);
          else await this.#stopUnwatched(record);
        } catch (error) {
          logger.error({ plugin: record.name, reason: messageOf(error) }, "a plug-in could not be restored");
        }
      }),
    );
    await sweepBlobs(this.#parts, { all: true });
  }

  /** No plug-in runs; those that are enabled come back with the next engine. */
  async stopAll(): Promise<void> {
    const running = this.#parts.store.list().filter(({ task }) => task);
    await Promise.all(running.map((record) => this.#turn(record.id, (each) => this.#processes.stop(each))));
  }

  /** Plug-ins run on without this engine. */
  close(): void {
    this.#processes.close();
  }

  find(name: string, kind: PluginKind): PluginAddress | undefined {
    let record: ManagedPluginRecord;
    try {
      record = findPlugin(this.#parts.store, name);
    } catch (error) {
      if (isKind(error, "notFound")) return undefined;
      throw error;
    }
    if (!record.enabled) throw pluginDisabled(name);
    if (!isOfKind(record, kind)) throw lacksCapability(kind.toLowerCase());
    return this.#addressOf(record);
  }

  /**
   * Whether the authorization plug-in of that name was disabled while this engine runs: it let that happen, and is not to be
   * missed. One that was not enabled when the engine started is. Source: moby, daemon/pkg/plugin, Disable.
   */
  isDismissed(name: string): boolean {
    return this.#dismissed.has(fullNameOf(name) ?? name);
  }

  list(kind: PluginKind): PluginAddress[] {
    const plugins = this.#parts.store.list().filter((record) => record.enabled && isOfKind(record, kind));
    return plugins.map((record) => this.#addressOf(record));
  }

  /** Errors: invalidArgument. */
  listPlugins(filters: Filters): Plugin[] {
    return this.#parts.store
      .list()
      .filter((record) => isListed(record, filters))
      .map(describePlugin);
  }

  /** Errors: notFound, invalidArgument (several ids begin so). */
  inspect(name: string): Plugin {
    return describePlugin(findPlugin(this.#parts.store, name));
  }

  /** What a plug-in in a registry asks its user for. Errors: those of the registry, invalidArgument. */
  async privileges(plugin: RemotePlugin): Promise<PluginPrivilege[]> {
    using _turn = await this.#parts.locks.acquire("blobs");
    return privilegesOf(await fetchConfig(this.#parts, plugin));
  }

  /** A plug-in is stored, disabled, from a tar of its config and root file system. Errors: invalidArgument, conflict, internal. */
  async create(name: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      await createPlugin(this.#parts, name, archive);
    } catch (error) {
      await sweepBlobs(this.#parts);
      throw error;
    }
  }

  /** The name that a plug-in of a registry gets here. Errors: invalidArgument. */
  nameFor(remote: string, name: string): string {
    const reference = parseNormalized(name === "" ? remote : name);
    if (name !== "" && reference.digest !== undefined)
      throw invalidArgument("cannot use digest in plugin tag");
    if (reference.digest === undefined) return familiarString(tagNameOnly(reference));
    const { tag } = reference;
    const trimmed = trimNamed(reference);
    return familiarString(tag === undefined ? tagNameOnly(trimmed) : { ...trimmed, tag });
  }

  /**
   * A plug-in of a registry is stored, disabled, under a name. Errors: invalidArgument at once; from the stream internal
   * (privileges differ from what it asks for) and those of the registry.
   */
  pull(options: InstallOptions): AsyncIterable<ProgressMessage> {
    const name = this.nameFor(options.remote, options.name);
    parseRemote(options.remote);
    try {
      checkNameIsFree(this.#parts, name);
    } catch (error) {
      throw invalidArgument(messageOf(error), { cause: error });
    }
    return streamProgress(async (report, signal) => {
      await this.#withFetched({ ...options, signal }, report, async (sources) => {
        await installPlugin(this.#parts, name, referenceOf(options.remote), sources);
      });
      publishPluginEvent(this.#parts, "pull", familiarString(parseRemote(options.remote)), name);
    }, options.signal);
  }

  /** The plug-in, disabled, is what the registry has now; its settings begin anew where its config changed. */
  upgrade(options: InstallOptions): AsyncIterable<ProgressMessage> {
    const { id, name, enabled } = findPlugin(this.#parts.store, options.name);
    if (enabled) throw pluginEnabled(name, "plugin must be disabled before upgrading: ");
    parseRemote(options.remote);
    return streamProgress(async (report, signal) => {
      using _turn = await this.#parts.locks.acquire(id);
      const record = findPlugin(this.#parts.store, id);
      if (record.enabled) throw pluginEnabled(name, "plugin must be disabled before upgrading: ");
      await this.#withFetched({ ...options, signal }, report, async (sources) => {
        const { config, manifest, blobs } = sources;
        const tree = newTreeName();
        await rename(sources.tree, this.#parts.paths.rootfs({ id, tree }));
        const sameConfig = JSON.stringify(config) === JSON.stringify(record.config);
        const settings = sameConfig ? record.settings : initialSettings(config);
        const reference = referenceOf(options.remote);
        changePlugin(this.#parts, record, { tree, config, manifest, blobs, reference, settings });
        await this.#removeOldTrees(id);
      });
      publishPluginEvent(this.#parts, "pull", familiarString(parseRemote(options.remote)), name);
    }, options.signal);
  }

  /** A registry has the plug-in. Errors: notFound at once; from the stream those of the registry. */
  push(
    name: string,
    credentials: RegistryCredentials | undefined,
    signal: AbortSignal,
  ): AsyncIterable<ProgressMessage> {
    const record = findPlugin(this.#parts.store, name);
    return streamProgress(
      (report, stop) => pushPlugin(this.#parts, record, credentials, report, stop),
      signal,
    );
  }

  /** The plug-in runs and answers. Errors: notFound, conflict (it does already), invalidArgument (its config), internal. */
  async enable(name: string, timeoutSeconds: number): Promise<void> {
    await this.#turn(name, async (record) => {
      if (record.enabled) throw pluginEnabled(record.name, "plugin already enabled: ");
      requireRunnable(record.config);
      await this.#processes.start(changePlugin(this.#parts, record, { timeoutSeconds }));
      changePlugin(this.#parts, record, { enabled: true });
      this.#dismissed.delete(record.name);
      publishPluginEvent(this.#parts, "enable", record.id, name);
    });
  }

  /** The plug-in does not run. Errors: notFound, conflict (it does not, or is needed and `force` is not set). */
  async disable(name: string, { force }: { readonly force: boolean }): Promise<void> {
    await this.#turn(name, async (record) => {
      if (!force && this.#parts.isUsed(record.name)) throw pluginInUse(record.name);
      if (!record.enabled) throw pluginDisabled(record.name, "plugin is already disabled: ");
      await this.#disable(record);
      publishPluginEvent(this.#parts, "disable", record.id, name);
    });
  }

  /** Errors: notFound, internal (enabled, not settable). */
  async set(name: string, assignments: readonly string[]): Promise<void> {
    await this.#turn(name, async (record) => {
      if (record.enabled) throw settingActivePlugin();
      const settings = changeSettings(record.config, record.settings, assignments);
      changePlugin(this.#parts, record, { settings });
    });
  }

  /** Nothing of the plug-in is left. Errors: notFound, conflict (enabled or needed, and `force` is not set). */
  async remove(name: string, { force }: { readonly force: boolean }): Promise<Plugin> {
    const removed = await this.#turn(name, async (record) => {
      if (!force && this.#parts.isUsed(record.name)) throw pluginInUse(record.name);
      if (!force && record.enabled) throw pluginEnabled(record.name);
      await this.#disable(record);
      // The record goes first: files without one are removed by the next start.
      this.#parts.store.remove(record.id);
      await this.#removeFiles(record.id);
      publishPluginEvent(this.#parts, "remove", record.id, name);
      return describePlugin(record);
    });
    await sweepBlobs(this.#parts);
    return removed;
  }

  async #turn<T>(name: string, work: (record: ManagedPluginRecord) => Promise<T>): Promise<T> {
    const { id } = findPlugin(this.#parts.store, name);
    using _turn = await this.#parts.locks.acquire(id);
    return await work(findPlugin(this.#parts.store, id));
  }

  /** Stored as disabled first: whatever happens then, nobody starts it again. */
  async #disable(record: ManagedPluginRecord): Promise<void> {
    const disabled = changePlugin(this.#parts, record, { enabled: false });
    if (record.enabled && isOfKind(record, "authz")) this.#dismissed.add(record.name);
    await this.#processes.stop(disabled);
  }

  async #stopUnwatched(record: ManagedPluginRecord): Promise<void> {
    if (record.task) await (await this.#parts.runtime.adopt(record.task))?.delete();
    await this.#processes.stop(record);
  }

  async #withFetched(
    options: InstallOptions,
    report: Parameters<typeof fetchPlugin>[3],
    install: (sources: Awaited<ReturnType<typeof fetchPlugin>>) => Promise<void>,
  ): Promise<void> {
    try {
      await using unfinished = await unfinishedTree(this.#parts);
      using _turn = await this.#parts.locks.acquire("blobs");
      const check = (config: Parameters<typeof privilegesOf>[0]) =>
        checkPrivileges(privilegesOf(config), options.privileges);
      await install(await fetchPlugin(this.#parts, options, unfinished.path, report, check));
    } finally {
      await sweepBlobs(this.#parts);
    }
  }

  async #removeFiles(id: string): Promise<void> {
    const directory = join(this.#parts.paths.pluginsRoot, id);
    await unmountBelow(directory, { detach: true });
    await rm(directory, { recursive: true, force: true });
    await rm(this.#parts.paths.socketDir(id), { recursive: true, force: true });
  }

  /** What an upgrade, or a crash in one, has left of other versions is gone. */
  async #removeOldTrees(id: string): Promise<void> {
    const { store, paths } = this.#parts;
    const current = store.get(id)!.tree;
    for (const tree of await readdir(paths.pluginDir(id))) {
      if (!tree.startsWith("rootfs-") || tree === current) continue;
      const directory = paths.rootfs({ id, tree });
      await unmountBelow(directory, { detach: true });
      await rm(directory, { recursive: true, force: true });
    }
  }

  #addressOf(record: ManagedPluginRecord): PluginAddress {
    const { paths } = this.#parts;
    return {
      name: record.name,
      address: `unix://${paths.socketPath(record.id, record.config)}`,
      scope: { hostPath: (path) => paths.hostPath(record, path) },
    };
  }
}

function isOfKind({ config }: ManagedPluginRecord, kind: PluginKind): boolean {
  return capabilitiesOf(config).includes(kind.toLowerCase());
}
