import type { LinuxSpec } from "./linux.ts";
import type { RuntimeProcess } from "./process.ts";

/**
 * The document that an OCI runtime makes a container from (`config.json`).
 * Source: OCI runtime-spec v1.1, config.md.
 */
export interface RuntimeSpec {
  /** Version of the specification that the document follows, such as `1.1.0`. */
  ociVersion: string;
  root?: RuntimeRoot;
  mounts?: RuntimeMount[];
  process?: RuntimeProcess;
  hostname?: string;
  domainname?: string;
  hooks?: RuntimeHooks;
  annotations?: Record<string, string>;
  linux?: LinuxSpec;
}

export interface RuntimeRoot {
  /** Absolute, or relative to the bundle. */
  path: string;
  readonly?: boolean;
}

export interface RuntimeMount {
  /** Absolute path in the container. */
  destination: string;
  source?: string;
  type?: string;
  options?: string[];
  uidMappings?: IdMapping[];
  gidMappings?: IdMapping[];
}

/** `size` ids from `hostID` on appear from `containerID` on. Source: config-linux.md, "User namespace mappings". */
export interface IdMapping {
  containerID: number;
  hostID: number;
  size: number;
}

export interface RuntimeHook {
  path: string;
  args?: string[];
  env?: string[];
  /** Seconds. */
  timeout?: number;
}

/** Source: config.md, "POSIX-platform Hooks". */
export interface RuntimeHooks {
  prestart?: RuntimeHook[];
  createRuntime?: RuntimeHook[];
  createContainer?: RuntimeHook[];
  startContainer?: RuntimeHook[];
  poststart?: RuntimeHook[];
  poststop?: RuntimeHook[];
}
