import type { Digest } from "../../base/digest.ts";
import type { PluginConfig, PluginSettings } from "../../spec/engine-api/mod.ts";
import type { TaskHandle } from "../tasks/task-runtime.ts";

/** A plug-in that the engine runs itself, as it is stored. */
export interface ManagedPluginRecord {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Familiar reference with a tag, unique: `sample/volumes:latest`. */
  readonly name: string;
  /** Where it came from, a full reference; empty for one that was made here. */
  readonly reference: string;
  readonly config: PluginConfig;
  readonly settings: PluginSettings;
  /** Whether it is to run, now and when the engine starts. */
  readonly enabled: boolean;
  /** How long it may take to answer, in seconds; 0 for the engine's own bound. */
  readonly timeoutSeconds: number;
  /** Name of its root file system's directory: each version has one of its own. */
  readonly tree: string;
  /** Blobs it is made of. */
  readonly manifest: Digest;
  readonly blobs: readonly Digest[];
  /** The running process; undefined where there is none. */
  readonly task: TaskHandle | undefined;
}

/** Stored plug-ins. Synchronous and transactional. */
export interface ManagedPluginStore {
  /** Adds or replaces. Errors: alreadyExists where another one has the name. */
  put(plugin: ManagedPluginRecord): void;
  get(id: string): ManagedPluginRecord | undefined;
  /** By name. */
  list(): ManagedPluginRecord[];
  /** Idempotent. */
  remove(id: string): void;
}
