/**
 * What a vendor says a container needs to use its devices. Source: Container Device Interface specification, 1.1.
 */
export interface CdiDocument {
  readonly cdiVersion: string;
  /** `vendor.example/class`. */
  readonly kind: string;
  readonly devices: readonly CdiDevice[];
  /** For every container that gets any of the devices. */
  readonly containerEdits: CdiEdits;
}

export interface CdiDevice {
  readonly name: string;
  readonly containerEdits: CdiEdits;
}

export interface CdiEdits {
  /** `NAME=value`. */
  readonly env?: readonly string[];
  readonly deviceNodes?: readonly CdiDeviceNode[];
  readonly mounts?: readonly CdiMount[];
  readonly hooks?: readonly CdiHook[];
  readonly additionalGids?: readonly number[];
  readonly intelRdt?: unknown;
  readonly netDevices?: readonly unknown[];
}

export interface CdiDeviceNode {
  readonly path: string;
  /** Default: as `path`. */
  readonly hostPath?: string;
  /** Default: what the host's node is. */
  readonly type?: "b" | "c" | "u" | "p";
  readonly major?: number;
  readonly minor?: number;
  readonly fileMode?: number;
  /** Letters of `rwm`; all where left out. */
  readonly permissions?: string;
  readonly uid?: number;
  readonly gid?: number;
}

export interface CdiMount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly options?: readonly string[];
  readonly type?: string;
}

export interface CdiHook {
  readonly hookName: CdiHookName;
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Seconds. */
  readonly timeout?: number;
}

export const CDI_HOOK_NAMES = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;
export type CdiHookName = (typeof CDI_HOOK_NAMES)[number];

export const CDI_VERSIONS: readonly string[] = [
  "0.1.0",
  "0.2.0",
  "0.3.0",
  "0.4.0",
  "0.5.0",
  "0.6.0",
  "0.7.0",
  "0.8.0",
  "1.0.0",
  "1.1.0",
];
