import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { ResolvedMount } from "../../../drivers/runtime-oci/mod.ts";
import type { ExecCreateRequest, HostConfig } from "../../../spec/engine-api/mod.ts";
import type { RuntimeProcess, RuntimeSpec } from "../../../spec/oci-runtime/mod.ts";
import type { JoinedNamespaces } from "./joined-containers.ts";

/** What a container is run with, once everything around it has been prepared. */
export interface PreparedContainer {
  readonly record: ContainerRecord;
  readonly rootfs: string;
  /** Path of the network namespace to enter; undefined for the host's. */
  readonly networkNamespace: string | undefined;
  /** Mounts with host directories in place of volumes; the engine's own files (hosts, …) are added by the builder. */
  readonly mounts: readonly ResolvedMount[];
  readonly hostsFile: string | undefined;
  readonly hostnameFile: string | undefined;
  readonly resolvConfFile: string | undefined;
  readonly joined: JoinedNamespaces;
}

/** Makes OCI documents from containers: everything that depends on the host (cgroups, limits, capabilities) is known inside. */
export interface RuntimeSpecs {
  /** Refuses settings that no container can be run with, and tells of those that this host cuts. Errors: invalidArgument. */
  check(hostConfig: HostConfig): string[];
  /** The AppArmor profile that the container runs under; empty on a host without. */
  apparmorProfile(hostConfig: HostConfig): string;
  /** Errors: invalidArgument, notFound (user), internal (AppArmor's profile cannot be loaded). */
  build(prepared: PreparedContainer): Promise<RuntimeSpec>;
  /** The limits of a container, for an update while it runs. */
  resources(hostConfig: HostConfig): NonNullable<RuntimeSpec["linux"]>["resources"];
  /** The process of an exec, from that of the container it runs in. `rootfs` is the container's own view. */
  buildExec(
    record: ContainerRecord,
    rootfs: string,
    running: RuntimeProcess,
    request: ExecCreateRequest,
  ): Promise<RuntimeProcess>;
}
