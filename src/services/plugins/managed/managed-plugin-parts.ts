import type { KeyedMutex } from "../../../base/async.ts";
import type { Logger } from "../../../base/logger.ts";
import type { ContentStore } from "../../../core/content/content-store.ts";
import type { EventLog } from "../../../core/events/event-log.ts";
import type { ManagedPluginRecord, ManagedPluginStore } from "../../../core/plugins/managed-plugin.ts";
import type { RemoteFactory } from "../../../core/remotes/remote.ts";
import type { TaskRuntime } from "../../../core/tasks/task-runtime.ts";
import type { LayerWorkers } from "../../../drivers/layers/mod.ts";
import type { HostFacts } from "../../../drivers/runtime-oci/mod.ts";
import type { PluginPaths } from "./plugin-paths.ts";

/** What the verbs of managed plug-ins work with. */
export interface ManagedPluginParts {
  readonly store: ManagedPluginStore;
  /** Of plug-ins alone: what no plug-in needs is removed. */
  readonly content: ContentStore;
  readonly remotes: RemoteFactory;
  readonly workers: LayerWorkers;
  /** Of plug-ins alone: what no plug-in's record names is removed. */
  readonly runtime: TaskRuntime;
  readonly bundlesRoot: string;
  readonly cgroupParent: string;
  readonly facts: HostFacts;
  readonly paths: PluginPaths;
  /** Pipes of log plug-ins on the host. */
  readonly logPipesRoot: string;
  readonly events: EventLog;
  readonly logger: Logger;
  /** One verb at a time for each plug-in; and for `blobs`, whoever stores some or removes what nobody needs. */
  readonly locks: KeyedMutex;
  /** Whether volumes, networks or running containers need a driver of that name. */
  readonly isUsed: (name: string) => boolean;
}

export function publishPluginEvent(
  { events }: ManagedPluginParts,
  action: string,
  id: string,
  name: string,
): void {
  events.publish({ type: "plugin", action, actor: { id, attributes: { name } } });
}

/** The record with changes, stored. */
export function changePlugin(
  { store }: ManagedPluginParts,
  record: ManagedPluginRecord,
  changes: Partial<ManagedPluginRecord>,
): ManagedPluginRecord {
  const changed = { ...(store.get(record.id) ?? record), ...changes };
  store.put(changed);
  return changed;
}
